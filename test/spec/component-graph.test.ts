/** The part of a graph that is of one component: nothing else is walked, and what has to come first still does. */
import fc from 'fast-check';
import { parseDocument } from '../../spec/document/index.js';
import { graphOfComponent } from '../../spec/component-graph.js';
import { documentGraph, graphCycle } from '../../spec/graph.js';
import type { RolloutGraph } from '../../spec/graph-types.js';

const graph = (deployment: string, depends: Record<string, string[]> = {}): RolloutGraph => {
  const ids = ['web', 'db', 'mail'];
  const { document, errors } = parseDocument(`api_version: maestro/v1\nproject: p\nhosts: { a: {}, b: {}, c: {}, d: {} }\ncomponents:\n${ids.map((id) => `  ${id}: { run: { type: systemd, command: /bin/x }, depends_on: [${(depends[id] ?? []).join(', ')}] }\n`).join('')}deployment:\n${deployment}`);
  if (document === null) throw new Error(JSON.stringify(errors));
  return documentGraph(document);
};
const edges = (of: RolloutGraph): unknown => Object.fromEntries(of.steps.map(({ id, waits_for: waits }) => [id, waits.map(({ from, needs_green: green }) => `${from}${green ? '' : ' (order)'}`)]));

test('what is on other hosts or of other components is not waited for', () => {
  expect(edges(graphOfComponent(graph('  - { hosts: [a, b], components: [db, web], strategy: parallel }\n', { web: ['db'] }), 'web'))).toEqual({ 'a/web': [], 'b/web': [] });
});

test('hosts one after the other stay so, also where the way leads through others', () => {
  expect(edges(graphOfComponent(graph('  - { hosts: [a, b], components: [db, web] }\n', { web: ['db'] }), 'web'))).toEqual({ 'a/web': [], 'b/web': ['a/web'] });
  const through = '  - { host: a, components: [web] }\n  - { host: b, components: [db], depends_on_hosts: [a] }\n  - { host: c, components: [mail, web], depends_on_hosts: [b], strategy: parallel }\n';
  expect(edges(graphOfComponent(graph(through), 'web'))).toEqual({ 'a/web': [], 'c/web': ['a/web'] });
});

test('rules of its groups and bindings come along, and those of others do not', () => {
  const all = graph('  - { hosts: [a, b], components: [db], strategy: canary }\n  - { hosts: [a, b, c], components: [web], strategy: parallel, max_parallel: 2, approval: true }\n  - { host: d, components: [mail], approval: true }\n');
  const part = graphOfComponent(all, 'web');
  expect(part.groups).toEqual([expect.objectContaining({ bindings: [1], max_parallel: 2 })]);
  expect(part.bindings).toEqual([expect.objectContaining({ binding: 1, approval: true })]);
  expect(graphOfComponent(graph('  - { host: a, components: [db, web] }\n'), 'web')).toEqual({ steps: [{ id: 'a/web', host: 'a', component: 'web', binding: 0, waits_for: [] }] });
});

test('of any graph: its own steps, no circle, and who had to wait for whom through needs still does', () => {
  const hosts = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });
  const binding = fc.record({ hosts, components: fc.constantFrom(['web'], ['db'], ['mail'], ['db', 'web'], ['web', 'mail', 'db']), strategy: fc.constantFrom('sequential', 'parallel', 'canary', 'blue_green'), after: fc.constantFrom<string[][]>([], ['a'], ['b']) });
  fc.assert(fc.property(fc.array(binding, { minLength: 1, maxLength: 3 }), fc.constantFrom<Record<string, string[]>[]>({}, { web: ['db'] }, { db: ['web'], mail: ['db'] }), (bindings, depends) => {
    const taken = new Set<string>();
    const text = bindings.map(({ hosts: on, components, strategy, after }) => {
      const free = on.filter((host) => !after.flat().includes(host) && components.every((component) => !taken.has(`${host}/${component}`)));
      for (const host of free) for (const component of components) taken.add(`${host}/${component}`);
      return free.length === 0 ? '' : `  - { hosts: [${free.join(', ')}], components: [${components.join(', ')}], strategy: ${strategy}, depends_on_hosts: [${after.flat().join(', ')}] }\n`;
    }).join('');
    let all: RolloutGraph;
    try { all = graph(text, depends); } catch { return; }
    if (graphCycle(all) !== null) return;
    const part = graphOfComponent(all, 'web');
    expect(part.steps.map(({ id }) => id)).toEqual(all.steps.filter(({ component }) => component === 'web').map(({ id }) => id));
    expect(graphCycle(part)).toBeNull();
    const before = (of: RolloutGraph, id: string): Set<string> => {
      const found = new Set([id]);
      for (const one of found) for (const edge of of.steps.find((step) => step.id === one)?.waits_for ?? []) found.add(edge.from);
      return found;
    };
    for (const { id } of part.steps) expect([...before(part, id)].sort()).toEqual([...before(all, id)].filter((one) => one.endsWith('/web')).sort());
  }), { numRuns: 500 });
});

/** A graph comes through packing as it was, and is small however many hosts depend on each other. */
import { parseDocument } from '../../spec/document/index.js';
import { documentGraph } from '../../spec/graph.js';
import type { RolloutGraph } from '../../spec/graph-types.js';
import { packGraph, unpackGraph } from '../../spec/packed-graph.js';

function graphOf(hosts: number, bindings: (names: string) => string[]): RolloutGraph {
  const names = Array.from({ length: hosts }, (_, index) => `host-${index}`);
  const { document } = parseDocument([
    'api_version: maestro/v1', 'project: p', `hosts: { ${names.map((name) => `${name}: {}`).join(', ')} }`, 'components:',
    '  db: { run: { type: docker, image: x, container_name: db }, on_failure: rollback }', '  web: { run: { type: docker, image: x, container_name: web }, depends_on: [db] }',
    'deployment:', ...bindings(names.join(', ')).map((binding) => `  - { ${binding} }`), '',
  ].join('\n'));
  if (document === null) throw new Error('not a document');
  return documentGraph(document);
}

const sorted = (graph: RolloutGraph): RolloutGraph => ({ ...graph, steps: graph.steps.map((step) => ({ ...step, waits_for: [...step.waits_for].sort((a, b) => (a.from < b.from ? -1 : 1)) })) });

test.each([
  ['side by side', (hosts: string) => [`hosts: [${hosts}], components: [db, web], strategy: parallel, max_parallel: 2`]],
  ['one after the other', (hosts: string) => [`hosts: [${hosts}], components: [db, web]`]],
  ['a canary with an approval', (hosts: string) => [`hosts: [${hosts}], components: [db, web], strategy: canary, approval: true, offline: skip`]],
  ['hosts after hosts', () => ['host: host-0, components: [db]', 'hosts: [host-1, host-2], components: [db, web], depends_on_hosts: [host-0]']],
])('%s', (_name, bindings) => {
  const graph = graphOf(7, bindings);
  const packed = packGraph(graph);
  expect(sorted(unpackGraph(JSON.parse(JSON.stringify(packed)) as typeof packed))).toEqual(sorted(graph));
});

test('a graph that was never packed is taken as it is', () => {
  const graph = graphOf(2, (hosts) => [`hosts: [${hosts}], components: [db]`]);
  expect(unpackGraph(graph)).toBe(graph);
});

test('500 hosts whose web waits for every db: a quarter of a million edges in less than 64 KB', () => {
  const graph = graphOf(500, (hosts) => [`hosts: [${hosts}], components: [db, web], strategy: parallel`]);
  expect(graph.steps.reduce((sum, { waits_for: edges }) => sum + edges.length, 0)).toBe(250_000);
  expect(JSON.stringify(packGraph(graph)).length).toBeLessThan(64 * 1024);
});

/** The order of a rollout: strategies and host groups as edges, on graphs of documents and on any graph at all. */
import fc from 'fast-check';
import { documentHosts, placements, type DeployDocument } from '../../spec/document/index.js';
import { findCycle, topologicalOrder } from '../../spec/document/cycles.js';
import { documentGraph, graphCycle, hostGroups } from '../../spec/graph.js';
import type { RolloutGraph } from '../../spec/graph-types.js';
import { StepOrder } from '../../spec/step-order.js';
import { parsed } from './marked.js';

const document = (deployment: string, dependsOn: Record<string, string> = {}): DeployDocument => parsed(`api_version: maestro/v1
project: p
hosts: { h1: { tags: [eu] }, h2: { tags: [eu, ssd] }, h3: { tags: [eu, ssd] } }
components: { ${['a', 'b', 'c'].map((id) => `${id}: { run: { type: docker, image: x }, depends_on: [${dependsOn[id] ?? ''}] }`).join(', ')} }
deployment: [${deployment}]
`);
const edgesOf = ({ steps }: RolloutGraph): string[] => steps.flatMap(({ id, waits_for: waits }) => waits.map(({ from, reason, needs_green: green }) => `${id} after ${from}: ${reason}${green ? ' green' : ''}`));

describe('edges', () => {
  test('one component at a time in topological order; document order breaks ties', () => {
    expect(edgesOf(documentGraph(document('{ host: h1, components: [c, b, a] }', { c: 'a' })))).toEqual([
      'h1/c after h1/a: depends_on green', 'h1/a after h1/b: sequential',
    ]);
  });
  test('parallel: nothing but dependences', () => {
    expect(edgesOf(documentGraph(document('{ hosts: [h1, h2], components: [a, b, c], strategy: parallel }', { c: 'a' })))).toEqual([
      'h1/c after h1/a: depends_on green', 'h1/c after h2/a: depends_on green', 'h2/c after h1/a: depends_on green', 'h2/c after h2/a: depends_on green',
    ]);
  });
  test('bindings that place the same components with the same strategy are one group, in any order of the list', () => {
    const two = document('{ host: h2, components: [a, b] }, { host: h1, components: [b, a] }, { host: h3, components: [a, b], strategy: parallel }');
    expect(hostGroups(two).map(({ strategy, hosts, bindings }) => ({ strategy, hosts, bindings }))).toEqual([{ strategy: 'sequential', hosts: ['h2', 'h1'], bindings: [0, 1] }, { strategy: 'parallel', hosts: ['h3'], bindings: [2] }]);
    expect(edgesOf(documentGraph(two)).filter((edge) => edge.includes('host_group'))).toEqual([
      'h1/b after h2/a: host_group green', 'h1/b after h2/b: host_group green', 'h1/a after h2/a: host_group green', 'h1/a after h2/b: host_group green',
    ]);
  });
  test('a group of hosts walks them as depends_on_hosts asks, not as they are written', () => {
    const contradicting = document('{ host: h1, components: [a], depends_on_hosts: [h2] }, { host: h2, components: [a] }');
    expect(edgesOf(documentGraph(contradicting))).toEqual(['h1/a after h2/a: depends_on_hosts green']);
  });
  test('order gives way to dependence: b on the first host waits for a on the second, which does not wait for b', () => {
    const graph = documentGraph(document('{ hosts: [h1, h2], components: [a, b] }', { b: 'a' }));
    expect(graphCycle(graph)).toBeNull();
    expect(edgesOf(graph)).toContain('h1/b after h2/a: depends_on green');
    expect(edgesOf(graph)).not.toContain('h2/a after h1/b: host_group green');
    expect(edgesOf(graph)).toContain('h2/b after h1/b: host_group green');
  });
  test('a step waits for another for one reason; a dependence wins over order', () => {
    const graph = documentGraph(document('{ host: h1, components: [a, b] }', { b: 'a' }));
    expect(edgesOf(graph)).toEqual(['h1/b after h1/a: depends_on green']);
  });
  test('two bindings of one host are both rolled out (X-12), and depends_on_hosts waits for both', () => {
    const twice = document('{ host: h1, components: [a] }, { host: h1, components: [b] }, { host: h2, components: [c], depends_on_hosts: [h1] }');
    expect(placements(twice).map(({ host, component }) => `${host}/${component}`)).toEqual(['h1/a', 'h1/b', 'h2/c']);
    expect(edgesOf(documentGraph(twice))).toEqual(['h2/c after h1/a: depends_on_hosts green', 'h2/c after h1/b: depends_on_hosts green']);
  });
  test('depends_on waits across hosts (X-07)', () => {
    expect(edgesOf(documentGraph(document('{ host: h2, components: [b] }, { host: h1, components: [a] }', { b: 'a' })))).toEqual(['h2/b after h1/a: depends_on green']);
  });
  test('tags choose the hosts that have all of them, in document order', () => {
    expect(documentHosts(document('{ tags: [ssd, eu], components: [a] }'))).toEqual(['h2', 'h3']);
    expect(documentHosts(document('{ tags: [eu], components: [a] }'))).toEqual(['h1', 'h2', 'h3']);
    expect(documentHosts(document('{ hosts: [h3, h1, h3], components: [a] }'))).toEqual(['h3', 'h1']);
  });
});

/** Pairs (from, to) over a few nodes, as "from waits for to". */
const pairs = (nodes: number, max: number): fc.Arbitrary<[string, string][]> => fc.array(fc.tuple(fc.nat(nodes - 1).map((id) => `n${id}`), fc.nat(nodes - 1).map((id) => `n${id}`)), { maxLength: max });
const ids = Array.from({ length: 8 }, (_, index) => `n${index}`);
const waitsFor = (edges: readonly [string, string][]) => (id: string): string[] => edges.filter(([from]) => from === id).map(([, to]) => to);
const reaches = (edges: readonly [string, string][], from: string, to: string): boolean => {
  const seen = new Set([from]);
  for (const id of seen) for (const next of waitsFor(edges)(id)) seen.add(next);
  return seen.has(to);
};

describe('any graph', () => {
  test('a cycle that is found is one, and one is found whenever there is one', () => {
    fc.assert(fc.property(pairs(8, 14), (edges) => {
      const cycle = findCycle(ids, waitsFor(edges));
      const exists = edges.some(([from, to]) => reaches(edges, to, from));
      expect(cycle !== null).toBe(exists);
      if (cycle === null) return;
      expect(cycle.at(-1)).toBe(cycle[0]);
      cycle.slice(1).forEach((id, index) => expect(waitsFor(edges)(cycle[index] ?? '')).toContain(id));
    }), { numRuns: 500 });
  });
  test('a topological order has every node once and no node before what it waits for; without edges it is the order given', () => {
    fc.assert(fc.property(pairs(8, 14), (edges) => {
      const order = topologicalOrder(ids, waitsFor(edges));
      expect([...order].sort()).toEqual([...ids].sort());
      if (findCycle(ids, waitsFor(edges)) === null) for (const [from, to] of edges) expect(order.indexOf(to)).toBeLessThan(order.indexOf(from));
    }), { numRuns: 300 });
    expect(topologicalOrder(['b', 'a'], () => [])).toEqual(['b', 'a']);
  });
  test('an edge of order is taken exactly when it closes no circle', () => {
    fc.assert(fc.property(pairs(8, 8), pairs(8, 20), (given, added) => {
      fc.pre(findCycle(ids, waitsFor(given)) === null);
      const order = new StepOrder(ids, waitsFor(given));
      const edges = [...given];
      for (const [from, to] of added) {
        const closes = reaches(edges, to, from);
        expect(order.add(to, from)).toBe(!closes);
        if (!closes) edges.push([from, to]);
      }
      expect(findCycle(ids, waitsFor(edges))).toBeNull();
    }), { numRuns: 1000 });
  });
});

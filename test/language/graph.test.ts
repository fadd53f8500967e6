/** From document to graph, and what the walker does with it: order respects every edge, a failure stops just what depends on it. */
import fc from 'fast-check';
import { parseDocument, type DeployDocument } from '../../spec/document/index.js';
import { documentGraph, graphCycle } from '../../spec/graph.js';
import type { RolloutGraph } from '../../spec/graph-types.js';
import { hasEnded, isGreen, walk, type StepStatus } from '../../spec/walker.js';

function read(text: string): DeployDocument {
  const { document, errors } = parseDocument(text);
  if (document === null) throw new Error(JSON.stringify(errors));
  return document;
}

interface Shape { hosts: number; dependsOn: number[][]; bindings: { host: number; components: number[]; strategy: 'sequential' | 'parallel'; after: number[] }[] }

/** Documents whose components depend on earlier ones only; depends_on_hosts may point anywhere. */
const shapes: fc.Arbitrary<Shape> = fc.integer({ min: 1, max: 5 }).chain((hosts) => fc.integer({ min: 1, max: 5 }).chain((components) => fc.record({
  hosts: fc.constant(hosts),
  dependsOn: fc.tuple(...Array.from({ length: components }, (_, index) => (index === 0 ? fc.constant<number[]>([]) : fc.uniqueArray(fc.integer({ min: 0, max: index - 1 }), { maxLength: 2 })))),
  bindings: fc.tuple(...Array.from({ length: hosts }, (_, host) => fc.record({
    host: fc.constant(host),
    components: fc.constant(Array.from({ length: components }, (_2, index) => index)),
    strategy: fc.constantFrom('sequential' as const, 'parallel' as const),
    after: host === 0 ? fc.constant<number[]>([]) : fc.uniqueArray(fc.integer({ min: 0, max: host - 1 }), { maxLength: 1 }),
  }))),
})));

const textOf = ({ hosts, dependsOn, bindings }: Shape): string => JSON.stringify({
  api_version: 'maestro/v1', project: 'p',
  hosts: Object.fromEntries(Array.from({ length: hosts }, (_, index) => [`h${index}`, {}])),
  components: Object.fromEntries(dependsOn.map((needed, index) => [`c${index}`, { run: { type: 'docker', image: 'x' }, depends_on: needed.map((other) => `c${other}`) }])),
  deployment: bindings.map(({ host, components, strategy, after }) => ({ host: `h${host}`, components: components.map((index) => `c${index}`), strategy, depends_on_hosts: after.map((index) => `h${index}`) })),
});

interface Run { statuses: Map<string, StepStatus>; startedAfter: Map<string, Set<string>>; turns: number }

/** Plays a rollout: everything ready starts, one running step ends per turn, those in `failing` fail. */
function play(graph: RolloutGraph, failing: ReadonlySet<string>, pick: (running: string[]) => string): Run {
  const statuses = new Map<string, StepStatus>(graph.steps.map(({ id }) => [id, { state: 'pending' }]));
  const startedAfter = new Map<string, Set<string>>();
  for (let turns = 0; turns <= graph.steps.length * 2 + 2; turns += 1) {
    const { ready, settled } = walk(graph, statuses);
    for (const id of ready) {
      startedAfter.set(id, new Set([...statuses].filter(([, { state }]) => isGreen(state)).map(([other]) => other)));
      statuses.set(id, { state: 'running' });
    }
    const running = [...statuses].filter(([, { state }]) => state === 'running').map(([id]) => id);
    if (running.length === 0) return settled ? { statuses, startedAfter, turns } : fail('nothing runs, but it is not settled');
    const id = pick(running);
    statuses.set(id, failing.has(id) ? { state: 'failed', reason: 'it broke' } : { state: 'succeeded' });
  }
  return fail('it did not end');
}

const fail = (message: string): never => {
  throw new Error(message);
};

/** Steps that wait, through dependences, for a failing one. */
function dependents(graph: RolloutGraph, failing: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (let grew = true; grew; ) {
    const next = graph.steps.filter(({ id, waits_for: edges }) => !found.has(id) && edges.some((edge) => edge.needs_green && (failing.has(edge.from) || found.has(edge.from))));
    next.forEach(({ id }) => found.add(id));
    grew = next.length > 0;
  }
  return found;
}

const graphs = shapes.map((shape) => documentGraph(read(textOf(shape)))).filter((graph) => graphCycle(graph) === null);
const failures = (graph: RolloutGraph): fc.Arbitrary<Set<string>> => fc.subarray(graph.steps.map(({ id }) => id), { maxLength: Math.min(3, graph.steps.length) }).map((ids) => new Set(ids));
const picks = fc.infiniteStream(fc.nat());
const picking = (stream: Iterator<number>) => (running: string[]): string => running[(stream.next().value as number) % running.length] ?? '';

describe('any acyclic document', () => {
  test('is rolled out to its end, and no step starts before all it depends on is green', () => {
    fc.assert(fc.property(graphs, picks, (graph, stream) => {
      const { statuses, startedAfter } = play(graph, new Set(), picking(stream[Symbol.iterator]()));
      expect([...statuses.values()].every(({ state }) => state === 'succeeded')).toBe(true);
      for (const { id, waits_for: edges } of graph.steps) {
        for (const edge of edges) expect(startedAfter.get(id)?.has(edge.from)).toBe(true);
      }
    }), { numRuns: 150 });
  });

  test('with failures: just what depends on them is blocked, everything else finishes', () => {
    fc.assert(fc.property(graphs.chain((graph) => fc.tuple(fc.constant(graph), failures(graph), picks)), ([graph, failing, stream]) => {
      const { statuses } = play(graph, failing, picking(stream[Symbol.iterator]()));
      const stopped = dependents(graph, failing);
      const result = walk(graph, statuses);
      for (const { id } of graph.steps) {
        const state = statuses.get(id)?.state ?? 'pending';
        if (stopped.has(id)) expect(hasEnded(state)).toBe(false);
        else expect(state).toBe(failing.has(id) ? 'failed' : 'succeeded');
      }
      expect(new Set(result.blocked.map(({ id }) => id))).toEqual(stopped);
      for (const { reason, blocked_by: by } of result.blocked) {
        expect(reason).toMatch(/^waiting for c\d on h\d/);
        expect(by.length).toBeGreaterThan(0);
      }
    }), { numRuns: 150 });
  });

  test('after the failed ones are retried it finishes', () => {
    fc.assert(fc.property(graphs.chain((graph) => fc.tuple(fc.constant(graph), failures(graph), picks)), ([graph, failing, stream]) => {
      const pick = picking(stream[Symbol.iterator]());
      const { statuses } = play(graph, failing, pick);
      for (const id of failing) if (statuses.get(id)?.state === 'failed') statuses.set(id, { state: 'succeeded' });
      for (let turn = 0; turn <= graph.steps.length; turn += 1) for (const id of walk(graph, statuses).ready) statuses.set(id, { state: 'succeeded' });
      expect(walk(graph, statuses).finished).toBe(true);
    }), { numRuns: 80 });
  });
});

const four = (strategies: string[], extra = ''): RolloutGraph => documentGraph(read(`
api_version: maestro/v1
project: p
hosts: { h1: {}, h2: {}, h3: {} }
components:
  db: { run: { type: docker, image: x } }
  api: { run: { type: docker, image: x }, depends_on: [db] }
deployment:
  - { host: h1, components: [db], strategy: ${strategies[0] ?? ''} }
  - { hosts: [h2, h3], components: [api], strategy: ${strategies[1] ?? ''}${extra} }
`));
const edges = (graph: RolloutGraph): string[] => graph.steps.flatMap(({ id, waits_for: waits }) => waits.map(({ from, reason }) => `${id} ${reason} ${from}`)).sort();

describe('edges', () => {
  test('depends_on crosses hosts: each placement waits for every placement of what it needs', () => {
    expect(edges(four(['parallel', 'parallel']))).toEqual(['h2/api depends_on h1/db', 'h3/api depends_on h1/db']);
  });
  test('a sequential group walks its hosts one by one', () => {
    expect(edges(four(['parallel', 'sequential']))).toContain('h3/api host_group h2/api');
  });
  test('depends_on_hosts waits for every placement on those hosts', () => {
    expect(edges(four(['parallel', 'parallel'], ', depends_on_hosts: [h1]'))).toEqual(['h2/api depends_on h1/db', 'h3/api depends_on h1/db']);
  });
  test('order inside a sequential binding is no dependence: a failure there lets the next one go on', () => {
    const graph = documentGraph(read('{api_version: maestro/v1, project: p, hosts: {h: {}}, components: {a: {run: {type: docker, image: x}}, b: {run: {type: docker, image: x}}}, deployment: [{host: h, components: [a, b]}]}'));
    expect(graph.steps[1]?.waits_for).toEqual([{ from: 'h/a', reason: 'sequential', needs_green: false }]);
    expect(walk(graph, new Map([['h/a', { state: 'running' }], ['h/b', { state: 'pending' }]])).ready).toEqual([]);
    expect(walk(graph, new Map([['h/a', { state: 'failed' }], ['h/b', { state: 'pending' }]])).ready).toEqual(['h/b']);
  });
  test('depends_on that contradicts depends_on_hosts is a circle of placements', () => {
    const contradicting = read('{api_version: maestro/v1, project: p, hosts: {h1: {}, h2: {}}, components: {db: {run: {type: docker, image: x}}, api: {run: {type: docker, image: x}, depends_on: [db]}}, deployment: [{host: h1, components: [db], depends_on_hosts: [h2]}, {host: h2, components: [api]}]}');
    expect(graphCycle(documentGraph(contradicting))).toEqual(expect.arrayContaining(['h1/db', 'h2/api']));
  });
  test('a blocked step names the failure that it waits for', () => {
    const result = walk(four(['parallel', 'parallel']), new Map<string, StepStatus>([['h1/db', { state: 'failed', reason: 'healthcheck http 503 (3 of 3)' }]]));
    expect(result.blocked[0]).toEqual({ id: 'h2/api', blocked_by: ['h1/db'], reason: 'waiting for db on h1: healthcheck http 503 (3 of 3)' });
  });
});

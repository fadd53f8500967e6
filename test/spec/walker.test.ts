/** The walker on any graph of dependences and order: what starts, what waits, what is blocked, and that it always comes to an end. */
import fc from 'fast-check';
import type { Edge, RolloutGraph } from '../../spec/graph-types.js';
import { isGreen, walk, type StepStatus } from '../../spec/walker.js';
import type { StepState } from '../../spec/words.js';

const graphOf = (edges: Record<string, [from: string, green: boolean][]>): RolloutGraph => ({
  steps: Object.entries(edges).map(([name, waits]) => ({
    id: `h/${name}`, host: 'h', component: name, binding: 0,
    waits_for: waits.map(([from, green]): Edge => ({ from: `h/${from}`, reason: green ? 'depends_on' : 'sequential', needs_green: green })),
  })),
});
const at = (states: Record<string, StepState | [StepState, string]>): Map<string, StepStatus> =>
  new Map(Object.entries(states).map(([name, state]) => [`h/${name}`, Array.isArray(state) ? { state: state[0], reason: state[1] } : { state }]));
const names = (steps: readonly (string | { id: string })[]): string[] => steps.map((step) => (typeof step === 'string' ? step : step.id).slice(2));

const chain = graphOf({ a: [], b: [['a', true]], c: [['b', true]] });
const row = graphOf({ a: [], b: [['a', false]], c: [['b', false]] });

describe('states', () => {
  test.each([['unchanged'], ['succeeded'], ['skipped']] as const)('%s opens what depends on it', (state) => {
    expect(names(walk(chain, at({ a: state })).ready)).toEqual(['b']);
  });
  test.each([['failed'], ['aborted'], ['rolled_back']] as const)('%s blocks what depends on it, and what depends on that', (state) => {
    const result = walk(chain, at({ a: [state, 'it broke'] }));
    expect(result).toMatchObject({ ready: [], waiting: [], settled: true, finished: false });
    expect(result.blocked).toEqual([
      { id: 'h/b', blocked_by: ['h/a'], reason: expect.stringContaining('it broke') as string }, { id: 'h/c', blocked_by: ['h/b'], reason: expect.stringContaining('b on h') as string },
    ]);
  });
  test.each([['failed'], ['aborted'], ['rolled_back'], ['succeeded']] as const)('%s lets the next in a mere row go on', (state) => {
    expect(names(walk(row, at({ a: state })).ready)).toEqual(['b']);
  });
  test.each([['running'], ['pending'], ['waiting']] as const)('%s holds back what depends on it and what comes after it', (state) => {
    for (const graph of [chain, row]) expect(names(walk(graph, at({ a: state })).ready)).toEqual(state === 'running' ? [] : ['a']);
  });
  test('a step that runs keeps the rollout from settling', () => {
    expect(walk(chain, at({ a: 'running' })).settled).toBe(false);
    expect(walk(chain, at({ a: 'succeeded', b: 'succeeded', c: 'succeeded' }))).toMatchObject({ settled: true, finished: true, ready: [], blocked: [], waiting: [] });
  });
  test('what waits says for what, three of them by name', () => {
    const many = graphOf({ a: [], b: [], c: [], d: [], e: [['a', true], ['b', true], ['c', true], ['d', true]] });
    expect(walk(many, new Map()).waiting).toEqual([{ id: 'h/e', blocked_by: ['h/a', 'h/b', 'h/c', 'h/d'], reason: 'waiting for a on h; b on h; c on h and 1 more' }]);
  });
});

describe('after a failure', () => {
  // b depends on a, c comes after b in a row.
  const mixed = graphOf({ a: [], b: [['a', true]], c: [['b', false]] });
  test('what is blocked does not hold back what only comes after it', () => {
    expect(names(walk(mixed, at({ a: 'failed', b: 'blocked' })).ready)).toEqual(['c']);
  });
  test('what was blocked and is free again goes first again: one at a time in a row', () => {
    const result = walk(mixed, at({ a: 'succeeded', b: 'blocked' }));
    expect(names(result.ready)).toEqual(['b']);
    expect(names(result.waiting)).toEqual(['c']);
  });
  test('a retry of the failed step frees all that it blocked', () => {
    expect(walk(chain, at({ a: 'pending', b: 'blocked', c: 'blocked' }))).toMatchObject({ ready: ['h/a'], blocked: [], settled: false });
  });
});

/** Graphs whose steps wait for earlier ones, each by dependence or by order. */
const graphs: fc.Arbitrary<RolloutGraph> = fc.integer({ min: 1, max: 9 }).chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) =>
  fc.uniqueArray(fc.tuple(fc.nat(Math.max(0, index - 1)).map(String), fc.boolean()), { maxLength: index === 0 ? 0 : 3, selector: ([from]) => from }))))
  .map((waits) => graphOf(Object.fromEntries(waits.map((edges, index) => [`s${index}`, edges.map(([from, green]): [string, boolean] => [`s${from}`, green])]))));
const ends = fc.infiniteStream(fc.constantFrom<StepState>('succeeded', 'succeeded', 'unchanged', 'skipped', 'failed', 'aborted'));
const choices = fc.infiniteStream(fc.nat());

interface Played { statuses: Map<string, StepStatus>; turns: number }

/** Plays a rollout as the workflow does: starts what is ready, ends one at a time, notes what is blocked. */
function play(graph: RolloutGraph, statuses: Map<string, StepStatus>, nextEnd: () => StepState, choose: () => number): Played {
  const state = (id: string): StepState => statuses.get(id)?.state ?? 'pending';
  for (let turns = 0; ; turns += 1) {
    if (turns > graph.steps.length * 2 + 2) throw new Error('it does not end');
    const { ready, blocked, settled } = walk(graph, statuses);
    for (const { id } of blocked) statuses.set(id, { state: 'blocked' });
    for (const id of ready) {
      const step = graph.steps.find((candidate) => candidate.id === id);
      for (const edge of step?.waits_for ?? []) if (edge.needs_green) expect(isGreen(state(edge.from))).toBe(true);
      statuses.set(id, { state: 'running' });
    }
    const running = graph.steps.map(({ id }) => id).filter((id) => state(id) === 'running');
    const next = running[choose() % Math.max(running.length, 1)];
    if (next === undefined) {
      expect(settled).toBe(true);
      return { statuses, turns };
    }
    statuses.set(next, { state: nextEnd(), reason: 'ended' });
  }
}

const infinite = <T>(stream: Iterable<T>): (() => T) => {
  const iterator = stream[Symbol.iterator]();
  return () => iterator.next().value as T;
};

describe('any acyclic graph', () => {
  test('comes to an end: every step is green, failed, or blocked by something that failed', () => {
    fc.assert(fc.property(graphs, ends, choices, (graph, endings, picks) => {
      const { statuses } = play(graph, new Map(), infinite(endings), infinite(picks));
      const result = walk(graph, statuses);
      expect(result).toMatchObject({ ready: [], waiting: [], settled: true });
      const stuck = new Set(result.blocked.map(({ id }) => id));
      for (const { id, waits_for: waits } of graph.steps) {
        const state = statuses.get(id)?.state ?? 'pending';
        const hopeless = waits.some((edge) => edge.needs_green && (stuck.has(edge.from) || ['failed', 'aborted'].includes(statuses.get(edge.from)?.state ?? '')));
        expect({ id, blocked: state === 'blocked' }).toEqual({ id, blocked: hopeless });
        expect(stuck.has(id)).toBe(hopeless);
      }
      for (const { blocked_by: by } of result.blocked) expect(by.length).toBeGreaterThan(0);
    }), { numRuns: 1000 });
  });
  test('finishes once what failed is retried and succeeds', () => {
    fc.assert(fc.property(graphs, ends, choices, (graph, endings, picks) => {
      const pick = infinite(picks);
      const { statuses } = play(graph, new Map(), infinite(endings), pick);
      for (const [id, { state }] of statuses) if (!isGreen(state) && state !== 'blocked') statuses.set(id, { state: 'pending' });
      play(graph, statuses, () => 'succeeded', pick);
      expect(walk(graph, statuses).finished).toBe(true);
    }), { numRuns: 300 });
  });
});

/** Host groups: waves, limits, approvals and switching together; and that no mix of them and of dependences ever stands still. */
import fc from 'fast-check';
import { parseDocument } from '../../spec/document/index.js';
import { documentGraph, graphCycle } from '../../spec/graph.js';
import { waveOf, waveSizes } from '../../spec/graph-rules.js';
import type { GroupRules, RolloutGraph } from '../../spec/graph-types.js';
import { rollbackGraph } from '../../spec/rollback-graph.js';
import { holdsBeforeSwitch, isGreen, isStartable, verifyMs, walk, type StepStatus } from '../../spec/walker.js';
import type { StepState } from '../../spec/words.js';

const hostNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `h${index + 1}`);

function graphOf(hosts: number, components: Record<string, string[]>, bindings: string[]): RolloutGraph {
  const { document, errors } = parseDocument([
    'api_version: maestro/v1', 'project: p', `hosts: { ${hostNames(hosts).map((host) => `${host}: {}`).join(', ')} }`, 'components:',
    ...Object.entries(components).map(([id, needs]) => `  ${id}: { run: { type: docker, image: x, container_name: ${id} }, depends_on: [${needs.join(', ')}] }`),
    'deployment:', ...bindings.map((binding) => `  - { ${binding} }`), '',
  ].join('\n'));
  if (document === null) throw new Error(JSON.stringify(errors));
  return documentGraph(document);
}

const statusesOf = (states: Record<string, StepState | StepStatus>): Map<string, StepStatus> =>
  new Map(Object.entries(states).map(([id, state]) => [id, typeof state === 'string' ? { state } : state]));
const ready = (graph: RolloutGraph, states: Record<string, StepState | StepStatus> = {}): string[] => walk(graph, statusesOf(states)).ready;
const blocked = (graph: RolloutGraph, states: Record<string, StepState | StepStatus>): string[] => walk(graph, statusesOf(states)).blocked.map(({ id }) => id);

describe('sizes of waves', () => {
  test.each([
    [5, 0.2, 0.3, [1, 2, 2]], [10, 0.2, 0.3, [2, 3, 3, 2]], [1, 0.2, 0.3, [1]], [3, 0.01, 0.01, [1, 1, 1]], [4, 1, 0.5, [4]], [100, 0.07, 0.93, [7, 93]], [10, 0.1, 0.7, [1, 7, 2]],
  ])('%d hosts, %d first and then %d', (hosts, initial, step, sizes) => {
    expect(waveSizes(hosts, initial, step)).toEqual(sizes);
  });
  test('they have every host once, and none is empty', () => {
    const fraction = fc.double({ min: 0.0001, max: 1, noNaN: true });
    fc.assert(fc.property(fc.integer({ min: 1, max: 600 }), fraction, fraction, (hosts, initial, step) => {
      const sizes = waveSizes(hosts, initial, step);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(hosts);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
    }));
  });
});

test('a canary that says nothing of itself is the one that says what the schema does', () => {
  const groups = (canary: string) => graphOf(9, { web: [] }, [`hosts: [${hostNames(9).join(', ')}], components: [web], strategy: canary${canary}`]).groups;
  expect(groups('')).toEqual(groups(', canary: {}'));
});

describe('canary', () => {
  const graph = graphOf(5, { web: [] }, ['hosts: [h1, h2, h3, h4, h5], components: [web], strategy: canary, canary: { verify_duration: 30s }']);
  test('the first fraction goes first', () => {
    expect(ready(graph)).toEqual(['h1/web']);
    expect(verifyMs(graph, graph.steps[0] ?? fail())).toBe(30_000);
  });
  test('the next wave waits until the first is green, and was watched', () => {
    expect(ready(graph, { 'h1/web': { state: 'running', at: 'verifying' } })).toEqual([]);
    expect(ready(graph, { 'h1/web': 'succeeded' })).toEqual(['h2/web', 'h3/web']);
    expect(ready(graph, { 'h1/web': 'succeeded', 'h2/web': 'succeeded', 'h3/web': 'running' })).toEqual([]);
    expect(ready(graph, { 'h1/web': 'succeeded', 'h2/web': 'unchanged', 'h3/web': 'skipped' })).toEqual(['h4/web', 'h5/web']);
  });
  test('one failure stops every later wave, and says for whom they wait', () => {
    expect(blocked(graph, { 'h1/web': { state: 'failed', reason: 'http 503' } })).toEqual(['h2/web', 'h3/web', 'h4/web', 'h5/web']);
    expect(walk(graph, statusesOf({ 'h1/web': { state: 'failed', reason: 'http 503' } })).blocked[0]).toMatchObject({ blocked_by: ['h1/web'], reason: expect.stringContaining('http 503') as string });
  });
  test('as many failed hosts as max_failures allows are borne', () => {
    const tolerant = graphOf(5, { web: [] }, ['hosts: [h1, h2, h3, h4, h5], components: [web], strategy: canary, max_failures: 1']);
    expect(ready(tolerant, { 'h1/web': 'failed' })).toEqual(['h2/web', 'h3/web']);
    expect(ready(tolerant, { 'h1/web': 'failed', 'h2/web': 'failed', 'h3/web': 'succeeded' })).toEqual([]);
    expect(blocked(tolerant, { 'h1/web': 'failed', 'h2/web': 'failed', 'h3/web': 'succeeded' })).toEqual(['h4/web', 'h5/web']);
  });
  test('what depends on a component waits for it on the hosts that have had their turn, while it is still watched', () => {
    const chain = graphOf(5, { db: [], web: ['db'] }, ['hosts: [h1, h2, h3, h4, h5], components: [db, web], strategy: canary']);
    expect(ready(chain)).toEqual(['h1/db']);
    expect(ready(chain, { 'h1/db': { state: 'running', at: 'verifying' } })).toEqual(['h1/web']);
    expect(ready(chain, { 'h1/db': 'succeeded', 'h1/web': 'succeeded' })).toEqual(['h2/db', 'h3/db']);
  });
  test('a host that others must come after is in an early wave', () => {
    const after = graphOf(4, { web: [] }, ['host: h1, components: [web], strategy: canary, depends_on_hosts: [h4]', 'hosts: [h2, h3, h4], components: [web], strategy: canary']);
    expect(after.groups?.[0]?.hosts).toEqual(['h2', 'h3', 'h4', 'h1']);
  });
});

describe('max_parallel', () => {
  const graph = graphOf(4, { a: [], b: [] }, ['hosts: [h1, h2, h3, h4], components: [a, b], strategy: parallel, max_parallel: 2']);
  test('as many hosts at a time; all of a host at once', () => {
    expect(ready(graph)).toEqual(['h1/a', 'h1/b', 'h2/a', 'h2/b']);
    expect(ready(graph, { 'h1/a': 'running', 'h1/b': 'succeeded', 'h2/a': 'succeeded', 'h2/b': 'failed' })).toEqual(['h3/a', 'h3/b']);
  });
  test('those without a place say so, and the rollout is not settled', () => {
    const { waiting, settled } = walk(graph, statusesOf({}));
    expect(settled).toBe(false);
    expect(waiting.map(({ id }) => id)).toEqual(['h3/a', 'h3/b', 'h4/a', 'h4/b']);
    expect(waiting[0]?.note).toBe('waiting for a place: h1, h2 first (max_parallel 2)');
  });
  test('a host of which nothing is known takes no place', () => {
    expect(walk(graph, statusesOf({}), { isKnown: ({ host }) => host !== 'h1' }).ready).toEqual(['h2/a', 'h2/b', 'h3/a', 'h3/b', 'h1/a', 'h1/b']);
  });
});

describe('max_failures', () => {
  const graph = graphOf(4, { a: [], b: [] }, ['hosts: [h1, h2, h3, h4], components: [a, b], strategy: parallel, max_failures: 1']);
  test('a host more stops those that were not started, and them only', () => {
    expect(blocked(graph, { 'h1/a': 'failed', 'h2/a': 'failed', 'h1/b': 'succeeded', 'h3/a': 'succeeded' })).toEqual(['h4/a', 'h4/b']);
    expect(ready(graph, { 'h1/a': 'failed', 'h2/a': 'failed', 'h1/b': 'succeeded', 'h3/a': 'succeeded' })).toEqual(['h2/b', 'h3/b']);
  });
  test('two failures on one host are one host', () => {
    expect(blocked(graph, { 'h1/a': 'failed', 'h1/b': 'failed' })).toEqual([]);
  });
  test('a retry of one lets the others go', () => {
    expect(ready(graph, { 'h1/a': 'pending', 'h2/a': 'failed', 'h1/b': 'succeeded', 'h2/b': 'succeeded', 'h3/a': 'succeeded', 'h3/b': 'succeeded', 'h4/a': 'blocked', 'h4/b': 'blocked' })).toEqual(['h1/a', 'h4/a', 'h4/b']);
  });
  test('one host after the other, a failed one does not stop the next until it is one too many', () => {
    const row = graphOf(3, { a: [] }, ['hosts: [h1, h2, h3], components: [a], max_failures: 1']);
    expect(ready(row, { 'h1/a': 'failed' })).toEqual(['h2/a']);
    expect(blocked(row, { 'h1/a': 'failed', 'h2/a': 'failed' })).toEqual(['h3/a']);
  });
});

describe('approval', () => {
  const graph = graphOf(2, { a: [], b: ['a'] }, ['host: h1, components: [a]', 'host: h2, components: [b], approval: true']);
  test('is waited for when nothing else is', () => {
    expect(walk(graph, statusesOf({}))).toMatchObject({ ready: ['h1/a'], awaiting_approval: [] });
    expect(walk(graph, statusesOf({ 'h1/a': 'succeeded' }))).toMatchObject({ ready: [], awaiting_approval: [1], settled: true, finished: false });
    expect(walk(graph, statusesOf({ 'h1/a': 'succeeded' }), { approved: new Set([1]) })).toMatchObject({ ready: ['h2/b'], awaiting_approval: [] });
  });
  test('is not asked for what is as it shall be already', () => {
    expect(walk(graph, statusesOf({ 'h1/a': 'succeeded', 'h2/b': 'unchanged' }))).toMatchObject({ awaiting_approval: [], finished: true });
  });
});

describe('blue-green over a group', () => {
  const graph = graphOf(2, { a: [], b: ['a'] }, ['hosts: [h1, h2], components: [a, b], strategy: blue_green']);
  const held: StepStatus = { state: 'waiting', at: 'held' };
  test('all get the new beside the old first', () => {
    expect(ready(graph)).toEqual(['h1/a', 'h2/a']);
    expect(holdsBeforeSwitch(graph, statusesOf({}), graph.steps[0] ?? fail())).toBe(true);
    expect(ready(graph, { 'h1/a': held, 'h2/a': 'running' })).toEqual([]);
    expect(ready(graph, { 'h1/a': held, 'h2/a': held })).toEqual(['h1/b', 'h2/b']);
  });
  test('and then switch, in the order of their dependences', () => {
    const all = { 'h1/a': held, 'h2/a': held, 'h1/b': held, 'h2/b': held };
    expect(ready(graph, all)).toEqual(['h1/a', 'h2/a']);
    expect(holdsBeforeSwitch(graph, statusesOf(all), graph.steps[0] ?? fail())).toBe(false);
    expect(ready(graph, { ...all, 'h1/a': 'succeeded', 'h2/a': { state: 'running', at: 'switching' } })).toEqual([]);
    expect(ready(graph, { ...all, 'h1/a': 'succeeded', 'h2/a': 'succeeded' })).toEqual(['h1/b', 'h2/b']);
  });
  test('one that fails before keeps all from switching', () => {
    expect(blocked(graph, { 'h1/a': held, 'h2/a': { state: 'failed', reason: 'http 503' }, 'h1/b': 'pending', 'h2/b': 'pending' })).toEqual(['h1/a', 'h1/b', 'h2/b']);
  });
});

/** Groups of any strategy over some hosts, dependences between components, hosts after hosts. */
const strategies = fc.constantFrom('sequential', 'parallel', 'canary', 'blue_green');
interface Shape { hosts: number; needs: number[][]; bindings: { hosts: number[]; components: number[]; strategy: string; limit: number | null; failures: number | null; after: number[] }[] }
const shapes: fc.Arbitrary<Shape> = fc.record({ hosts: fc.integer({ min: 1, max: 6 }), count: fc.integer({ min: 1, max: 4 }) }).chain(({ hosts, count }) => fc.record({
  hosts: fc.constant(hosts),
  needs: fc.tuple(...Array.from({ length: count }, (_, index) => fc.uniqueArray(fc.nat(Math.max(0, index - 1)), { maxLength: index === 0 ? 0 : 2 }))),
  bindings: fc.array(fc.record({
    hosts: fc.uniqueArray(fc.nat(hosts - 1), { minLength: 1 }), components: fc.uniqueArray(fc.nat(count - 1), { minLength: 1 }), strategy: strategies,
    limit: fc.option(fc.integer({ min: 1, max: 3 })), failures: fc.option(fc.nat(2)), after: fc.uniqueArray(fc.nat(hosts - 1), { maxLength: 1 }),
  }), { minLength: 1, maxLength: 4 }),
}));

/** null: not a document that is accepted (placed twice, circles, needed and placed nowhere). */
function graphOfShape({ hosts, needs, bindings }: Shape): RolloutGraph | null {
  const { document } = parseDocument(JSON.stringify({
    api_version: 'maestro/v1', project: 'p', hosts: Object.fromEntries(hostNames(hosts).map((host) => [host, {}])),
    components: Object.fromEntries(needs.map((others, index) => [`c${index}`, { run: { type: 'docker', image: 'x', container_name: `c${index}` }, depends_on: others.map((other) => `c${other}`) }])),
    deployment: bindings.map((binding) => ({
      hosts: binding.hosts.map((host) => `h${host + 1}`), components: binding.components.map((index) => `c${index}`), strategy: binding.strategy, depends_on_hosts: binding.after.map((host) => `h${host + 1}`),
      ...(binding.limit === null ? {} : { max_parallel: binding.limit }), ...(binding.failures === null ? {} : { max_failures: binding.failures }),
    })),
  }));
  if (document === null) return null;
  const graph = documentGraph(document);
  return graphCycle(graph) === null ? graph : null;
}

/** Plays a rollout as the workflow does; `ends` says how each change ends. `look` sees every moment. */
function play(graph: RolloutGraph, ends: () => StepState, choose: () => number, look: (statuses: Map<string, StepStatus>) => void): Map<string, StepStatus> {
  const statuses = new Map<string, StepStatus>(graph.steps.map(({ id }) => [id, { state: 'pending' }]));
  for (let turns = 0; ; turns += 1) {
    if (turns > graph.steps.length * 6 + 10) throw new Error('it does not end');
    const { ready: next, blocked: stuck, waiting } = walk(graph, statuses);
    for (const { id } of stuck) statuses.set(id, { ...statuses.get(id), state: 'blocked' });
    for (const { id } of waiting) statuses.set(id, { ...statuses.get(id), state: 'waiting' });
    for (const id of next) statuses.set(id, { state: 'running', ...(statuses.get(id)?.at === 'held' ? { at: 'switching' as const } : {}) });
    look(statuses);
    const running = graph.steps.filter(({ id }) => statuses.get(id)?.state === 'running');
    const step = running[choose() % Math.max(1, running.length)];
    if (step === undefined) return statuses;
    const status = statuses.get(step.id);
    const end = ends();
    if (status?.at === undefined && isGreen(end) && holdsBeforeSwitch(graph, statuses, step)) statuses.set(step.id, { state: 'waiting', at: 'held' });
    else if (status?.at !== 'verifying' && isGreen(end) && verifyMs(graph, step) > 0) statuses.set(step.id, { state: 'running', at: 'verifying' });
    else statuses.set(step.id, { state: end, reason: 'ended' });
  }
}

const picks = fc.infiniteStream(fc.nat());
const outcomes = fc.infiniteStream(fc.constantFrom<StepState>('succeeded', 'succeeded', 'succeeded', 'failed'));
const taken = <T>(stream: Iterable<T>): (() => T) => {
  const iterator = stream[Symbol.iterator]();
  return () => iterator.next().value as T;
};

describe('any mix of groups', () => {
  test('finishes when nothing fails: gates of groups and dependences never hold each other up', () => {
    fc.assert(fc.property(shapes, picks, (shape, choices) => {
      const graph = graphOfShape(shape);
      fc.pre(graph !== null);
      const statuses = play(graph, () => 'succeeded', taken(choices), () => undefined);
      expect([...statuses].filter(([, { state }]) => !isGreen(state))).toEqual([]);
    }), { numRuns: 700 });
  });

  test('with failures it comes to rest, and everything that is not done says which failure holds it', () => {
    fc.assert(fc.property(shapes, picks, outcomes, (shape, choices, ends) => {
      const graph = graphOfShape(shape);
      fc.pre(graph !== null);
      const statuses = play(graph, taken(ends), taken(choices), () => undefined);
      const result = walk(graph, statuses);
      expect(result).toMatchObject({ ready: [], settled: true });
      expect(result.waiting).toEqual([]);
      for (const [id, { state }] of statuses) expect([id, isGreen(state) || state === 'failed' || state === 'blocked']).toEqual([id, true]);
      for (const { blocked_by: by } of result.blocked) expect(by.length).toBeGreaterThan(0);
    }), { numRuns: 700 });
  });

  test('limits hold at every moment', () => {
    fc.assert(fc.property(shapes, picks, outcomes, (shape, choices, ends) => {
      const graph = graphOfShape(shape);
      fc.pre(graph !== null);
      play(graph, taken(ends), taken(choices), (statuses) => graph.groups?.forEach((group) => expectWithinLimits(graph, group, statuses)));
    }), { numRuns: 400 });
  });
});

function expectWithinLimits(graph: RolloutGraph, group: GroupRules, statuses: ReadonlyMap<string, StepStatus>): void {
  const own = graph.steps.filter(({ binding }) => group.bindings.includes(binding));
  const state = (id: string): StepState => statuses.get(id)?.state ?? 'pending';
  const running = new Set(own.filter(({ id }) => state(id) === 'running').map(({ host }) => host));
  expect(running.size).toBeLessThanOrEqual(group.max_parallel ?? Infinity);
  if (group.strategy === 'canary' && group.exempt === undefined && group.max_failures === 0) {
    const wave = waveOf(group);
    const first = Math.min(...own.filter(({ id }) => !isGreen(state(id))).map(({ host }) => wave.get(host) ?? 0));
    for (const { id, host } of own) if ((wave.get(host) ?? 0) > first) expect([id, isStartable(state(id))]).toEqual([id, true]);
  }
  if (group.strategy === 'blue_green' && group.exempt === undefined) {
    const switching = own.some(({ id }) => statuses.get(id)?.at === 'switching' || state(id) === 'succeeded');
    if (switching) for (const { id } of own) expect([id, isStartable(state(id)) && statuses.get(id)?.at !== 'held']).toEqual([id, false]);
  }
}

describe('taking back', () => {
  const graph = graphOf(2, { db: [], api: ['db'], web: ['api'] }, ['host: h1, components: [db, api]', 'host: h2, components: [web], depends_on_hosts: [h1]']);
  const scope = (changed: string[], keeps: string[] = []) => rollbackGraph(graph, { changed: new Set(changed), keeps: new Set(keeps) });
  test('what depends on something goes before it, also by a way through what was not changed', () => {
    const { graph: back } = scope(['h1/db', 'h2/web']);
    expect(back.steps.map(({ id, waits_for }) => [id, waits_for.map(({ from }) => from)])).toEqual([['h1/db', ['h2/web']], ['h2/web', []]]);
  });
  test('what opted out stays, and is named; so is what the other version does not have', () => {
    expect(scope(['h1/db', 'h2/web', 'h3/new'], ['db'])).toMatchObject({ graph: { steps: [{ id: 'h2/web', waits_for: [] }] }, kept: ['h1/db'], missing: ['h3/new'] });
  });
  test('any rollout can be taken back: it finishes, and dependents are first', () => {
    fc.assert(fc.property(shapes, picks, fc.infiniteStream(fc.boolean()), (shape, choices, coins) => {
      const forward = graphOfShape(shape);
      fc.pre(forward !== null);
      const coin = taken(coins);
      const { graph: back } = rollbackGraph(forward, { changed: new Set(forward.steps.filter(() => coin()).map(({ id }) => id)), keeps: new Set() });
      const statuses = play(back, () => 'succeeded', taken(choices), (now) => {
        for (const { id, waits_for: waits } of forward.steps) {
          if (!isStartable(now.get(id)?.state ?? 'succeeded')) continue;
          for (const { from, needs_green: green } of waits) if (green && now.has(from) && now.has(id)) expect(isStartable(now.get(from)?.state ?? 'pending')).toBe(true);
        }
      });
      expect([...statuses.values()].every(({ state }) => isGreen(state))).toBe(true);
    }), { numRuns: 400 });
  });
});

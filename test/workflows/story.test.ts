/** Whatever the graph and whatever fails: the records tell a legal story, and retrying what failed ends well. */
import fc from 'fast-check';
import type { Edge, RolloutGraph } from '../../spec/graph-types.js';
import { hostNames } from './graphs.js';
import { contradictions } from './legal-story.js';
import { inConflict, stepFailure, toCreate } from './plans.js';
import type { TestRollout } from './test-rollout.js';
import { waitFor } from './wait-for.js';
import { World } from './world.js';

const hosts = hostNames(4);
let world: World;
beforeAll(async () => {
  world = await World.start({ hosts });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

/** How a step goes: well, or badly once, in one of the places where it can. */
type Fate = 'well' | 'unchanged' | 'activate' | 'prepare' | 'prepared' | 'conflict';
interface Case { graph: RolloutGraph; fates: Map<string, Fate>; unreadable: string[] }

const drawnStep = fc.record({
  host: fc.constantFrom(...hosts),
  fate: fc.oneof({ weight: 4, arbitrary: fc.constant<Fate>('well') }, { weight: 4, arbitrary: fc.constantFrom<Fate>('unchanged', 'activate', 'prepare', 'prepared', 'conflict') }),
  // Of the steps before it: whether it waits for each, and whether that one must be green.
  edges: fc.array(fc.constantFrom('none', 'none', 'none', 'order', 'dependence'), { minLength: 11, maxLength: 11 }),
});

const drawn: fc.Arbitrary<Case> = fc.record({ steps: fc.array(drawnStep, { minLength: 1, maxLength: 12 }), unreadable: fc.subarray(hosts, { maxLength: 1 }) }).map(({ steps, unreadable }) => {
  const ids = steps.map(({ host }, index) => `${host}/c${index + 1}`);
  const graph: RolloutGraph = {
    steps: steps.map(({ host, edges }, index) => ({
      id: ids[index] ?? '', host, component: `c${index + 1}`, binding: 0,
      waits_for: ids.slice(0, index).flatMap((from, other): Edge[] => {
        const edge = edges[other];
        if (edge === 'dependence') return [{ from, reason: 'depends_on', needs_green: true }];
        return edge === 'order' ? [{ from, reason: 'sequential', needs_green: false }] : [];
      }),
    })),
  };
  return { graph, fates: new Map(steps.map(({ fate }, index) => [ids[index] ?? '', fate])), unreadable };
});

function played({ graph, fates, unreadable }: Case): TestRollout {
  const where = (...wanted: Fate[]): string[] => [...fates].filter(([, fate]) => wanted.includes(fate)).map(([id]) => id);
  const rollout = world.rollout(graph, {
    unchanged: where('unchanged'),
    plan: (step, component) => (fates.get(step) === 'conflict' ? inConflict(component, 'belongs to somebody else') : toCreate(component, ['prepare', 'prepared'].includes(fates.get(step) ?? ''))),
  });
  for (const step of where('activate')) rollout.hosts.fail(`activate ${step}`, stepFailure(`${step} is sick`));
  for (const step of where('prepare')) rollout.hosts.fail(`prepare ${step}`, stepFailure(`${step} cannot be fetched`, 'fetch_failed'));
  for (const host of unreadable) rollout.hosts.fail(`observe ${host}`, stepFailure(`${host} cannot be read`, 'dependency_missing'));
  return rollout;
}

/** Retries all until nothing fails any more; every step fails at most twice, its host's being unreadable included. */
async function retryUntilDone(rollout: TestRollout): Promise<number> {
  const rounds = (): boolean => rollout.record.state === 'paused' || rollout.record.state === 'succeeded';
  const begun = (): number => rollout.record.story.filter((told) => 'rollout' in told && told.rollout === 'running').length;
  for (let retries = 0; retries <= rollout.record.steps.size * 2 + 2; retries += 1) {
    await waitFor(rounds, () => `an end; ${JSON.stringify(rollout.states)}`);
    if (rollout.record.state === 'succeeded') return retries;
    const before = begun();
    await rollout.retry();
    await waitFor(() => begun() > before, () => 'the retry to begin');
  }
  throw new Error('it never ends');
}

test('random graphs with random failures, all retried: a legal story that ends with succeeded, and each step done exactly once', async () => {
  let [runs, steps, retries] = [0, 0, 0];
  await fc.assert(fc.asyncProperty(drawn, async (drawnCase) => {
    const rollout = played(drawnCase);
    await rollout.start();
    retries += await retryUntilDone(rollout);
    await rollout.ends();
    const { graph, fates } = drawnCase;
    expect(contradictions(graph, rollout.record.story)).toEqual([]);
    expect(rollout.record.dropped).toEqual([]);
    expect(rollout.record.story.at(-1)).toEqual({ rollout: 'succeeded', reason: '' });
    const done = rollout.hosts.names('done', 'activate').sort();
    // What was unchanged is never activated, all else exactly once.
    expect(done).toEqual(graph.steps.filter(({ id }) => fates.get(id) !== 'unchanged').map(({ id }) => `activate ${id}`).sort());
    runs += 1;
    steps += graph.steps.length;
  }), { numRuns: 15, endOnFailure: true });
  console.info(`${runs} random rollouts, ${steps} steps, ${retries} retries`);
}, 300_000);

describe('the judge of stories', () => {
  const graph: RolloutGraph = { steps: [
    { id: 'h1/a', host: 'h1', component: 'a', binding: 0, waits_for: [] },
    { id: 'h1/b', host: 'h1', component: 'b', binding: 0, waits_for: [{ from: 'h1/a', reason: 'depends_on', needs_green: true }] },
  ] };
  const step = (id: string, state: 'pending' | 'running' | 'succeeded' | 'failed' | 'blocked', attempt = 1) => ({ step: id, state, attempt, reason: 'because', blocked_by: ['h1/a'] });
  const running = { rollout: 'running' as const, reason: '' };

  test.each([
    ['a step that succeeded before it ran', [running, step('h1/a', 'pending'), step('h1/a', 'succeeded')], /succeeded after pending/],
    ['a step that runs before what it waits for', [running, step('h1/b', 'running')], /running while h1\/a is pending/],
    ['a pause before its steps are recorded', [running, step('h1/a', 'running'), { rollout: 'paused' as const, reason: '' }], /paused while/],
    ['a success with open steps', [running, step('h1/a', 'running'), step('h1/a', 'succeeded'), { rollout: 'succeeded' as const, reason: '' }], /succeeded while/],
    ['a step that is touched again after its success', [running, step('h1/a', 'running'), step('h1/a', 'succeeded'), step('h1/a', 'running')], /running after succeeded/],
    ['an attempt that is left out', [running, step('h1/a', 'running'), step('h1/a', 'failed'), step('h1/a', 'pending', 3)], /attempt 3/],
    ['news after the end', [running, { rollout: 'aborted' as const, reason: '' }, running], /after the end/],
  ])('%s is a contradiction', (_name, story, what) => {
    expect(contradictions(graph, story).join('\n')).toMatch(what);
  });
});

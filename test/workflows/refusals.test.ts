/** Answers that do not fit are refused before anything is written to the rollout's history. */
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { checkAbort, checkApprove, checkPause, checkRollback, checkResume, checkRetry, checkSkip, type Decision } from '../../workflows/decisions.js';
import { RolloutBoard } from '../../workflows/rollout-board.js';
import { graphOf } from './graphs.js';
import { countEvents } from './histories.js';
import { stepFailure } from './plans.js';
import type { TestRollout } from './test-rollout.js';
import { World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

const graph = graphOf({ 'h1/db': [], 'h1/web': ['h1/db'], 'h2/cron': [] });

const accepted = async (rollout: TestRollout): Promise<number> => countEvents(await rollout.history())['workflowExecutionUpdateAccepted'] ?? 0;

async function expectRefused(rollout: TestRollout, ask: () => Promise<void>, why: RegExp): Promise<void> {
  const before = await accepted(rollout);
  const error = await ask().then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  expect(error).toMatchObject({ cause: { message: expect.stringMatching(why) as string } });
  expect(await accepted(rollout)).toBe(before);
}

describe('a rollout that rests', () => {
  let rollout: TestRollout;
  beforeAll(async () => {
    rollout = world.rollout(graph);
    rollout.hosts.fail('activate h1/db', stepFailure('http 503'));
    await rollout.start();
    await rollout.until('paused');
  }, 60_000);
  afterAll(() => rollout.abort());

  test.each<[string, () => Promise<void>, RegExp]>([
    ['retry of a step that is not there', () => rollout.retry('h9/none'), /no step h9\/none/],
    ['retry of a step that succeeded', () => rollout.retry('h2/cron'), /h2\/cron is succeeded/],
    ['retry of a blocked step', () => rollout.retry('h1/web'), /h1\/web is blocked/],
    ['skip of a step that is not there', () => rollout.skip('h9/none', 'because'), /no step h9\/none/],
    ['skip of a step that succeeded', () => rollout.skip('h2/cron', 'because'), /h2\/cron is succeeded/],
    ['skip without a note', () => rollout.skip('h1/db', ''), /note/],
    ['skip with a blank note', () => rollout.skip('h1/db', ' \n '), /note/],
  ])('%s is refused', async (_name, ask, why) => {
    const { story } = rollout.record;
    const told = story.length;
    await expectRefused(rollout, ask, why);
    expect(story).toHaveLength(told);
    expect(rollout.record.state).toBe('paused');
  });
});

describe('a rollout that runs', () => {
  let rollout: TestRollout;
  beforeAll(async () => {
    rollout = world.rollout(graph);
    const gate = rollout.hosts.hold('activate h1/db');
    await rollout.start();
    await gate.reached;
  }, 60_000);
  afterAll(() => rollout.abort());

  test.each<[string, () => Promise<void>, RegExp]>([
    ['resume', () => rollout.resume(), /is running, not paused/],
    ['retry of all when nothing has failed', () => rollout.retry(), /no step has failed/],
    ['retry of a step that runs', () => rollout.retry('h1/db'), /h1\/db is running/],
    ['skip of a step that runs', () => rollout.skip('h1/db', 'because'), /h1\/db is running/],
    ['skip of a step that only waits', () => rollout.skip('h1/web', 'because'), /h1\/web is waiting/],
  ])('%s is refused', (_name, ask, why) => expectRefused(rollout, ask, why));
});

test('a rollout that has ended takes no answer', async () => {
  const rollout = world.rollout(graph);
  await (await rollout.start()).ends();
  for (const ask of [() => rollout.retry(), () => rollout.resume(), () => rollout.skip('h1/db', 'because'), () => rollout.abort()]) {
    await expect(ask()).rejects.toBeInstanceOf(WorkflowNotFoundError);
  }
  expect(await accepted(rollout)).toBe(0);
});

/** Between the decision to end and the end there is a moment in which answers still arrive. */
describe('while it ends', () => {
  const decision = (state: 'succeeded' | 'aborted' | 'paused', aborting: boolean): Decision =>
    ({ state: () => state, closing: () => (aborting ? 'aborted' : ''), holdsStill: () => false, board: () => new RolloutBoard(graph, [['h1/db', { state: 'failed', attempt: 1 }]]) });
  const checks: [string, (decision: Decision) => void][] = [
    ['retry', (asked) => checkRetry(asked, { actor: 'tess' })], ['retry of one', (asked) => checkRetry(asked, { actor: 'tess', step: 'h1/db' })],
    ['resume', checkResume], ['rollback', checkRollback], ['another version', (asked) => checkRetry(asked, { actor: 'tess', version: 2 })], ['skip', (asked) => checkSkip(asked, { actor: 'tess', step: 'h1/db', note: 'because' })], ['abort', checkAbort],
  ];

  test.each(checks)('%s is refused: it has ended', (_name, check) => {
    expect(() => check(decision('succeeded', false))).toThrow('the rollout has ended (succeeded)');
    expect(() => check(decision('aborted', false))).toThrow('the rollout has ended (aborted)');
  });

  test.each(checks)('%s is refused: it is being aborted', (_name, check) => {
    expect(() => check(decision('paused', true))).toThrow('the rollout is being aborted');
  });

  test.each(checks)('%s would be taken before', (_name, check) => {
    expect(() => check(decision('paused', false))).not.toThrow();
  });
});

describe('answers that fit another state', () => {
  const decision = (told: Partial<Decision> = {}): Decision => ({ state: () => 'running', closing: () => '', holdsStill: () => false, board: () => new RolloutBoard(graph), ...told });

  test('a pause of what is paused', () => {
    expect(() => checkPause(decision())).not.toThrow();
    expect(() => checkPause(decision({ state: () => 'paused' }))).toThrow('paused already');
    expect(() => checkPause(decision({ holdsStill: () => true }))).toThrow('paused already');
  });

  test('an approval that nobody asks for', () => {
    const board = new RolloutBoard({ ...graph, bindings: [{ binding: 0, approval: true }] });
    expect(() => checkApprove(decision({ board: () => board }), { actor: 'tess' })).not.toThrow();
    expect(() => checkApprove(decision({ board: () => board }), { actor: 'tess', binding: 3 })).toThrow('deployment[3] needs no approval');
    board.approve([0]);
    expect(() => checkApprove(decision({ board: () => board }), { actor: 'tess', binding: 0 })).toThrow('nothing in this rollout needs an approval any more');
  });

  test('another version for one step, or while something runs', () => {
    expect(() => checkRetry(decision(), { actor: 'tess', version: 2 })).toThrow('only while it is paused');
    expect(() => checkRetry(decision({ state: () => 'paused' }), { actor: 'tess', version: 2, step: 'h1/db' })).toThrow('not for one step');
  });
});

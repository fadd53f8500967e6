/** Abort stops what runs, starts nothing more, and says of each step how far it came. */
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { graphOf } from './graphs.js';
import { stepFailure } from './plans.js';
import { Signal } from './signal.js';
import type { TestRollout } from './test-rollout.js';
import { World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

test('what runs is cancelled on its host, what waits is never started, what is done stays done', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h1/web': ['h1/db'], 'h2/cron': [] }));
  const gate = rollout.hosts.hold('activate h1/db');
  await rollout.start();
  await Promise.all([gate.reached, rollout.untilStep('h2/cron', 'succeeded')]);
  await rollout.abort();
  expect(await rollout.ends()).toBe('aborted');
  expect(rollout.hosts.names('cancelled')).toEqual(['activate h1/db']);
  expect(rollout.states).toEqual({ 'h1/db': 'aborted', 'h1/web': 'aborted', 'h2/cron': 'succeeded' });
  expect(rollout.step('h1/db').reason).toContain('what served before still serves');
  expect(rollout.step('h1/web').reason).toBe('not started');
  expect(rollout.record).toMatchObject({ state: 'aborted', reason: expect.stringContaining('stopped by a person') as string });
  expect(rollout.hosts.names('begun', 'activate h1/web')).toEqual([]);
});

test('it waits until the host has stopped: aborted is not said while something still runs', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [] }));
  const db = rollout.hosts.linger('activate h1/db', 'stops');
  await rollout.start();
  await db.begun;
  await rollout.abort();
  await db.told;
  expect(await rollout.query()).toBe('running');
  expect(rollout.states).toEqual({ 'h1/db': 'running' });
  db.open();
  expect(await rollout.ends()).toBe('aborted');
  expect(rollout.record.story.map((told) => ('rollout' in told ? `rollout ${told.rollout}` : told.state))).toEqual(['rollout running', 'pending', 'running', 'aborted', 'rollout aborted']);
});

test('a step that is done in spite of it is recorded as done', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h1/web': ['h1/db'] }));
  const db = rollout.hosts.linger('activate h1/db', 'finishes');
  await rollout.start();
  await db.begun;
  await rollout.abort();
  await db.told;
  db.open();
  expect(await rollout.ends()).toBe('aborted');
  expect(rollout.states).toEqual({ 'h1/db': 'succeeded', 'h1/web': 'aborted' });
});

test('fetching ahead is stopped too', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'] }), { prepare: ['h2/web'] });
  const gates = [rollout.hosts.hold('activate h1/db'), rollout.hosts.hold('prepare h2/web')];
  await rollout.start();
  await Promise.all(gates.map(({ reached }) => reached));
  await rollout.abort();
  expect(await rollout.ends()).toBe('aborted');
  expect(rollout.hosts.names('cancelled').sort()).toEqual(['activate h1/db', 'prepare h2/web']);
});

test('while a host is being looked at, nothing is started on it', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': [] }));
  const gate = rollout.hosts.hold('observe h2');
  await rollout.start();
  await Promise.all([gate.reached, rollout.untilStep('h1/db', 'succeeded')]);
  await rollout.abort();
  expect(await rollout.ends()).toBe('aborted');
  expect(rollout.states).toEqual({ 'h1/db': 'succeeded', 'h2/web': 'aborted' });
  expect(rollout.hosts.names('begun', 'activate')).toEqual(['activate h1/db']);
});

test('a rollout that rests is aborted without running again; what failed stays failed', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h1/web': ['h1/db'] }));
  rollout.hosts.fail('activate h1/db', stepFailure('http 503'));
  await rollout.start();
  await rollout.until('paused');
  await rollout.abort();
  expect(await rollout.ends()).toBe('aborted');
  expect(rollout.states).toEqual({ 'h1/db': 'failed', 'h1/web': 'aborted' });
  expect(rollout.record.story.flatMap((told) => ('rollout' in told ? [told.rollout] : []))).toEqual(['running', 'paused', 'aborted']);
});

test('a host that does not answer does not hold up the abort', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'nowhere/web': [] }));
  await rollout.start();
  await rollout.untilStep('h1/db', 'succeeded');
  const started = performance.now();
  await rollout.abort();
  expect(await rollout.ends()).toBe('aborted');
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(rollout.states).toEqual({ 'h1/db': 'succeeded', 'nowhere/web': 'aborted' });
});

test('right after the start, while the database has not answered yet, is taken: no host is changed', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': [] }));
  const database = rollout.record.holdBegin();
  await rollout.start();
  await database.reached;
  const asked = rollout.abort();
  database.open();
  await asked;
  expect(await rollout.ends()).toBe('aborted');
  expect(rollout.hosts.names('begun', 'activate')).toEqual([]);
  expect(rollout.states).toEqual({ 'h1/db': 'aborted', 'h2/web': 'aborted' });
});

test('a second abort is refused, and so is every other answer meanwhile', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': [] }));
  const db = rollout.hosts.linger('activate h1/db', 'stops');
  rollout.hosts.fail('activate h2/web', stepFailure('http 503'));
  await rollout.start();
  await Promise.all([db.begun, rollout.untilStep('h2/web', 'failed')]);
  await rollout.abort();
  await db.told;
  for (const ask of [() => rollout.abort(), () => rollout.retry(), () => rollout.skip('h2/web', 'because')]) {
    const error = await ask().then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
    expect(error).toMatchObject({ cause: { message: 'the rollout is being aborted' } });
  }
  db.open();
  expect(await rollout.ends()).toBe('aborted');
  await expect(rollout.abort()).rejects.toBeInstanceOf(WorkflowNotFoundError);
});

describe('a host that is lost while it changes something that is stopped', () => {
  /** Aborted while its heartbeats do not come any more, so that it does not hear of it. */
  async function abortedUnheard(then: (rollout: TestRollout) => void): Promise<TestRollout> {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h1/web': ['h1/db'] }));
    const [reached, late] = [new Signal(), new Signal()];
    rollout.hosts.on('activate h1/db', async () => {
      reached.give();
      await late.given;
      throw new Error('too late to matter');
    });
    then(rollout);
    await rollout.start();
    await reached.given;
    await rollout.abort();
    expect(await rollout.ends()).toBe('aborted');
    late.give();
    return rollout;
  }

  test('is told to put it back when it answers again, and the step says so', async () => {
    const rollout = await abortedUnheard(() => undefined);
    expect(rollout.hosts.names('done')).toContain('take-back h1/db');
    expect(rollout.step('h1/db')).toMatchObject({ state: 'aborted', reason: 'stopped while it was being changed; what served before still serves', failure: null });
    expect(rollout.states).toEqual({ 'h1/db': 'aborted', 'h1/web': 'aborted' });
  }, 60_000);

  test('or that is between two tries, so that the server alone hears of it: it is told, too', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [] }));
    const tried = new Signal();
    rollout.hosts.on('activate h1/db', () => {
      tried.give();
      throw new Error('the control plane does not answer');
    });
    await rollout.start();
    await tried.given;
    await rollout.abort();
    expect(await rollout.ends()).toBe('aborted');
    expect(rollout.hosts.names('done')).toContain('take-back h1/db');
    expect(rollout.step('h1/db')).toMatchObject({ state: 'aborted', reason: 'stopped while it was being changed; what served before still serves' });
  }, 60_000);

  test('and cannot put it back: the step has failed, and says why', async () => {
    const rollout = await abortedUnheard(({ hosts }) => hosts.fail('take-back h1/db', stepFailure('the old one does not start any more')));
    expect(rollout.step('h1/db')).toMatchObject({ state: 'failed', failure: { message: 'the old one does not start any more' } });
    expect(rollout.states).toMatchObject({ 'h1/web': 'aborted' });
  }, 60_000);
});

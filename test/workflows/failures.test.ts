/** A failure stops exactly what depends on it; the rollout then rests until it is answered. */
import type { TestResult } from '../../spec/test-results.js';
import { documentToGraph, graphOf } from './graphs.js';
import { scheduledActivities } from './histories.js';
import { contradictions } from './legal-story.js';
import { inConflict, stepFailure } from './plans.js';
import type { TestRollout } from './test-rollout.js';
import { waitFor } from './wait-for.js';
import { World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

const sick = stepFailure('healthcheck http 503 (3 of 3)');
/** db ← api ← web on two hosts; cron and log depend on nothing that fails. */
const branches = graphOf({ 'h1/db': [], 'h1/api': ['h1/db'], 'h2/web': ['h1/api'], 'h2/cron': [], 'h2/log': ['h2/cron'] });

/** Paused at a failed db. */
async function pausedAtDb(times = 1): Promise<TestRollout> {
  const rollout = world.rollout(branches);
  rollout.hosts.fail('activate h1/db', sick, times);
  await rollout.start();
  await rollout.until('paused');
  return rollout;
}

describe('tests of a component', () => {
  const result = (name: string, over: Partial<TestResult> = {}): TestResult => ({ name, when: 'post_deploy', state: 'passed', blocking: true, duration_ms: 5, detail: 'exited with code 0', ...over });

  test('are recorded with the step; what failed and does not block is its remark', async () => {
    const soft = result('soft', { state: 'failed', blocking: false, detail: 'http 500' });
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h1/api': ['h1/db'] }), { tests: { 'h1/db': [result('unit', { when: 'pre_deploy' })], 'h1/api': [result('smoke'), soft] } });
    await rollout.start();
    await rollout.until('succeeded');
    expect(rollout.step('h1/db')).toMatchObject({ state: 'succeeded', reason: '', tests: [result('unit', { when: 'pre_deploy' })] });
    expect(rollout.step('h1/api')).toMatchObject({ state: 'succeeded', reason: 'done, but a test failed that does not block: soft (http 500)', tests: [result('smoke'), soft] });
  });

  test('that fail the step are recorded beside the failure, and a retry begins without them', async () => {
    const tests = [result('smoke', { state: 'timed_out', detail: 'not done after 5 s' })];
    const rollout = world.rollout(branches);
    rollout.hosts.fail('activate h1/db', { ...stepFailure('test smoke of db was not done in time', 'test_failed'), tests });
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.step('h1/db')).toMatchObject({ state: 'failed', failure: { code: 'test_failed' }, tests });
    expect(rollout.step('h1/db').failure).not.toHaveProperty('tests');
    await rollout.retry();
    await rollout.until('succeeded');
    expect(rollout.step('h1/db')).toMatchObject({ state: 'succeeded', tests: [] });
  });
});

describe('a failed step', () => {
  test('stops what depends on it, directly and through others; the rest is finished', async () => {
    const rollout = await pausedAtDb();
    expect(rollout.states).toEqual({ 'h1/db': 'failed', 'h1/api': 'blocked', 'h2/web': 'blocked', 'h2/cron': 'succeeded', 'h2/log': 'succeeded' });
    expect(rollout.hosts.names('begun', 'activate').sort()).toEqual(['activate h1/db', 'activate h2/cron', 'activate h2/log']);
    await rollout.abort();
  });

  test('leaves independent branches time to finish before the rollout rests', async () => {
    const rollout = world.rollout(branches);
    rollout.hosts.fail('activate h1/db', sick);
    const cron = rollout.hosts.hold('activate h2/cron');
    await rollout.start();
    await rollout.untilStep('h1/api', 'blocked');
    expect(await rollout.query()).toBe('running');
    cron.open();
    await rollout.until('paused');
    expect(rollout.states).toMatchObject({ 'h2/cron': 'succeeded', 'h2/log': 'succeeded' });
    await rollout.abort();
  });

  test('each blocked step says what it waits for and why, and so does the rollout', async () => {
    const rollout = await pausedAtDb();
    expect(rollout.step('h1/db')).toMatchObject({ reason: sick.message, failure: sick, phases: sick.phases });
    expect(rollout.step('h1/api')).toMatchObject({ blocked_by: ['h1/db'], reason: 'waiting for db on h1: healthcheck http 503 (3 of 3)' });
    expect(rollout.step('h2/web')).toMatchObject({ blocked_by: ['h1/api'], reason: expect.stringContaining('waiting for api on h1') as string });
    expect(rollout.step('h2/web').reason).toContain('503');
    expect(rollout.record.reason).toBe('1 failed, 2 blocked by it: h1: db – healthcheck http 503 (3 of 3)');
    await rollout.abort();
  });

  test('the far end of a chain is named at once, by every link', async () => {
    const rollout = world.rollout(graphOf({ 'h1/a': [], 'h1/b': ['h1/a'], 'h2/c': ['h1/b'], 'h2/d': ['h2/c'] }));
    rollout.hosts.fail('activate h1/a', stepFailure('http 503'));
    await rollout.start();
    await rollout.until('paused');
    expect(['h1/b', 'h2/c', 'h2/d'].map((id) => rollout.step(id).reason)).toEqual([
      'waiting for a on h1: http 503', 'waiting for b on h1: waiting for a on h1: http 503', 'waiting for c on h2: waiting for a on h1: http 503',
    ]);
    await rollout.abort();
  });

  test('a rollout that rests runs nothing: no activity is open and its state says so', async () => {
    const rollout = await pausedAtDb();
    const { raw } = await rollout.handle.describe();
    expect(raw.pendingActivities ?? []).toEqual([]);
    expect(await rollout.query()).toBe('paused');
    await rollout.abort();
  });

  test('a blocked step that is being prepared is waited for: a rollout that rests does not fetch either', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'] }), { prepare: ['h2/web'] });
    rollout.hosts.fail('activate h1/db', sick);
    const fetching = rollout.hosts.hold('prepare h2/web');
    await rollout.start();
    await Promise.all([fetching.reached, rollout.untilStep('h2/web', 'blocked')]);
    expect(await rollout.query()).toBe('running');
    fetching.open();
    await rollout.until('paused');
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('done', 'prepare')).toEqual(['prepare h2/web']);
  });

  test('in a sequential binding the next component still runs unless it depends on it', async () => {
    const rollout = world.rollout(documentToGraph(['h1'], { db: [], api: ['db'], cron: [] }, ['host: h1, components: [db, api, cron], strategy: sequential']));
    rollout.hosts.fail('activate h1/db', sick);
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.states).toEqual({ 'h1/db': 'failed', 'h1/api': 'blocked', 'h1/cron': 'succeeded' });
    await rollout.abort();
  });

  test('in a sequential host group the hosts behind it are blocked', async () => {
    const rollout = world.rollout(documentToGraph(['h1', 'h2'], { web: [] }, ['hosts: [h1, h2], components: [web], strategy: sequential']));
    rollout.hosts.fail('activate h1/web', sick);
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.states).toEqual({ 'h1/web': 'failed', 'h2/web': 'blocked' });
    expect(rollout.hosts.names('begun', 'activate')).toEqual(['activate h1/web']);
    await rollout.abort();
  });

  test('a conflict on the host is a failed step before anything is touched', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h1/api': ['h1/db'] }), {
      plan: (_step, component) => inConflict(component, `container ${component} belongs to somebody else`),
    });
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.step('h1/db')).toMatchObject({ state: 'failed', action: 'conflict', reason: 'container db belongs to somebody else', failure: { code: 'conflict' } });
    expect(rollout.hosts.names('begun', 'activate')).toEqual([]);
    await rollout.abort();
  });

  test('a failed prepare fails the step that needs it, and only when its turn has come', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'], 'h2/cron': [] }), { prepare: ['h2/web'] });
    rollout.hosts.fail('prepare h2/web', stepFailure('registry answered 404', 'fetch_failed'));
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.states).toEqual({ 'h1/db': 'succeeded', 'h2/web': 'failed', 'h2/cron': 'succeeded' });
    expect(rollout.step('h2/web').failure).toMatchObject({ code: 'fetch_failed', message: 'registry answered 404' });
    expect(rollout.hosts.names('begun', 'activate h2/web')).toEqual([]);
    await rollout.retry('h2/web');
    expect(await rollout.ends()).toBe('succeeded');
  });

  test('a host that cannot be read fails its own steps only; a retry looks at it again and keeps its plan', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': [], 'h2/api': ['h2/web'] }));
    rollout.hosts.fail('observe h2', stepFailure('Docker does not answer', 'dependency_missing'));
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.states).toEqual({ 'h1/db': 'succeeded', 'h2/web': 'failed', 'h2/api': 'failed' });
    expect(rollout.step('h2/web')).toMatchObject({ reason: 'Docker does not answer', failure: { code: 'dependency_missing' } });
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('begun', 'observe').filter((call) => call === 'observe h2')).toHaveLength(2);
    expect(rollout.step('h2/web')).toMatchObject({ attempt: 2, action: 'create', plan: { action: 'create' } });
  });
});

describe('a blocked step on a host that could not be read meanwhile', () => {
  async function pausedUnread(): Promise<TestRollout> {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'] }));
    rollout.hosts.fail('activate h1/db', sick);
    const reading = rollout.hosts.hold('observe h2');
    rollout.hosts.fail('observe h2', stepFailure('Docker does not answer', 'dependency_missing'));
    await rollout.start();
    await Promise.all([reading.reached, rollout.untilStep('h2/web', 'blocked')]);
    reading.open();
    await rollout.until('paused');
    return rollout;
  }

  test('keeps the reason that matters', async () => {
    const rollout = await pausedUnread();
    expect(rollout.step('h2/web')).toMatchObject({ state: 'blocked', reason: 'waiting for db on h1: healthcheck http 503 (3 of 3)' });
    await rollout.abort();
  });

  test.each<[string, (rollout: TestRollout) => Promise<void>]>([
    ['retry', (rollout) => rollout.retry('h1/db')], ['skip', (rollout) => rollout.skip('h1/db', 'migrated by hand')],
  ])('is looked at again when a %s lets it go on', async (_name, answer) => {
    const rollout = await pausedUnread();
    await answer(rollout);
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('begun', 'observe h2')).toHaveLength(2);
    expect(contradictions(rollout.record.graph, rollout.record.story)).toEqual([]);
  });
});

describe('retry', () => {
  test('of one step increments its attempt, runs it and what waited for it, and nothing that is done', async () => {
    const rollout = await pausedAtDb();
    await rollout.retry('h1/db');
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('begun', 'activate').sort())
      .toEqual(['activate h1/api', 'activate h1/db', 'activate h1/db', 'activate h2/cron', 'activate h2/log', 'activate h2/web']);
    expect(rollout.hosts.calls.filter(({ call, moment }) => call === 'activate h1/db' && moment === 'begun').map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect([...rollout.record.steps].map(([id, { attempt }]) => [id, attempt])).toEqual([['h1/db', 2], ['h1/api', 1], ['h2/web', 1], ['h2/cron', 1], ['h2/log', 1]]);
    expect(rollout.hosts.names('begun', 'observe')).toHaveLength(2);
  });

  test('of one of two failed steps leaves the other failed, and the rollout rests again', async () => {
    const rollout = world.rollout(graphOf({ 'h1/a': [], 'h2/b': [], 'h1/c': ['h1/a'], 'h2/d': ['h2/b'] }));
    rollout.hosts.fail('activate h1/a', stepFailure('a is sick'));
    rollout.hosts.fail('activate h2/b', stepFailure('b is sick'));
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.record.reason).toMatch(/^2 failed, 2 blocked by it: /);
    await rollout.retry('h1/a');
    await rollout.untilStep('h1/c', 'succeeded');
    await rollout.until('paused');
    expect(rollout.states).toEqual({ 'h1/a': 'succeeded', 'h1/c': 'succeeded', 'h2/b': 'failed', 'h2/d': 'blocked' });
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('begun', 'activate h1/a')).toHaveLength(2);
  });

  test('of all failed steps retries each of them once', async () => {
    const rollout = world.rollout(graphOf({ 'h1/a': [], 'h2/b': [], 'h1/c': ['h1/a', 'h2/b'] }));
    rollout.hosts.fail('activate h1/a', stepFailure('a is sick'));
    rollout.hosts.fail('activate h2/b', stepFailure('b is sick'));
    await rollout.start();
    await rollout.until('paused');
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('begun', 'activate').sort()).toEqual(['activate h1/a', 'activate h1/a', 'activate h1/c', 'activate h2/b', 'activate h2/b']);
  });

  test('that fails again rests again, with the new reason and the next attempt', async () => {
    const rollout = await pausedAtDb(2);
    await rollout.retry();
    await waitFor(() => rollout.record.state === 'paused' && rollout.step('h1/db').attempt === 2, () => 'the second attempt to fail');
    expect(rollout.step('h1/db')).toMatchObject({ state: 'failed', attempt: 2 });
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.step('h1/db').attempt).toBe(3);
  });

  test('while other branches still run is taken at once', async () => {
    const rollout = world.rollout(branches);
    rollout.hosts.fail('activate h1/db', sick);
    const cron = rollout.hosts.hold('activate h2/cron');
    await rollout.start();
    await rollout.untilStep('h1/db', 'failed');
    await rollout.retry('h1/db');
    await rollout.untilStep('h2/web', 'succeeded');
    expect(rollout.states['h2/cron']).toBe('running');
    cron.open();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.record.story.filter((told) => 'rollout' in told && told.rollout === 'paused')).toEqual([]);
  });

  test('the record goes from paused to running to succeeded', async () => {
    const rollout = await pausedAtDb();
    await rollout.retry();
    await rollout.ends();
    expect(rollout.record.story.flatMap((told) => ('rollout' in told ? [told.rollout] : []))).toEqual(['running', 'paused', 'running', 'succeeded']);
    expect(rollout.record.dropped).toEqual([]);
  });
});

test('resume retries what failed', async () => {
  const rollout = await pausedAtDb();
  await rollout.resume();
  expect(await rollout.ends()).toBe('succeeded');
  expect(rollout.step('h1/db').attempt).toBe(2);
});

describe('skip', () => {
  test('of a failed step lets what depends on it go on; the note and who gave it are kept', async () => {
    const rollout = await pausedAtDb();
    await rollout.skip('h1/db', 'migrated by hand');
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.states).toEqual({ 'h1/db': 'skipped', 'h1/api': 'succeeded', 'h2/web': 'succeeded', 'h2/cron': 'succeeded', 'h2/log': 'succeeded' });
    expect(rollout.step('h1/db').reason).toBe('skipped by tess: migrated by hand');
    expect(rollout.hosts.names('begun', 'activate h1/db')).toHaveLength(1);
  });

  test('of a blocked step leaves the failed one as it is; what depends only on the skipped one goes on', async () => {
    const rollout = await pausedAtDb();
    await rollout.skip('h1/api', 'not needed today');
    await rollout.untilStep('h2/web', 'succeeded');
    await rollout.until('paused');
    expect(rollout.states).toMatchObject({ 'h1/db': 'failed', 'h1/api': 'skipped', 'h2/web': 'succeeded' });
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('begun', 'activate h1/api')).toEqual([]);
  });

  test('of a blocked step stops fetching for it', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'] }), { prepare: ['h2/web'] });
    rollout.hosts.fail('activate h1/db', sick);
    const fetching = rollout.hosts.hold('prepare h2/web');
    await rollout.start();
    await Promise.all([fetching.reached, rollout.untilStep('h2/web', 'blocked')]);
    await rollout.skip('h2/web', 'later');
    await rollout.until('paused');
    expect(rollout.hosts.names('cancelled')).toEqual(['prepare h2/web']);
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
  });

  test('when the last failed step is skipped the rollout has succeeded', async () => {
    const rollout = world.rollout(graphOf({ 'h1/a': [] }));
    rollout.hosts.fail('activate h1/a', sick);
    await rollout.start();
    await rollout.until('paused');
    await rollout.skip('h1/a', 'known');
    expect(await rollout.ends()).toBe('succeeded');
  });
});

test('a step that is blocked is never handed to a host', async () => {
  const rollout = await pausedAtDb();
  await rollout.abort();
  await rollout.ends();
  expect(scheduledActivities(await rollout.history()).filter(({ type }) => type === 'activate')).toHaveLength(3);
});

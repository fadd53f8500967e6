/** A rollout that rests with a long history goes on in a new one, as if nothing had happened. */
import { graphOf } from './graphs.js';
import { eventName, scheduledActivities } from './histories.js';
import { stepFailure } from './plans.js';
import type { TestRollout } from './test-rollout.js';
import { waitFor } from './wait-for.js';
import { World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2'], longHistory: 20 });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

const graph = graphOf({ 'h1/db': [], 'h1/api': ['h1/db'], 'h2/web': ['h1/api'], 'h2/cron': [], 'h2/log': ['h2/cron'] });

/** Paused at a failed db, and in its second history. */
async function continued(times = 1): Promise<{ rollout: TestRollout; firstRunId: string }> {
  const rollout = world.rollout(graph);
  rollout.hosts.fail('activate h1/db', stepFailure('http 503'), times);
  await rollout.start();
  const firstRunId = (await rollout.handle.describe()).runId;
  await rollout.until('paused');
  await waitFor(async () => (await rollout.handle.describe()).runId !== firstRunId, () => 'a new run');
  return { rollout, firstRunId };
}

test('the first history ends by continuing, and the new run rests without asking any host or the database', async () => {
  const { rollout, firstRunId } = await continued();
  const { events } = await rollout.history(firstRunId);
  expect(events?.map(eventName).at(-1)).toBe('workflowExecutionContinuedAsNew');
  await waitFor(async () => (await rollout.query()) === 'paused', () => 'the new run to rest');
  expect(scheduledActivities(await rollout.history()).filter(({ type }) => type === 'observe')).toEqual([]);
  expect(rollout.hosts.names('begun', 'observe')).toHaveLength(2);
  expect(rollout.record.begun).toBe(1);
  await rollout.abort();
});

test('what succeeded stays done, attempts are counted on, and what was blocked goes on after a retry', async () => {
  const { rollout } = await continued();
  await rollout.retry('h1/db');
  expect(await rollout.ends()).toBe('succeeded');
  expect(rollout.hosts.calls.filter(({ call, moment }) => call === 'activate h1/db' && moment === 'begun').map(({ attempt }) => attempt)).toEqual([1, 2]);
  for (const once of ['activate h2/cron', 'activate h2/log', 'activate h1/api', 'activate h2/web']) expect(rollout.hosts.names('begun', once)).toHaveLength(1);
  expect(rollout.states).toEqual({ 'h1/db': 'succeeded', 'h1/api': 'succeeded', 'h2/web': 'succeeded', 'h2/cron': 'succeeded', 'h2/log': 'succeeded' });
});

test('the record tells one story across both', async () => {
  const { rollout } = await continued();
  await rollout.retry();
  await rollout.ends();
  expect(rollout.record.story.flatMap((told) => ('rollout' in told ? [told.rollout] : []))).toEqual(['running', 'paused', 'running', 'succeeded']);
  expect(rollout.record.dropped).toEqual([]);
});

test('it can be continued again and again', async () => {
  const { rollout, firstRunId } = await continued(3);
  const runs = new Set<string>([firstRunId]);
  for (const attempt of [2, 3]) {
    await rollout.retry();
    await waitFor(() => rollout.step('h1/db').attempt === attempt && rollout.record.state === 'paused', () => `attempt ${attempt} to fail`);
    const { runId } = await rollout.handle.describe();
    runs.add(runId);
  }
  await rollout.retry();
  expect(await rollout.ends()).toBe('succeeded');
  expect(rollout.step('h1/db').attempt).toBe(4);
  expect(runs.size).toBeGreaterThan(1);
});

test('skip lets what was blocked go on, on hosts the new run has not seen yet', async () => {
  const { rollout } = await continued();
  await rollout.skip('h1/db', 'migrated by hand');
  expect(await rollout.ends()).toBe('succeeded');
  expect(rollout.states).toMatchObject({ 'h1/db': 'skipped', 'h1/api': 'succeeded', 'h2/web': 'succeeded' });
});

test('abort is taken, and asks no host', async () => {
  const { rollout } = await continued();
  await rollout.abort();
  expect(await rollout.ends()).toBe('aborted');
  expect(rollout.states).toEqual({ 'h1/db': 'failed', 'h1/api': 'aborted', 'h2/web': 'aborted', 'h2/cron': 'succeeded', 'h2/log': 'succeeded' });
  expect(rollout.hosts.names('begun', 'observe')).toHaveLength(2);
});

test('the validators still know what has failed', async () => {
  const { rollout } = await continued();
  await waitFor(async () => (await rollout.query()) === 'paused', () => 'the new run to rest');
  await expect(rollout.retry('h2/cron')).rejects.toMatchObject({ cause: { message: expect.stringContaining('h2/cron is succeeded') as string } });
  await rollout.abort();
});

test('the workflow keeps the name of its rollout, by which it is found', async () => {
  const { rollout } = await continued();
  expect((await rollout.handle.describe()).memo).toEqual({ rollout_id: rollout.record.rolloutId });
  await rollout.abort();
});

test('one that goes on and on does so in histories of bounded length, and does everything once', async () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index): [string, string[]] => [`h${(index % 2) + 1}/c${index}`, index < 4 ? [] : [`h${(index % 2) + 1}/c${index - 4}`]]));
  const rollout = world.rollout(graphOf(many));
  await rollout.start();
  const runs = new Set<string>();
  const seen = setInterval(() => void rollout.handle.describe().then(({ runId }) => runs.add(runId)).catch(() => undefined), 50);
  expect(await rollout.ends()).toBe('succeeded');
  clearInterval(seen);
  expect(runs.size).toBeGreaterThan(1);
  for (const run of runs) expect((await rollout.history(run)).events?.length).toBeLessThan(120);
  for (const step of Object.keys(many)) expect([step, rollout.hosts.names('begun', `activate ${step}`).filter((name) => name === `activate ${step}`).length]).toEqual([step, 1]);
  expect(rollout.hosts.names('begun', 'observe')).toHaveLength(2);
  expect(rollout.record.dropped).toEqual([]);
}, 60_000);

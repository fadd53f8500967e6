/**
 * Writes the histories that replay.test.ts replays, from real runs of the workflows as they are now. By hand, when the
 * order of commands was changed on purpose and no rollout of the old kind can be open any more:
 *
 *   npm run -s jest -- --testMatch '<rootDir>/test/workflows/record-histories.ts'
 */
import { writeFile } from 'node:fs/promises';
import { historyText } from './recorded-history.js';
import { flatGraph, graphOf } from './graphs.js';
import { stepFailure } from './plans.js';
import type { TestRollout } from './test-rollout.js';
import { World } from './world.js';

const branches = graphOf({ 'h1/db': [], 'h1/api': ['h1/db'], 'h2/web': ['h1/api'], 'h2/cron': [] });

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

const keep = async (name: string, rollout: TestRollout): Promise<void> => {
  const text = historyText(await rollout.history());
  await writeFile(new URL(`histories/${name}.json`, import.meta.url), text);
};

test('no-op', async () => {
  const graph = flatGraph(['h1', 'h2'], 2);
  const rollout = world.rollout(graph, { unchanged: graph.steps.map(({ id }) => id) });
  expect(await (await rollout.start()).ends()).toBe('succeeded');
  await keep('no-op', rollout);
}, 60_000);

test('failure and retry, with fetching ahead', async () => {
  const rollout = world.rollout(branches, { prepare: ['h1/db', 'h2/web'] });
  rollout.hosts.fail('activate h1/db', stepFailure('http 503'));
  await rollout.start();
  await rollout.until('paused');
  await rollout.retry('h1/db');
  expect(await rollout.ends()).toBe('succeeded');
  await keep('failure-and-retry', rollout);
}, 60_000);

test('skip', async () => {
  const rollout = world.rollout(branches);
  rollout.hosts.fail('activate h1/db', stepFailure('http 503'));
  await rollout.start();
  await rollout.until('paused');
  await rollout.skip('h1/db', 'migrated by hand');
  expect(await rollout.ends()).toBe('succeeded');
  await keep('skip', rollout);
}, 60_000);

test('abort of what runs', async () => {
  const rollout = world.rollout(branches, { prepare: ['h2/web'] });
  const db = rollout.hosts.hold('activate h1/db');
  await rollout.start();
  await Promise.all([db.reached, rollout.untilStep('h2/cron', 'succeeded')]);
  await rollout.abort();
  expect(await rollout.ends()).toBe('aborted');
  await keep('abort', rollout);
}, 60_000);

test('a silent host that comes back', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'late/web': ['h1/db'] }));
  await rollout.start();
  await rollout.untilStep('late/web', 'waiting');
  const late = await world.startHost('late');
  expect(await rollout.ends()).toBe('succeeded');
  await keep('silent-host', rollout);
  await late.stop();
}, 60_000);

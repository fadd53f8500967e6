/**
 * Writes the histories that replay.test.ts replays, from real runs of the workflows as they are now. By hand, when the
 * order of commands was changed on purpose and no rollout of the old kind can be open any more:
 *
 *   npm run -s jest -- --testMatch '<rootDir>/test/workflows/record-histories.ts'
 */
import { writeFile } from 'node:fs/promises';
import { historyText } from './recorded-history.js';
import { documentToGraph, flatGraph, graphOf } from './graphs.js';
import { stepFailure } from './plans.js';
import type { TestRollout } from './test-rollout.js';
import { World } from './world.js';

const branches = graphOf({ 'h1/db': [], 'h1/api': ['h1/db'], 'h2/web': ['h1/api'], 'h2/cron': [] });

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2', 'h3'] });
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

const three = (rules: string) => documentToGraph(['h1', 'h2', 'h3'], { web: [] }, [`hosts: [h1, h2, h3], components: [web], ${rules}`]);

test('canary, whose second wave turns red while it is watched', async () => {
  const rollout = world.rollout(three('strategy: canary, canary: { initial_fraction: 30%, step_fraction: 30%, verify_duration: 1s }'));
  rollout.hosts.fail('verify h2/web', stepFailure('http 503'));
  await rollout.start();
  await rollout.until('paused');
  await rollout.retry();
  expect(await rollout.ends()).toBe('succeeded');
  await keep('canary', rollout);
}, 60_000);

test('blue-green over a group, retried, then switched', async () => {
  const rollout = world.rollout(three('strategy: blue_green'));
  rollout.hosts.fail('hold h2/web', stepFailure('http 503'));
  await rollout.start();
  await rollout.until('paused');
  await rollout.retry();
  expect(await rollout.ends()).toBe('succeeded');
  await keep('blue-green', rollout);
}, 60_000);

test('approval, and a pause before it', async () => {
  const rollout = world.rollout(documentToGraph(['h1', 'h2'], { a: [], b: ['a'] }, ['host: h1, components: [a]', 'host: h2, components: [b], approval: true']));
  const first = rollout.hosts.hold('activate h1/a');
  await rollout.start();
  await first.reached;
  await rollout.pause();
  first.open();
  await rollout.until('paused');
  await rollout.resume();
  await rollout.until('awaiting_approval');
  await rollout.approve();
  expect(await rollout.ends()).toBe('succeeded');
  await keep('approval', rollout);
}, 60_000);

test('max_parallel with max_failures, aborted', async () => {
  const rollout = world.rollout(three('strategy: parallel, max_parallel: 1, max_failures: 0'));
  for (const host of ['h1', 'h2', 'h3']) rollout.hosts.fail(`activate ${host}/web`, stepFailure('http 503'));
  await rollout.start();
  await rollout.until('paused');
  await rollout.abort();
  expect(await rollout.ends()).toBe('aborted');
  await keep('limits', rollout);
}, 60_000);

test('a rollout that is taken back, and the one that takes it back', async () => {
  const rollout = world.rollout(documentToGraph(['h1', 'h2'], { db: [], web: ['db'] }, ['host: h1, components: [db]', 'host: h2, components: [web], on_failure: rollback']));
  rollout.record.previous = rollout.record.graph;
  rollout.hosts.fail('activate h2/web', stepFailure('http 503'));
  await rollout.start();
  const { runId } = await rollout.handle.describe();
  expect(await rollout.ends()).toBe('succeeded');
  await writeFile(new URL('histories/taken-back.json', import.meta.url), historyText(await rollout.history(runId)));
  await keep('takes-back', rollout);
}, 60_000);

test('another version for what is not done', async () => {
  const rollout = world.rollout(branches);
  rollout.hosts.fail('activate h1/api', stepFailure('no such image'));
  rollout.record.versions.set(2, branches);
  await rollout.start();
  await rollout.until('paused');
  await rollout.retryWith(2);
  expect(await rollout.ends()).toBe('succeeded');
  await keep('another-version', rollout);
}, 60_000);

test('a host that is given up on', async () => {
  const rollout = world.rollout(documentToGraph(['h1', 'nowhere'], { web: [] }, ['host: h1, components: [web]', 'host: nowhere, components: [web], offline_deadline: 6s']));
  await rollout.start();
  await rollout.until('paused', 30_000);
  await rollout.skip('nowhere/web', 'gone for good');
  expect(await rollout.ends()).toBe('succeeded');
  await keep('host-given-up', rollout);
}, 60_000);

/** Who waits for whom: seen from the hosts, by the order in which they are called. */
import type { CallName } from './fake-hosts.js';
import { documentToGraph, graphOf } from './graphs.js';
import { World } from './world.js';
import type { TestRollout } from './test-rollout.js';
import { waitFor } from './wait-for.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2', 'h3'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

/** Every activate of `after` begins when every activate of `before` is done. */
function expectOrder({ hosts }: TestRollout, before: readonly string[], after: readonly string[]): void {
  const at = (step: string, moment: string): number => hosts.calls.findIndex((call) => call.call === `activate ${step}` && call.moment === moment);
  const ends = before.map((step) => at(step, 'done'));
  const begins = after.map((step) => at(step, 'begun'));
  for (const index of [...ends, ...begins]) expect(index).toBeGreaterThanOrEqual(0);
  expect(Math.max(...ends)).toBeLessThan(Math.min(...begins));
}

/** Holds them all until all of them have begun: passes only when they really run at the same time. */
async function expectTogether(rollout: TestRollout, calls: readonly CallName[]): Promise<void> {
  const gates = calls.map((call) => rollout.hosts.hold(call));
  await rollout.start();
  await Promise.all(gates.map(({ reached }) => reached));
  for (const gate of gates) gate.open();
  expect(await rollout.ends()).toBe('succeeded');
}

test('depends_on holds inside a host', async () => {
  const rollout = world.rollout(documentToGraph(['h1'], { web: ['db'], db: [] }, ['host: h1, components: [web, db], strategy: parallel']));
  await (await rollout.start()).ends();
  expectOrder(rollout, ['h1/db'], ['h1/web']);
});

test('depends_on holds across hosts: every placement of the one waits for every placement of the other', async () => {
  const rollout = world.rollout(documentToGraph(['h1', 'h2', 'h3'], { web: ['db'], db: [] }, [
    'hosts: [h1, h2], components: [db], strategy: parallel', 'hosts: [h2, h3], components: [web], strategy: parallel',
  ]));
  await (await rollout.start()).ends();
  expectOrder(rollout, ['h1/db', 'h2/db'], ['h2/web', 'h3/web']);
});

test('depends_on_hosts: a binding waits for everything on those hosts', async () => {
  const rollout = world.rollout(documentToGraph(['h1', 'h2'], { db: [], cache: [], web: [] }, [
    'host: h2, components: [web], depends_on_hosts: [h1]', 'host: h1, components: [db, cache], strategy: parallel',
  ]));
  await (await rollout.start()).ends();
  expectOrder(rollout, ['h1/db', 'h1/cache'], ['h2/web']);
});

test('a sequential binding walks its components one at a time, what depends on another later', async () => {
  const rollout = world.rollout(documentToGraph(['h1'], { web: ['db'], db: [], cron: [] }, ['host: h1, components: [web, db, cron], strategy: sequential']));
  await (await rollout.start()).ends();
  const activates = rollout.hosts.calls.filter(({ call }) => call.startsWith('activate')).map(({ moment }) => moment);
  expect(activates).toEqual(['begun', 'done', 'begun', 'done', 'begun', 'done']);
  expectOrder(rollout, ['h1/db'], ['h1/web']);
});

test('a parallel binding runs every component whose dependencies are met at the same time', async () => {
  const rollout = world.rollout(documentToGraph(['h1'], { web: [], db: [], cron: [] }, ['host: h1, components: [web, db, cron], strategy: parallel']));
  await expectTogether(rollout, ['activate h1/web', 'activate h1/db', 'activate h1/cron']);
}, 60_000);

test('a sequential host group goes host by host, each when the one before is green', async () => {
  const rollout = world.rollout(documentToGraph(['h1', 'h2', 'h3'], { web: [], db: [] }, ['hosts: [h2, h1, h3], components: [web, db], strategy: sequential']));
  await (await rollout.start()).ends();
  expectOrder(rollout, ['h2/web', 'h2/db'], ['h1/web', 'h1/db']);
  expectOrder(rollout, ['h1/web', 'h1/db'], ['h3/web', 'h3/db']);
});

test('a parallel host group goes together', async () => {
  const rollout = world.rollout(documentToGraph(['h1', 'h2', 'h3'], { web: [] }, ['hosts: [h1, h2, h3], components: [web], strategy: parallel']));
  await expectTogether(rollout, ['activate h1/web', 'activate h2/web', 'activate h3/web']);
}, 60_000);

test('groups that do not depend on each other run side by side', async () => {
  const rollout = world.rollout(documentToGraph(['h1', 'h2'], { web: [], db: [] }, ['host: h1, components: [web]', 'host: h2, components: [db]']));
  await expectTogether(rollout, ['activate h1/web', 'activate h2/db']);
}, 60_000);

test('prepare runs on every host at once, ahead of the gates, while what waits says so', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'], 'h3/edge': ['h2/web'] }), { prepare: ['h1/db', 'h2/web', 'h3/edge'] });
  const gates = (['prepare h1/db', 'prepare h2/web', 'prepare h3/edge'] as const).map((call) => rollout.hosts.hold(call));
  await rollout.start();
  await Promise.all(gates.map(({ reached }) => reached));
  expect(rollout.hosts.names('begun', 'activate')).toEqual([]);
  await waitFor(() => rollout.states['h3/edge'] === 'waiting', () => 'h3/edge to wait');
  expect(rollout.step('h2/web')).toMatchObject({ state: 'waiting', blocked_by: ['h1/db'], reason: 'waiting for db on h1' });
  for (const gate of gates) gate.open();
  expect(await rollout.ends()).toBe('succeeded');
  expect(rollout.hosts.names('begun', 'activate')).toEqual(['activate h1/db', 'activate h2/web', 'activate h3/edge']);
}, 60_000);

test('an activate waits for its own prepare only', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': [] }), { prepare: ['h1/db', 'h2/web'] });
  const slow = rollout.hosts.hold('prepare h2/web');
  await rollout.start();
  await rollout.untilStep('h1/db', 'succeeded');
  expect(rollout.hosts.names('begun', 'activate')).toEqual(['activate h1/db']);
  slow.open();
  expect(await rollout.ends()).toBe('succeeded');
}, 60_000);

test('every host is asked at once', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'], 'h3/edge': ['h2/web'] }));
  await expectTogether(rollout, ['observe h1', 'observe h2', 'observe h3']);
}, 60_000);

test('what is done already opens the gates behind it', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'] }), { unchanged: ['h1/db'] });
  expect(await (await rollout.start()).ends()).toBe('succeeded');
  expect(rollout.hosts.names('begun', 'activate')).toEqual(['activate h2/web']);
  expect(rollout.states).toEqual({ 'h1/db': 'unchanged', 'h2/web': 'succeeded' });
});

/** The control plane may go away in the middle: the rollout goes on where it was, and its record stays true. */
import { graphOf } from './graphs.js';
import { contradictions } from './legal-story.js';
import { stepFailure } from './plans.js';
import { World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

const graph = graphOf({ 'h1/db': [], 'h1/api': ['h1/db'], 'h2/web': ['h1/api'], 'h2/cron': [] });

test('another worker takes over a running rollout: nothing is done twice', async () => {
  const rollout = world.rollout(graph, { prepare: ['h2/web'] });
  const gate = rollout.hosts.hold('activate h1/api');
  await rollout.start();
  await gate.reached;
  await world.replaceControl();
  gate.open();
  expect(await rollout.ends()).toBe('succeeded');
  expect(rollout.hosts.names('begun').sort()).toEqual(['activate h1/api', 'activate h1/db', 'activate h2/cron', 'activate h2/web', 'observe h1', 'observe h2', 'prepare h2/web']);
  expect(contradictions(graph, rollout.record.story)).toEqual([]);
}, 60_000);

test('another worker takes over a resting rollout, and answers are taken', async () => {
  const rollout = world.rollout(graph);
  rollout.hosts.fail('activate h1/db', stepFailure('http 503'));
  await rollout.start();
  await rollout.until('paused');
  await world.replaceControl();
  expect(await rollout.query()).toBe('paused');
  await expect(rollout.retry('h2/cron')).rejects.toMatchObject({ cause: { message: expect.stringContaining('h2/cron is succeeded') as string } });
  await rollout.retry();
  expect(await rollout.ends()).toBe('succeeded');
  expect(contradictions(graph, rollout.record.story)).toEqual([]);
}, 60_000);

test('a database that is away at the start is waited for', async () => {
  const rollout = world.rollout(graph);
  rollout.record.goAway(3);
  expect(await (await rollout.start()).ends()).toBe('succeeded');
  expect(contradictions(graph, rollout.record.story)).toEqual([]);
}, 60_000);

test('a database that is away in the middle misses nothing', async () => {
  const rollout = world.rollout(graph);
  const gate = rollout.hosts.hold('activate h1/db');
  await rollout.start();
  await gate.reached;
  await rollout.untilStep('h2/cron', 'succeeded');
  rollout.record.goAway(4);
  gate.open();
  expect(await rollout.ends()).toBe('succeeded');
  expect(new Set(Object.values(rollout.states))).toEqual(new Set(['succeeded']));
  expect(contradictions(graph, rollout.record.story)).toEqual([]);
}, 60_000);

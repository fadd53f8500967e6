/** One rollout, one effect: however often its workflow is started. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { graphOf } from './graphs.js';
import { scheduledActivities } from './histories.js';
import { World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

test('while it is open a second start is refused', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [] }));
  const gate = rollout.hosts.hold('activate h1/db');
  await rollout.start();
  await gate.reached;
  await expect(rollout.start()).rejects.toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
  gate.open();
  expect(await rollout.ends()).toBe('succeeded');
});

test('after its end it asks no host, records nothing and lets the lock go', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [] }));
  await (await rollout.start()).ends();
  const told = rollout.record.story.length;
  expect(await (await rollout.start()).ends()).toBe('succeeded');
  expect(scheduledActivities(await rollout.history())).toEqual([]);
  expect(rollout.record.story).toHaveLength(told);
});

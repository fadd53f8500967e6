/** What a rollout has changed is taken back: when the document says so, or a person; in reverse, and never in a loop. */
import { documentToGraph, graphOf } from './graphs.js';
import { stepFailure } from './plans.js';
import type { RolloutRecord } from './fake-control.js';
import type { TestRollout } from './test-rollout.js';
import { waitFor } from './wait-for.js';
import { World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2', 'h3'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

const graph = () => documentToGraph(['h1', 'h2'], { db: [], api: ['db'], web: ['api'] }, ['host: h1, components: [db, api], on_failure: rollback', 'host: h2, components: [web], on_failure: rollback']);

async function backOf(rollout: TestRollout): Promise<RolloutRecord> {
  const id = `${rollout.record.rolloutId}-back`;
  await waitFor(() => world.control.rollouts.has(id), () => `${id} to be opened`);
  return world.control.rollouts.get(id) ?? fail();
}

/** The activations of the second run, in the order they were done. */
const doneAfter = (rollout: TestRollout, count: number): string[] => rollout.hosts.names('done', 'activate').slice(count);

describe('by the document', () => {
  test('everything that was changed goes back, dependents first, and the chain of reasons is kept', async () => {
    const rollout = world.rollout(graph());
    rollout.record.previous = rollout.record.graph;
    rollout.hosts.fail('activate h2/web', stepFailure('http 503'));
    await rollout.start();
    const back = await backOf(rollout);
    await waitFor(() => back.state === 'succeeded', () => `the rollback to succeed; it is ${back.state} (${back.reason})`);
    expect(rollout.record.state).toBe('failed');
    expect(back.takesBack?.cause).toMatchObject({ trigger: 'h2/web', asked_by: null, reason: expect.stringContaining('http 503') as string });
    expect(doneAfter(rollout, 2)).toEqual(['activate h2/web', 'activate h1/api', 'activate h1/db']);
  });

  test('a component that opted out stays', async () => {
    const rollout = world.rollout(graph());
    rollout.record.previous = rollout.record.graph;
    rollout.record.keeps = ['db'];
    rollout.hosts.fail('activate h2/web', stepFailure('http 503'));
    await rollout.start();
    const back = await backOf(rollout);
    await waitFor(() => back.state === 'succeeded', () => `the rollback to succeed; it is ${back.state}`);
    expect(doneAfter(rollout, 2)).toEqual(['activate h2/web', 'activate h1/api']);
  });

  test('one that fails itself rests, names what is left, and is not taken back again; a retry finishes it', async () => {
    const rollout = world.rollout(graph());
    rollout.record.previous = rollout.record.graph;
    rollout.hosts.fail('activate h2/web', stepFailure('http 503'));
    rollout.hosts.fail('activate h1/api', stepFailure('disk full'), 1, 2);
    await rollout.start();
    const back = await backOf(rollout);
    await waitFor(() => back.state === 'paused', () => `the rollback to rest; it is ${back.state}`);
    expect(back.reason).toBe('needs attention: not everything could be taken back: 1 failed, 1 blocked by it: h1: api – disk full');
    expect(back.steps.get('h1/db')).toMatchObject({ state: 'blocked', reason: 'waiting for api on h1: disk full' });
    expect(world.control.rollouts.has(`${back.rolloutId}-back`)).toBe(false);
    await rollout.retry();
    await waitFor(() => back.state === 'succeeded', () => `the rollback to succeed; it is ${back.state}`);
  });

  test('not while a person has paused it; resumed, what failed is tried again first', async () => {
    const rollout = world.rollout(graph());
    rollout.record.previous = rollout.record.graph;
    const web = rollout.hosts.hold('activate h2/web');
    rollout.hosts.fail('activate h2/web', stepFailure('http 503'));
    await rollout.start();
    await web.reached;
    await rollout.pause();
    web.open();
    await rollout.until('paused');
    expect(rollout.record.reason).toContain('paused by tess; 1 failed');
    await rollout.resume();
    expect(await rollout.ends()).toBe('succeeded');
    expect(world.control.rollouts.has(`${rollout.record.rolloutId}-back`)).toBe(false);
  });

  test('with no version to go back to it pauses, and says why', async () => {
    const rollout = world.rollout(graph());
    rollout.hosts.fail('activate h2/web', stepFailure('http 503'));
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.record.reason).toContain('not rolled back: no version has succeeded yet');
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
  });
});

describe('by a person', () => {
  test('a paused rollout; the lock goes over without a gap', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'] }));
    rollout.record.previous = rollout.record.graph;
    rollout.hosts.fail('activate h2/web', stepFailure('http 503'));
    await rollout.start();
    await rollout.until('paused');
    await rollout.rollback();
    const back = await backOf(rollout);
    await waitFor(() => back.state === 'succeeded', () => `the rollback to succeed; it is ${back.state}`);
    expect(back.takesBack?.cause).toMatchObject({ asked_by: 'tess' });
    const { memo } = await rollout.handle.describe();
    expect(memo).toEqual({ rollout_id: back.rolloutId });
  });

  test('one that runs finishes what is under way first, and starts nothing more', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'] }));
    rollout.record.previous = rollout.record.graph;
    const db = rollout.hosts.hold('activate h1/db');
    await rollout.start();
    await db.reached;
    await rollout.rollback();
    db.open();
    const back = await backOf(rollout);
    await waitFor(() => back.state === 'succeeded', () => `the rollback to succeed; it is ${back.state}`);
    expect(rollout.hosts.names('begun', 'activate')).toEqual(['activate h1/db', 'activate h1/db']);
  });

  test('the new ones of a group that never switched are taken away before', async () => {
    const rollout = world.rollout(documentToGraph(['h1', 'h2'], { web: [] }, ['hosts: [h1, h2], components: [web], strategy: blue_green']));
    rollout.record.previous = rollout.record.graph;
    rollout.hosts.fail('hold h2/web', stepFailure('http 503'));
    await rollout.start();
    await rollout.until('paused');
    await rollout.rollback();
    const back = await backOf(rollout);
    await waitFor(() => back.state === 'succeeded', () => `the rollback to succeed; it is ${back.state}`);
    expect(rollout.hosts.names('done', 'take-back')).toEqual(['take-back h1/web']);
  });
});

describe('retry with another version', () => {
  test('what is not done is done with it; what is done and the same is left alone', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h2/web': ['h1/db'], 'h3/cron': ['h2/web'] }));
    rollout.hosts.fail('activate h2/web', stepFailure('no such image'));
    rollout.record.versions.set(2, graphOf({ 'h1/db': [], 'h2/web': ['h1/db'], 'h3/mail': ['h2/web'] }));
    await rollout.start();
    await rollout.until('paused');
    rollout.hosts.startOver(rollout.record.versions.get(2) ?? fail(), 'h1/db');
    await rollout.retryWith(2);
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('done', 'activate')).toEqual(['activate h1/db', 'activate h2/web', 'activate h3/mail']);
    expect(rollout.states).toEqual({ 'h1/db': 'unchanged', 'h2/web': 'succeeded', 'h3/cron': 'skipped', 'h3/mail': 'succeeded' });
  });

  test('one that is not there is refused, and the rollout rests as before', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [] }));
    rollout.hosts.fail('activate h1/db', stepFailure('no such image'));
    await rollout.start();
    await rollout.until('paused');
    await expect(rollout.retryWith(7)).rejects.toMatchObject({ cause: { message: 'there is no version 7' } });
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
  });
});

/** Waves, switching together, limits, approvals and hosts that are away, as a rollout really goes. */
import type { RolloutGraph } from '../../spec/graph-types.js';
import { documentToGraph, graphOf } from './graphs.js';
import { stepFailure } from './plans.js';
import { World } from './world.js';

const names = ['h1', 'h2', 'h3', 'h4', 'h5'];
let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: names });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

const over = (components: Record<string, string[]>, rules: string): RolloutGraph => documentToGraph(names, components, [`hosts: [${names.join(', ')}], components: [${Object.keys(components).join(', ')}], ${rules}`]);
const canary = over({ web: [] }, 'strategy: canary, canary: { initial_fraction: 20%, step_fraction: 50%, verify_duration: 1s }');

describe('canary', () => {
  test('a wave at a time, each watched before the next', async () => {
    const rollout = world.rollout(canary);
    expect(await (await rollout.start()).ends()).toBe('succeeded');
    const calls = rollout.hosts.calls.filter(({ call, moment }) => (moment === 'begun' && call.startsWith('activate')) || (moment === 'done' && call.startsWith('verify'))).map(({ call }) => call);
    expect(calls.slice(0, 2)).toEqual(['activate h1/web', 'verify h1/web']);
    expect(calls.slice(2, 5).sort()).toEqual(['activate h2/web', 'activate h3/web', 'activate h4/web']);
    expect(calls.slice(5, 8).sort()).toEqual(['verify h2/web', 'verify h3/web', 'verify h4/web']);
    expect(calls.slice(8)).toEqual(['activate h5/web', 'verify h5/web']);
    expect(rollout.step('h1/web').phases).toContainEqual({ phase: 'verify', duration_ms: 1000 });
  });

  test('one that turns red while it is watched stops all later waves; the others were not touched', async () => {
    const rollout = world.rollout(canary);
    rollout.hosts.fail('verify h1/web', stepFailure('http 503'));
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.states).toEqual({ 'h1/web': 'failed', 'h2/web': 'blocked', 'h3/web': 'blocked', 'h4/web': 'blocked', 'h5/web': 'blocked' });
    expect(rollout.hosts.names('begun', 'activate')).toEqual(['activate h1/web']);
    expect(rollout.step('h5/web').reason).toContain('web on h1: http 503');
    await rollout.retry('h1/web');
    expect(await rollout.ends()).toBe('succeeded');
  });

  test('what depends on a component goes on while it is watched', async () => {
    const rollout = world.rollout(over({ db: [], web: ['db'] }, 'strategy: canary, canary: { initial_fraction: 20%, verify_duration: 1s }'));
    const watched = rollout.hosts.hold('verify h1/db');
    await rollout.start();
    await rollout.untilStep('h1/web', 'running');
    expect(rollout.step('h1/db').reason).toBe('healthy; watched for 1 s');
    watched.open();
    expect(await rollout.ends()).toBe('succeeded');
  });

  test('an abort while one is watched leaves the new one, and says so', async () => {
    const rollout = world.rollout(canary);
    const watched = rollout.hosts.hold('verify h1/web');
    await rollout.start();
    await watched.reached;
    await rollout.abort();
    expect(await rollout.ends()).toBe('aborted');
    expect(rollout.step('h1/web').reason).toBe('stopped while it was being watched; the new one serves');
  });
});

describe('blue-green over a group', () => {
  const blueGreen = over({ web: [] }, 'strategy: blue_green');

  test('nobody switches before all are up beside the old', async () => {
    const rollout = world.rollout(blueGreen, { cannotHold: ['h3/web'] });
    const last = rollout.hosts.hold('hold h5/web');
    await rollout.start();
    await Promise.all([last.reached, rollout.untilStep('h1/web', 'waiting')]);
    expect(rollout.hosts.names('begun', 'activate')).toEqual([]);
    last.open();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('done', 'activate')).toHaveLength(5);
  });

  test('one that fails keeps all from switching; an abort takes the new ones back', async () => {
    const rollout = world.rollout(blueGreen);
    rollout.hosts.fail('hold h2/web', stepFailure('http 503'));
    await rollout.start();
    await rollout.until('paused');
    expect(rollout.states).toEqual({ 'h1/web': 'blocked', 'h2/web': 'failed', 'h3/web': 'blocked', 'h4/web': 'blocked', 'h5/web': 'blocked' });
    expect(rollout.step('h1/web').reason).toContain('web on h2: http 503');
    await rollout.abort();
    expect(await rollout.ends()).toBe('aborted');
    expect(rollout.hosts.names('done', 'take-back').sort()).toEqual(['take-back h1/web', 'take-back h3/web', 'take-back h4/web', 'take-back h5/web']);
    expect(rollout.hosts.names('begun', 'activate')).toEqual([]);
  });

  test('and a retry that succeeds lets all switch; those that were up are not started again', async () => {
    const rollout = world.rollout(blueGreen);
    rollout.hosts.fail('hold h2/web', stepFailure('http 503'));
    await rollout.start();
    await rollout.until('paused');
    await rollout.retry();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.hosts.names('begun', 'hold h1/web')).toHaveLength(1);
  });
});

test('max_parallel: no more hosts at a time', async () => {
  const rollout = world.rollout(over({ a: [], b: [] }, 'strategy: parallel, max_parallel: 2'));
  const busy = new Map<string, number>();
  let most = 0;
  for (const host of names) {
    for (const component of ['a', 'b']) {
      rollout.hosts.on(`activate ${host}/${component}`, async () => {
        busy.set(host, (busy.get(host) ?? 0) + 1);
        most = Math.max(most, [...busy.values()].filter((count) => count > 0).length);
        await new Promise((done) => setTimeout(done, 50));
        busy.set(host, (busy.get(host) ?? 0) - 1);
      });
    }
  }
  expect(await (await rollout.start()).ends()).toBe('succeeded');
  expect(most).toBe(2);
});

test('max_failures: one host too many, and no other is started', async () => {
  const rollout = world.rollout(over({ web: [] }, 'strategy: parallel, max_parallel: 1, max_failures: 1'));
  for (const host of names) rollout.hosts.fail(`activate ${host}/web`, stepFailure('http 503'));
  await rollout.start();
  await rollout.until('paused');
  expect(Object.values(rollout.states).sort()).toEqual(['blocked', 'blocked', 'blocked', 'failed', 'failed']);
  expect(rollout.hosts.names('begun', 'activate')).toHaveLength(2);
});

describe('approval', () => {
  const gated = (): RolloutGraph => documentToGraph(['h1', 'h2', 'h3'], { a: [], b: ['a'] }, ['host: h1, components: [a]', 'hosts: [h2, h3], components: [b], approval: true, strategy: parallel']);

  test('the rollout waits for a person, and holds no process meanwhile', async () => {
    const rollout = world.rollout(gated());
    await rollout.start();
    await rollout.until('awaiting_approval');
    expect(rollout.record.reason).toBe('waiting for approval of deployment[1] (h2, h3)');
    expect(rollout.step('h2/b')).toMatchObject({ state: 'waiting', reason: 'waiting for approval' });
    expect(await rollout.query()).toBe('awaiting_approval');
    await world.replaceControl();
    await rollout.approve(1);
    expect(await rollout.ends()).toBe('succeeded');
  });

  test('may be given before it is waited for', async () => {
    const rollout = world.rollout(gated());
    const first = rollout.hosts.hold('activate h1/a');
    await rollout.start();
    await first.reached;
    await rollout.approve();
    first.open();
    expect(await rollout.ends()).toBe('succeeded');
    expect(rollout.record.story.some((told) => 'rollout' in told && told.rollout === 'awaiting_approval')).toBe(false);
  });

  test('is not asked for when there is nothing to do', async () => {
    const graph = gated();
    const rollout = world.rollout(graph, { unchanged: graph.steps.map(({ id }) => id) });
    expect(await (await rollout.start()).ends()).toBe('succeeded');
  });
});

describe('a host that is away', () => {
  const away = (rules: string): RolloutGraph => ({ ...documentToGraph(['h1', 'nowhere'], { web: [] }, ['host: h1, components: [web]', `host: nowhere, components: [web], ${rules}`]) });

  test('is waited for up to its deadline, then its steps have failed', async () => {
    const rollout = world.rollout(away('offline_deadline: 6s'));
    await rollout.start();
    await rollout.untilStep('nowhere/web', 'waiting', 20_000);
    await rollout.until('paused', 30_000);
    expect(rollout.step('nowhere/web')).toMatchObject({ state: 'failed', reason: 'nowhere did not answer for 6 s', failure: { code: 'host_offline' } });
    await rollout.skip('nowhere/web', 'it is gone for good');
    expect(await rollout.ends()).toBe('succeeded');
  });

  test('offline: skip goes on without it, offline: fail stops what depends on it', async () => {
    const [skipping, failing] = [world.rollout(away('offline: skip')), world.rollout(away('offline: fail'))];
    await Promise.all([skipping.start(), failing.start()]);
    await Promise.all([skipping.untilStep('nowhere/web', 'skipped', 60_000), failing.untilStep('nowhere/web', 'failed', 60_000)]);
    expect(await skipping.ends()).toBe('succeeded');
    await failing.until('paused');
    expect(failing.step('nowhere/web').failure?.code).toBe('host_offline');
    await failing.abort();
    expect(await failing.ends()).toBe('aborted');
  }, 90_000);
});

describe('pause', () => {
  test('nothing more is started, what runs is finished, and resume goes on', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'h1/web': ['h1/db'], 'nowhere/cron': [] }));
    const db = rollout.hosts.hold('activate h1/db');
    await rollout.start();
    await db.reached;
    await rollout.pause();
    db.open();
    await rollout.until('paused');
    expect(rollout.record.reason).toBe('paused by tess');
    expect(rollout.states['h1/db']).toBe('succeeded');
    expect(rollout.step('h1/web')).toMatchObject({ state: 'waiting', reason: 'may start as soon as the rollout goes on' });
    await rollout.resume();
    await rollout.untilStep('h1/web', 'succeeded');
    await rollout.abort();
    expect(await rollout.ends()).toBe('aborted');
  });
});

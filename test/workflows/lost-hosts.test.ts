/** Hosts that are away, hang, or die: the rollout says so, goes on elsewhere, and ends right when they are back. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { graphOf } from './graphs.js';
import { stepFailure } from './plans.js';
import { Signal } from './signal.js';
import { World, type Running } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

describe('a host that does not answer', () => {
  let host: Running | undefined;
  afterEach(async () => {
    await host?.stop();
    host = undefined;
  });

  test('is named by its steps after 5 s and by what waits for them, while others go on; when it comes back the rollout succeeds', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'away/api': ['h1/db'], 'away/cron': [], 'h1/web': ['away/api'], 'h1/log': [] }));
    const started = performance.now();
    await rollout.start();
    await Promise.all([rollout.untilStep('h1/db', 'succeeded'), rollout.untilStep('h1/log', 'succeeded')]);
    expect(rollout.states).toMatchObject({ 'away/api': 'pending', 'away/cron': 'pending' });
    await rollout.untilStep('away/cron', 'waiting');
    const saidAfterMs = performance.now() - started;
    console.info(`a silent host is named after ${(saidAfterMs / 1000).toFixed(1)} s`);
    expect(saidAfterMs).toBeGreaterThan(4_900);
    expect(saidAfterMs).toBeLessThan(15_000);
    for (const id of ['away/api', 'away/cron']) expect(rollout.step(id)).toMatchObject({ state: 'waiting', reason: 'waiting for the host away: it does not answer' });
    expect(rollout.step('h1/web')).toMatchObject({ state: 'waiting', blocked_by: ['away/api'], reason: 'waiting for api on away: waiting for the host away: it does not answer' });
    expect(await rollout.query()).toBe('running');
    host = await world.startHost('away');
    expect(await rollout.ends()).toBe('succeeded');
    expect(new Set(Object.values(rollout.states))).toEqual(new Set(['succeeded']));
  }, 60_000);

  test('does not take the word from a step that something failed elsewhere holds back', async () => {
    const rollout = world.rollout(graphOf({ 'h1/db': [], 'away/api': ['h1/db'], 'away/cron': [] }));
    rollout.hosts.fail('activate h1/db', stepFailure('http 503'));
    await rollout.start();
    await rollout.untilStep('away/cron', 'waiting');
    expect(rollout.step('away/api')).toMatchObject({ state: 'blocked', reason: 'waiting for db on h1: http 503' });
    await rollout.retry('h1/db');
    await rollout.untilStep('h1/db', 'succeeded');
    host = await world.startHost('away');
    expect(await rollout.ends()).toBe('succeeded');
  }, 60_000);
});

test('an activate whose heartbeats stop is given again; the first one\'s late answer changes nothing', async () => {
  const rollout = world.rollout(graphOf({ 'h1/db': [], 'h1/web': ['h1/db'] }));
  const late = new Signal();
  rollout.hosts.on('activate h1/db', (times) => (times === 1 ? late.given.then(() => { throw new Error('too late to matter'); }) : undefined));
  await rollout.start();
  expect(await rollout.ends()).toBe('succeeded');
  late.give();
  expect(rollout.hosts.calls.filter(({ call, moment }) => call === 'activate h1/db' && moment === 'begun').map(({ attempt }) => attempt)).toEqual([1, 1]);
  expect(rollout.states).toEqual({ 'h1/db': 'succeeded', 'h1/web': 'succeeded' });
  expect(rollout.record.story.filter((told) => 'step' in told && told.state === 'failed')).toEqual([]);
}, 60_000);

test('a host worker that goes down in good order hands its activity on at once', async () => {
  const first = await world.startHost('h3');
  const rollout = world.rollout(graphOf({ 'h3/db': [] }));
  const gate = rollout.hosts.hold('activate h3/db');
  await rollout.start();
  await gate.reached;
  const started = performance.now();
  await first.stop();
  gate.open();
  const second = await world.startHost('h3');
  expect(await rollout.ends()).toBe('succeeded');
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(rollout.hosts.names('begun', 'activate')).toHaveLength(2);
  expect(rollout.step('h3/db').attempt).toBe(1);
  await second.stop();
}, 60_000);

describe('a host worker that is killed', () => {
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill('SIGKILL'));

  test('in the middle of an activate: the next one gets it, with the same attempt, and the rollout ends right', async () => {
    const rollout = world.rollout(graphOf({ 'h4/db': [], 'h1/web': ['h4/db'] }));
    const script = fileURLToPath(new URL('mortal-host.mjs', import.meta.url));
    child = spawn(process.execPath, [script, world.env.address, 'h4', 'db'], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('no output');
    const [lines, ended] = [createInterface(child.stdout), once(child, 'exit')];
    await rollout.start();
    await once(lines, 'line', { signal: AbortSignal.timeout(40_000) });
    child.kill('SIGKILL');
    await ended;
    const killed = performance.now();
    const second = await world.startHost('h4');
    expect(await rollout.ends()).toBe('succeeded');
    console.info(`a killed host worker's activate was done by the next one after ${((performance.now() - killed) / 1000).toFixed(1)} s`);
    expect(rollout.hosts.calls.filter(({ call, moment }) => call === 'activate h4/db' && moment === 'begun').map(({ attempt }) => attempt)).toEqual([1]);
    expect(rollout.states).toEqual({ 'h4/db': 'succeeded', 'h1/web': 'succeeded' });
    await second.stop();
  }, 90_000);
});

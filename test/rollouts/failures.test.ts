/** What fails stops only what depends on it; a person decides; the old one still serves. */
import { states, stepOf, type Rollout } from './api-client.js';
import { readableInHistory } from './history.js';
import { startWorld, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld(['h1', 'h2']);
}, 900_000);
afterAll(() => world?.stop(), 120_000);

/** `sick` answers 503 until SICK is "no"; `child` depends on it, `free` and `far` do not. */
const document = (sick: string): string => `api_version: maestro/v1
project: branches
hosts: { h1: {}, h2: {} }
defaults:
  component:
    source: { type: docker, image: demo/web, tag: "1" }
components:
  sick:
    source: { type: docker, image: demo/sick, tag: "1" }
    run: { type: docker, container_name: sick, ports: ["18010:8080"], env: { SICK: "${sick}" }, volumes: ["/srv/sick:/state"] }
    healthcheck: { type: http, url: "http://localhost:18010/health", interval: 200ms, start_period: 500ms, retries: 3 }
  child:
    run: { type: docker, container_name: child, ports: ["18011:8080"], env: { CONFIG: /server } }
    depends_on: [sick]
  free:
    run: { type: docker, container_name: free, ports: ["18012:8080"], env: { CONFIG: /server } }
  far:
    run: { type: docker, container_name: far, ports: ["18013:8080"], env: { CONFIG: /server } }
deployment:
  - { host: h1, components: [sick, child, free], strategy: parallel }
  - { host: h2, components: [far, child], strategy: parallel }
`;

describe('a failing component', () => {
  let deployId: string;
  let rolloutId: string;

  test('pauses its dependents only, and each says why', async () => {
    deployId = await world.api.deploy(document('yes'));
    const rollout = await world.api.apply(deployId);
    rolloutId = rollout.rollout_id;
    expect(rollout.state).toBe('paused');
    expect(states(rollout)).toEqual({ 'h1/sick': 'failed', 'h1/child': 'blocked', 'h1/free': 'succeeded', 'h2/far': 'succeeded', 'h2/child': 'blocked' });
    expect(stepOf(rollout, 'h1/sick').failure).toMatchObject({ code: 'healthcheck_failed' });
    for (const id of ['h1/child', 'h2/child']) {
      expect(stepOf(rollout, id)).toMatchObject({ blocked_by: ['h1/sick'], reason: expect.stringMatching(/^waiting for sick on h1: .*503.*3 of 3/) as string });
    }
    expect(rollout.reason).toContain('sick');
  }, 180_000);

  test('T-T1: in Temporal nothing of why it failed can be read but its code, and nothing of what was said to the host', async () => {
    const rollout = await world.api.ok<Rollout>('GET', `/api/rollouts/${rolloutId}`);
    const { workflow_id: id } = rollout;
    const told = stepOf(rollout, 'h1/sick').failure?.message ?? '';
    expect(told).toContain('http 503');
    const text = (await readableInHistory(world.temporal, id)).join('\n');
    expect(text).toContain('Encoded failure');
    expect(text).toContain('host-h1');
    for (const secret of [told, 'http 503', '3 of 3', 'placement', deployId.replace('dpl_', '"dpl_')]) expect([secret, text.includes(secret)]).toEqual([secret, false]);
  });

  test('a second apply is refused while it rests, naming the rollout', async () => {
    const answer = await world.api.send<{ code: string; details: Record<string, unknown>; suggested_fix: string }>('POST', `/api/deploys/${deployId}/apply`, {});
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict', details: { rollout_id: rolloutId } } });
    expect(answer.body.suggested_fix).not.toBe('');
  }, 30_000);

  test('answers that do not fit are refused', async () => {
    const ask = (verb: string, body: unknown) => world.api.send<{ code: string }>('POST', `/api/rollouts/${rolloutId}/${verb}`, body);
    expect(await ask('retry', { step: 'h1/free' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await ask('skip', { step: 'h1/sick', note: '' })).toMatchObject({ status: 422 });
    expect(await ask('retry', { step: 'h9/none' })).toMatchObject({ status: 409 });
  }, 30_000);

  test('retry after mending goes on at that step and touches nothing that is done', async () => {
    const freeBefore = (await world.host('h1').dockerInspect('free'))?.Id;
    await world.host('h1').exec(['touch', '/srv/sick/mended']);
    await world.api.ok('POST', `/api/rollouts/${rolloutId}/retry`, {});
    const rollout = await world.api.ended(rolloutId);
    expect(rollout.state).toBe('succeeded');
    expect(states(rollout)).toEqual({ 'h1/sick': 'succeeded', 'h1/child': 'succeeded', 'h1/free': 'succeeded', 'h2/far': 'succeeded', 'h2/child': 'succeeded' });
    expect((await world.host('h1').dockerInspect('free'))?.Id).toBe(freeBefore);
  }, 120_000);

  test('skip with a note lets the dependents go on', async () => {
    const yaml = document('yes').replace('project: branches', 'project: skipped').replace('/srv/sick', '/srv/sick-2').replaceAll('1801', '1804').replace(/container_name: /g, 'container_name: skipped-');
    const paused = await world.api.apply(await world.api.deploy(yaml));
    await world.api.ok('POST', `/api/rollouts/${paused.rollout_id}/skip`, { step: 'h1/sick', note: 'known, mended later' });
    const rollout = await world.api.ended(paused.rollout_id);
    expect(rollout.state).toBe('succeeded');
    expect(states(rollout)).toMatchObject({ 'h1/sick': 'skipped', 'h1/child': 'succeeded', 'h2/child': 'succeeded' });
    expect(stepOf(rollout, 'h1/sick').reason).toContain('known, mended later');
  }, 180_000);
});

const replaced = (image: string, tag: string, extra = ''): string => `api_version: maestro/v1
project: replaced
hosts: { h2: {} }
components:
  web:
    source: { type: docker, image: ${image}, tag: "${tag}" }
    run: { type: docker, container_name: replaced, ports: ["18020:8080"], env: { CONFIG: /server${extra} } }
    healthcheck: { type: http, url: "http://localhost:18020/health", interval: 200ms, start_period: 500ms, retries: 3 }
deployment:
  - { host: h2, components: [web] }
`;
const answerOf = async (path: string): Promise<string> => (await fetch(`http://${world.host('h2').address}:18020${path}`)).text();

describe('a new version that does not come up', () => {
  let deployId: string;
  let rolloutId: string;

  test('the old container is put back and serves, and the step says so', async () => {
    deployId = await world.api.deploy(replaced('demo/web', '1'));
    expect((await world.api.apply(deployId)).state).toBe('succeeded');
    const before = (await world.host('h2').dockerInspect('replaced'))?.Id;
    await world.api.newVersion(deployId, replaced('demo/broken', '1'));
    const rollout = await world.api.apply(deployId);
    rolloutId = rollout.rollout_id;
    expect(rollout.state).toBe('paused');
    const { failure } = stepOf(rollout, 'h2/web');
    expect(failure).toMatchObject({ put_back: true });
    expect(failure?.output_tail).not.toBe('');
    expect((await world.host('h2').dockerInspect('replaced'))?.Id).toBe(before);
    expect(await answerOf('/')).toContain('version=1');
  }, 180_000);

  test('abort leaves a described state, and the old one still serves', async () => {
    await world.api.ok('POST', `/api/rollouts/${rolloutId}/abort`, {});
    const rollout = await world.api.ended(rolloutId);
    expect(rollout.state).toBe('aborted');
    expect(rollout.reason).not.toBe('');
    expect(await answerOf('/')).toContain('version=1');
    const deploy = await world.api.ok<{ active_version: number }>('GET', `/api/deploys/${deployId}`);
    expect(deploy.active_version).toBe(1);
  }, 60_000);

  test('an image that does not exist fails before anything is touched', async () => {
    await world.api.newVersion(deployId, replaced('demo/web', 'no-such-tag'));
    const rollout = await world.api.apply(deployId);
    expect(stepOf(rollout, 'h2/web').failure).toMatchObject({ code: 'fetch_failed' });
    expect(await answerOf('/')).toContain('version=1');
    await world.api.ok('POST', `/api/rollouts/${rollout.rollout_id}/abort`, {});
    await world.api.ended(rollout.rollout_id);
  }, 120_000);

  test('the next good version goes through', async () => {
    await world.api.newVersion(deployId, replaced('demo/web', '2'));
    expect((await world.api.apply(deployId)).state).toBe('succeeded');
    expect(await answerOf('/')).toContain('version=2');
    expect((await world.host('h2').exec(['docker', 'ps', '-aq', '--filter', 'name=replaced'])).stdout.trim().split('\n')).toHaveLength(1);
  }, 120_000);
});

describe('retry after mending by hand', () => {
  test('a port that somebody else holds fails the step; once it is free the retry succeeds', async () => {
    await world.host('h2').exec(['docker', 'run', '-d', '--name', 'squatter', '-p', '18030:8080', '-e', 'CONFIG=/web', 'demo/web:1'], { timeoutMs: 60_000 });
    const yaml = replaced('demo/web', '1').replaceAll('18020', '18030').replace('container_name: replaced', 'container_name: tenant').replace('project: replaced', 'project: tenant');
    const paused = await world.api.apply(await world.api.deploy(yaml));
    expect(paused.state).toBe('paused');
    await world.host('h2').exec(['docker', 'rm', '-f', 'squatter']);
    await world.api.ok('POST', `/api/rollouts/${paused.rollout_id}/retry`, { step: 'h2/web' });
    const rollout = await world.api.ended(paused.rollout_id);
    expect(rollout.state).toBe('succeeded');
    expect(stepOf(rollout, 'h2/web').attempt).toBe(2);
  }, 180_000);
});

/** A canary on five real hosts that turns bad, taken back by itself; approvals; and a paused rollout that goes on with a newer version. */
import { stepOf, states, type Rollout } from './api-client.js';
import { startWorld, type World } from './world.js';

const hosts = ['h1', 'h2', 'h3', 'h4', 'h5'];
let world: World;
beforeAll(async () => {
  world = await startWorld(hosts);
}, 900_000);
afterAll(() => world?.stop(), 180_000);

interface Taken extends Rollout { rolled_back_by: string | null; rollback_of: string | null; cause: { trigger: string | null; reason: string; from_version: number; to_version: number } | null }

const read = (id: string): Promise<Taken> => world.api.ok<Taken>('GET', `/api/rollouts/${id}`);
const containers = (name: string): Promise<(string | undefined)[]> => Promise.all(hosts.map(async (host) => (await world.host(host).dockerInspect(name))?.Id));
const environment = async (host: string, name: string): Promise<readonly string[]> => {
  const { stdout } = await world.host(host).exec(['docker', 'inspect', '--format', '{{json .Config.Env}}', name]);
  return JSON.parse(stdout) as string[];
};

/** Healthy as long as `mended` lies in its folder. */
const canary = (release: string): string => `api_version: maestro/v1
project: wave
hosts: { ${hosts.map((host) => `${host}: {}`).join(', ')} }
components:
  web:
    source: { type: docker, image: demo/sick, tag: "1" }
    run: { type: docker, container_name: wave, ports: ["18080:8080"], env: { RELEASE: "${release}" }, volumes: ["/srv/wave-${release}:/state"] }
    healthcheck: { type: http, url: "http://localhost:18080/health", interval: 200ms, start_period: 2s, retries: 2 }
deployment:
  - { hosts: [${hosts.join(', ')}], components: [web], strategy: canary, canary: { initial_fraction: 20%, step_fraction: 100%, verify_duration: 3s }, on_failure: rollback }
`;
const mend = (release: string, ...where: string[]) => Promise.all(where.map((host) => world.host(host).exec(['install', '-D', '/dev/null', `/srv/wave-${release}/mended`])));

describe('canary', () => {
  let deployId: string;

  test('waves go through when each stays healthy', async () => {
    await mend('one', ...hosts);
    deployId = await world.api.deploy(canary('one'));
    const rollout = await world.api.apply(deployId);
    expect(rollout.state).toBe('succeeded');
    for (const host of hosts) expect(stepOf(rollout, `${host}/web`).phases?.map(({ phase }) => phase)).toContain('verify');
  }, 240_000);

  test('one that turns red while it is watched: the others are not touched, it goes back by itself, and the chain of reasons is kept', async () => {
    const before = await containers('wave');
    await mend('two', ...hosts);
    await world.api.newVersion(deployId, canary('two'));
    const id = await world.api.startApply(deployId);
    await world.api.waitFor(id, (rollout) => stepOf(rollout, 'h1/web').reason.includes('watched'));
    await world.host('h1').exec(['rm', '/srv/wave-two/mended']);
    await world.api.waitFor(id, ({ state }) => state === 'rolled_back');
    const failed = await read(id);
    expect(states(failed)).toEqual({ 'h1/web': 'failed', 'h2/web': 'blocked', 'h3/web': 'blocked', 'h4/web': 'blocked', 'h5/web': 'blocked' });
    expect(stepOf(failed, 'h1/web').failure).toMatchObject({ code: 'healthcheck_failed', message: expect.stringContaining('http 503') as string });
    const back = await read(failed.rolled_back_by ?? '');
    expect(back).toMatchObject({ state: 'succeeded', kind: 'rollback', version: 3, rollback_of: id, cause: { trigger: 'h1/web', from_version: 2, to_version: 1, reason: expect.stringContaining('http 503') as string } });
    expect(states(back)).toEqual({ 'h1/web': 'succeeded' });
    expect((await containers('wave')).slice(1)).toEqual(before.slice(1));
    expect(await environment('h1', 'wave')).toContain('RELEASE=one');
    expect(await world.api.ok('GET', `/api/deploys/${deployId}`)).toMatchObject({ active_version: 3 });
    expect((await world.api.apply(deployId, { version: 3 })).steps.every(({ state }) => state === 'unchanged')).toBe(true);
  }, 240_000);
});

const shop = (image: string, approval = false): string => `api_version: maestro/v1
project: shop
hosts: { h1: {}, h2: {} }
components:
  db: { source: { type: docker, image: demo/web, tag: "1" }, run: { type: docker, container_name: shop-db, env: { CONFIG: /server } } }
  api: { source: { type: docker, image: ${image} }, run: { type: docker, container_name: shop-api, env: { CONFIG: /server } }, depends_on: [db] }
deployment:
  - { host: h1, components: [db] }
  - { host: h2, components: [api]${approval ? ', approval: true' : ''} }
`;

test('a paused rollout goes on with a newer version: what is done and the same is left alone', async () => {
  const deployId = await world.api.deploy(shop('demo/broken, tag: "1"'));
  const paused = await world.api.apply(deployId);
  expect(states(paused)).toEqual({ 'h1/db': 'succeeded', 'h2/api': 'failed' });
  const before = (await world.host('h1').dockerInspect('shop-db'))?.Id;
  await world.api.newVersion(deployId, shop('demo/web, tag: "1"'));
  await world.api.ok('POST', `/api/rollouts/${paused.rollout_id}/retry`, { version: 2 });
  const ended = await world.api.ended(paused.rollout_id);
  expect(ended).toMatchObject({ state: 'succeeded', version: 2 });
  expect(states(ended)).toEqual({ 'h1/db': 'unchanged', 'h2/api': 'succeeded' });
  expect((await world.host('h1').dockerInspect('shop-db'))?.Id).toBe(before);
  expect(await world.api.ok('GET', `/api/deploys/${deployId}`)).toMatchObject({ active_version: 2 });

  await world.api.newVersion(deployId, shop('demo/web, tag: "2"', true));
  const gated = await world.api.startApply(deployId);
  const waiting = await world.api.waitFor(gated, ({ state }) => state === 'awaiting_approval');
  expect(waiting.reason).toBe('waiting for approval of deployment[1] (h2)');
  await world.api.ok('POST', `/api/rollouts/${gated}/approve`, { binding: 1 });
  expect((await world.api.ended(gated)).state).toBe('succeeded');
}, 240_000);

test('a person takes back a paused rollout', async () => {
  const deployId = (await world.api.ok<{ items: { deploy_id: string; name: string }[] }>('GET', '/api/deploys')).items.find(({ name }) => name === 'shop')?.deploy_id ?? '';
  await world.api.newVersion(deployId, shop('demo/broken, tag: "1"').replace('image: demo/web, tag: "1" }, run: { type: docker, container_name: shop-db', 'image: demo/web, tag: "2" }, run: { type: docker, container_name: shop-db'));
  const paused = await world.api.apply(deployId);
  expect(states(paused)).toEqual({ 'h1/db': 'succeeded', 'h2/api': 'failed' });
  await world.api.ok('POST', `/api/rollouts/${paused.rollout_id}/rollback`, {});
  await world.api.waitFor(paused.rollout_id, ({ state }) => state === 'rolled_back');
  const image = (await world.host('h1').dockerInspect('shop-db'))?.Config.Image;
  expect(image).toMatch(/^demo\/web:1@sha256:/);
  expect(await read((await read(paused.rollout_id)).rolled_back_by ?? '')).toMatchObject({ state: 'succeeded', cause: { trigger: null, asked_by: 'admin' } });
}, 240_000);

/** Both hosts switch together, by the host's own rules. */
const together = (image: string, tag: string): string => `api_version: maestro/v1
project: together
hosts: { h3: {}, h4: {} }
components:
  web:
    source: { type: docker, image: ${image}, tag: "${tag}" }
    run: { type: docker, container_name: together, ports: ["18090:8080"], env: { CONFIG: /server }, volumes: ["/srv/together:/state"] }
    healthcheck: { type: http, url: "http://localhost:18090/health", interval: 200ms, start_period: 1s, retries: 2 }
deployment:
  - { hosts: [h3, h4], components: [web], strategy: blue_green }
`;

test('blue-green over two hosts: neither switches while one is not ready; an abort takes the new ones away, a good version switches both', async () => {
  const told = (host: string): Promise<string> => fetch(`http://${world.host(host).address}:18090/`).then((response) => response.text());
  const names = async (host: string): Promise<string[]> => (await world.host(host).exec(['docker', 'ps', '--all', '--filter', 'name=together', '--format', '{{.Names}}'])).stdout.trim().split('\n').sort();
  const deployId = await world.api.deploy(together('demo/web', '1'));
  expect((await world.api.apply(deployId)).state).toBe('succeeded');
  await world.host('h3').exec(['install', '-D', '/dev/null', '/srv/together/mended']);
  await world.api.newVersion(deployId, together('demo/sick', '1'));
  const paused = await world.api.apply(deployId);
  expect(states(paused)).toEqual({ 'h3/web': 'blocked', 'h4/web': 'failed' });
  expect(await names('h3')).toHaveLength(2);
  for (const host of ['h3', 'h4']) expect(await told(host)).toContain('version=1');
  await world.api.ok('POST', `/api/rollouts/${paused.rollout_id}/abort`, {});
  expect(stepOf(await world.api.ended(paused.rollout_id), 'h3/web').reason).toBe('taken back before it was switched to; the old one serves');
  for (const host of ['h3', 'h4']) expect([await names(host), (await told(host)).includes('version=1')]).toEqual([['together'], true]);
  await world.api.newVersion(deployId, together('demo/web', '2'));
  expect((await world.api.apply(deployId)).state).toBe('succeeded');
  for (const host of ['h3', 'h4']) expect([await names(host), (await told(host)).includes('version=2')]).toEqual([['together'], true]);
}, 240_000);

/** `edge` reads what its backend is at a reload, and is not touched by anything else. */
const followed = (release: string): string => `api_version: maestro/v1
project: followed
hosts: { h1: {}, h2: {} }
components:
  backend:
    source: { type: docker, image: demo/web, tag: "1" }
    run: { type: docker, container_name: backend, ports: ["18100:8080"], env: { CONFIG: /server, RELEASE: "${release}" } }
    healthcheck: { type: http, url: "http://localhost:18100/health" }
  edge:
    run: { type: systemd, unit_name: edge, command: "/bin/sleep infinity", reload_command: "/bin/sh -c 'curl -fsS http://${world.host('h2').address}:18100/health >/dev/null && echo told >> /srv/told'" }
    depends_on: [backend]
    reload_triggers: { dependencies: hot }
deployment:
  - { host: h1, components: [edge] }
  - { host: h2, components: [backend] }
`;

test('a unit that is to be told when what it depends on has changed is told after that serves, on another host, once and without a restart', async () => {
  const edge = async (): Promise<string> => (await world.host('h1').exec(['sh', '-c', 'systemctl show --property=MainPID edge.service; cat /srv/told 2>/dev/null'])).stdout;
  const deployId = await world.api.deploy(followed('one'));
  expect((await world.api.apply(deployId)).state).toBe('succeeded');
  const before = await edge();
  await world.api.newVersion(deployId, followed('two'));
  const { plan_id } = await world.api.diff(deployId);
  const applied = await world.api.apply(deployId, { plan_id });
  expect([states(applied), stepOf(applied, 'h1/edge').action, await edge()]).toEqual([{ 'h1/edge': 'succeeded', 'h2/backend': 'succeeded' }, 'reload', `${before}told\n`]);
  expect(states(await world.api.apply(deployId))).toEqual({ 'h1/edge': 'unchanged', 'h2/backend': 'unchanged' });
  const { rollout_id: backId } = await world.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${deployId}/rollback/1`, {});
  const back = await world.api.ended(backId);
  expect([back.state, stepOf(back, 'h1/edge').action, await edge()]).toEqual(['succeeded', 'reload', `${before}told\ntold\n`]);
}, 240_000);

/** Status is seen and not remembered: what happens to a component by hand is told within seconds, with its kind and field. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startWorld, type World } from './world.js';

let world: World;
let deployId: string;
beforeAll(async () => {
  world = await startWorld(['h1']);
  await world.api.ok('PUT', '/api/secrets/watched/token', { value: secret });
  deployId = await world.api.deploy(document, { 'app.conf': 'level=info\n' });
  const rollout = await world.api.apply(deployId);
  if (rollout.state !== 'succeeded') throw new Error(JSON.stringify(rollout));
}, 900_000);
afterAll(() => world?.stop(), 120_000);

const secret = 'correct-horse-battery-staple';

const document = `api_version: maestro/v1
project: watched
hosts: { h1: {} }
components:
  web:
    source: { type: docker, image: demo/web, tag: "1" }
    run: { type: docker, container_name: web, ports: ["18010:8080"], env: { CONFIG: /server }, restart: "no" }
    healthcheck: { type: http, url: "http://localhost:18010/health", interval: 1s, start_period: 2s, retries: 2 }
  unit:
    run: { type: systemd, unit_name: watched.service, command: /bin/sleep infinity, restart: "no" }
    config:
      files: [{ source: app.conf, dest: /etc/watched/app.conf }]
  talker:
    run:
      type: systemd
      unit_name: talker.service
      command: /bin/sh -c "env; printf 'a\\033[31mred\\033[0m\\n'; while sleep 0.2; do echo tick; done"
      env: { TOKEN: "{{ vault://watched/token }}" }
deployment:
  - { host: h1, components: [web, unit, talker], strategy: parallel }
`;

interface Placement { component: string; state: string; detail: string; kinds: string[]; fields: { field: string; kind: string; from: string | null; to: string | null }[] }
interface Drift { drifted: boolean; kinds: string[]; placements: Placement[] }

const withinMs = 15_000;

const placement = async (component: string): Promise<Placement> => {
  const { placements } = await world.api.ok<Drift>('GET', `/api/deploys/${deployId}/drift`);
  const found = placements.find((one) => one.component === component);
  if (found === undefined) throw new Error(`no ${component}`);
  return found;
};

/** Within what is promised. */
async function becomes(component: string, isIt: (seen: Placement) => boolean): Promise<Placement> {
  for (const until = Date.now() + withinMs; ;) {
    const seen = await placement(component);
    if (isIt(seen)) return seen;
    if (Date.now() > until) throw new Error(`${component} did not get there in time: ${JSON.stringify(seen)}\n${await world.host('h1').workerLog()}`);
    await sleep(100);
  }
}

const onHost = async (...argv: string[]): Promise<void> => {
  const { exitCode, stderr } = await world.host('h1').exec(argv);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
};
const isWell = ({ state, kinds }: Placement): boolean => (state === 'healthy' || state === 'running') && kinds.length === 0;
const mend = async (): Promise<void> => {
  expect((await world.api.apply(deployId)).state).toBe('succeeded');
  await becomes('web', isWell);
  await becomes('unit', isWell);
};

test('what was applied is seen as it is', async () => {
  expect(await becomes('web', isWell)).toMatchObject({ state: 'healthy', fields: [] });
  expect(await becomes('unit', isWell)).toMatchObject({ state: 'running', fields: [] });
}, 60_000);

interface Line { host: string; stream: string; ts: string | null; text: string }
const linesOf = (text: string): Line[] => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
const logs = (component: string, query: string, signal: AbortSignal = AbortSignal.timeout(30_000)): Promise<Response> =>
  fetch(`${world.api.url}/api/deploys/${deployId}/components/${component}/logs?${query}`, { headers: { cookie: world.api.cookie }, signal });

describe('logs', () => {
  test('what a unit and a container have said, with its time, without secrets and colours', async () => {
    const unit = linesOf(await (await logs('talker', 'tail=1000')).text());
    expect(unit.map(({ text }) => text)).toEqual(expect.arrayContaining(['TOKEN=[secret]', 'ared', 'tick']));
    expect(JSON.stringify(unit)).not.toContain(secret);
    expect(unit.find(({ text }) => text === 'tick')).toEqual({ host: 'h1', stream: 'stdout', ts: expect.stringMatching(/^20.*Z$/) as string, text: 'tick' });
    const text = await (await logs('web', 'format=text')).text();
    expect(text).toMatch(/^20\S+Z h1 /);
    expect(linesOf(await (await logs('talker', 'tail=3')).text()).length).toBeLessThanOrEqual(3);
  }, 60_000);

  test('are followed as they come, until the reader leaves, and then nobody is asked any more', async () => {
    const leave = new AbortController();
    const response = await logs('talker', 'tail=0&follow=true', leave.signal);
    const seen: string[] = [];
    try {
      for await (const chunk of response.body ?? []) {
        seen.push(...linesOf(Buffer.from(chunk as Uint8Array).toString()).map(({ text }) => text));
        if (seen.length >= 5) leave.abort();
      }
    } catch (error) {
      if (!leave.signal.aborted) throw error;
    }
    expect(seen.slice(0, 5)).toEqual(['tick', 'tick', 'tick', 'tick', 'tick']);
    for (const until = Date.now() + 20_000; ;) {
      let running = 0;
      for await (const found of world.temporal.workflow.list({ query: 'WorkflowType = "logs" AND ExecutionStatus = "Running"' })) running += found.workflowId === '' ? 0 : 1;
      if (running === 0) break;
      if (Date.now() > until) throw new Error('a host is still asked for lines that nobody reads');
      await sleep(200);
    }
  }, 60_000);

  test('of what is not placed, of another host and before anybody may read are refused', async () => {
    expect((await logs('nobody', '')).status).toBe(404);
    expect((await logs('web', 'host=h9')).status).toBe(404);
    expect((await logs('web', 'tail=100000')).status).toBe(422);
    expect((await fetch(`${world.api.url}/api/deploys/${deployId}/components/web/logs`)).status).toBe(401);
  });
});

test('a container that was killed has failed, and says with what; started again it is well', async () => {
  await onHost('docker', 'kill', 'web');
  expect(await becomes('web', ({ state }) => state === 'failed')).toMatchObject({ kinds: ['stopped'], fields: [{ field: 'container.status', kind: 'stopped', from: 'exited', to: 'running' }], detail: expect.stringContaining('exit code 137') as string });
  const told = world.events.seen.find(({ type, component, data }) => type === 'component.state' && component === 'web' && data['state'] === 'failed');
  expect(told).toMatchObject({ host: 'h1', data: { previous: 'healthy' } });
  await onHost('docker', 'start', 'web');
  await becomes('web', isWell);
}, 60_000);

test('a container that was changed by hand says which field', async () => {
  await onHost('docker', 'update', '--memory', '64m', '--memory-swap', '64m', 'web');
  expect((await becomes('web', ({ kinds }) => kinds.length > 0)).fields).toMatchObject([{ field: 'resources', kind: 'changed' }]);
  expect(await world.api.ok('GET', '/api/deploys')).toMatchObject({ items: [{ drift: { placements: 1, kinds: ['changed'] } }] });
  await mend();
}, 90_000);

test('a container that was removed is missing, and one of somebody else in its place is foreign', async () => {
  await onHost('docker', 'rm', '--force', 'web');
  expect(await becomes('web', ({ state }) => state === 'missing')).toMatchObject({ kinds: ['missing'], fields: [{ field: 'container', kind: 'missing' }] });
  await onHost('docker', 'run', '--detach', '--name', 'web', 'demo/web:1');
  expect(await becomes('web', ({ kinds }) => kinds.includes('foreign'))).toMatchObject({ fields: [{ field: 'container', kind: 'foreign' }] });
  await onHost('docker', 'rm', '--force', 'web');
  await mend();
}, 90_000);

test('a file that was edited, and one that was removed', async () => {
  await world.host('h1').writeFile('/etc/watched/app.conf', 'level=debug\n');
  expect(await becomes('unit', ({ kinds }) => kinds.length > 0)).toMatchObject({ state: 'running', kinds: ['changed'], fields: [{ field: 'files./etc/watched/app.conf', kind: 'changed' }] });
  await onHost('rm', '/etc/watched/app.conf');
  expect(await becomes('unit', ({ kinds }) => kinds.includes('missing'))).toMatchObject({ fields: [{ field: 'files./etc/watched/app.conf', kind: 'missing' }] });
  await mend();
}, 90_000);

test('a unit that was stopped, one that died, and one that was disabled', async () => {
  await onHost('systemctl', 'stop', 'watched.service');
  expect(await becomes('unit', ({ state }) => state === 'stopped')).toMatchObject({ kinds: ['stopped'], fields: [{ field: 'unit.active_state', kind: 'stopped' }] });
  await onHost('systemctl', 'start', 'watched.service');
  await becomes('unit', isWell);
  await onHost('systemctl', 'kill', '--signal', 'KILL', 'watched.service');
  expect(await becomes('unit', ({ state }) => state === 'failed')).toMatchObject({ kinds: ['stopped'] });
  await onHost('systemctl', 'start', 'watched.service');
  await becomes('unit', isWell);
  await onHost('systemctl', 'disable', 'watched.service');
  expect((await becomes('unit', ({ kinds }) => kinds.length > 0)).fields).toMatchObject([{ field: 'unit.enabled', kind: 'changed' }]);
  await mend();
}, 120_000);

test('a host that falls silent is offline, and what it has is seen again when it is back', async () => {
  await onHost('systemctl', 'stop', world.host('h1').workerUnit);
  // Hellos come every five seconds, and count for fifteen.
  for (const until = Date.now() + 25_000; (await placement('web')).state !== 'host_offline';) {
    if (Date.now() > until) throw new Error('the host did not go offline');
    await sleep(200);
  }
  await onHost('docker', 'kill', 'web');
  await onHost('systemctl', 'start', world.host('h1').workerUnit);
  await becomes('web', ({ state }) => state === 'failed');
  await mend();
}, 120_000);

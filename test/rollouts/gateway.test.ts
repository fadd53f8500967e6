/** The gateway may die in the middle of a rollout; a host that is revoked is out at once, whatever it has open. */
import { setTimeout as sleep } from 'node:timers/promises';
import { states } from './api-client.js';
import { startWorld, type World } from './world.js';

let world: World;
beforeAll(async () => { world = await startWorld(['h1', 'h2']); }, 900_000);
afterAll(() => world?.stop(), 120_000);

const components = ['a', 'b', 'c'];
const chain = (project: string, port: number): string => `api_version: maestro/v1
project: ${project}
hosts: { h1: {}, h2: {} }
defaults:
  component:
    source: { type: docker, image: demo/web, tag: "1" }
components:
${components.map((id, index) => `  ${id}:
    run: { type: docker, container_name: ${project}-${id}, ports: ["${port + index}:8080"], env: { CONFIG: /server } }
    healthcheck: { type: http, url: "http://localhost:${port + index}/health" }
${index === 0 ? '' : `    depends_on: [${components[index - 1] ?? ''}]\n`}`).join('')}deployment:
  - { hosts: [h1, h2], components: [${components.join(', ')}] }
`;

async function until(what: string, isSo: () => Promise<boolean>, ms: number): Promise<number> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > ms) throw new Error(`not within ${String(ms)} ms: ${what}`);
    await sleep(100);
  }
  return performance.now() - begun;
}

const seenSince = async (name: string, since: Date): Promise<boolean> => {
  const { items } = await world.api.ok<{ items: { name: string; last_seen_at: string | null }[] }>('GET', '/api/nodes');
  return items.some((node) => node.name === name && node.last_seen_at !== null && new Date(node.last_seen_at) > since);
};

test('kill -9 of the gateway: the hosts are back within ten seconds and the rollout ends as it should', async () => {
  const deploy = await world.api.deploy(chain('door', 18900));
  const rolloutId = await world.api.startApply(deploy);
  await world.api.waitFor(rolloutId, ({ steps }) => steps.some(({ state }) => state === 'succeeded'));
  await world.stack.processes.gateway.kill('SIGKILL');
  await sleep(1_000);
  await world.stack.processes.gateway.restart();
  const up = new Date();
  const backMs = await until('both hosts heard again', async () => (await seenSince('h1', up)) && (await seenSince('h2', up)), 10_000);
  console.log(`hosts heard again ${(backMs / 1000).toFixed(1)} s after the gateway was up`);
  const rollout = await world.api.settled(rolloutId);
  expect([rollout.state, new Set(Object.values(states(rollout)))]).toEqual(['succeeded', new Set(['succeeded'])]);
  const started = performance.now();
  expect(new Set(Object.values(states(await world.api.apply(deploy))))).toEqual(new Set(['unchanged']));
  expect(performance.now() - started).toBeLessThan(10_000);
}, 240_000);

test('the worker is the bundle that was downloaded, with its own Node, under the unit with its limits', async () => {
  const host = world.host('h1');
  expect(host.workerUnit).toBe('maestro-host.service');
  const { pid } = await host.workerStatus();
  const { stdout } = await host.exec(['sh', '-c', `readlink /proc/${String(pid)}/exe; grep -E '^(NoNewPrivs|Seccomp):' /proc/${String(pid)}/status; maestro-host verify`]);
  expect(stdout).toMatch(/^\/opt\/maestro-host\/[0-9.]+-[0-9a-f]{12}\/node\nNoNewPrivs:\t1\nSeccomp:\t2\n.*all \d+ files are as they were built\n$/);
});

test('the token is in no list of processes and in no file of the host', async () => {
  const { token } = await world.api.ok<{ token: string }>('POST', '/api/enrollments', { host: 'h9' });
  expect(token).toHaveLength(43);
  const { stdout } = await world.host('h1').exec(['grep', '-rlE', 'MAESTRO_(ENROLL_TOKEN|HOST_TOKEN)', '/etc/maestro', '/var/lib/maestro', '/etc/systemd/system']);
  expect(stdout).toBe('');
  expect((await world.host('h1').exec(['stat', '-c', '%a', '/var/lib/maestro/identity/key.pem'])).stdout.trim()).toBe('600');
});

test('Temporal is not to be reached from a host', async () => {
  const port = world.stack.temporalAddress.split(':').at(-1) ?? '';
  const { exitCode } = await world.host('h1').exec(['timeout', '3', 'bash', '-c', `exec 3<>/dev/tcp/${world.fleet.gatewayAddress}/${port}`]);
  expect(exitCode).not.toBe(0);
});

test('a host that is revoked is out within five seconds, and comes back with a new enrollment', async () => {
  const { items } = await world.api.ok<{ items: { name: string; node_id: string }[] }>('GET', '/api/nodes');
  const id = items.find(({ name }) => name === 'h2')?.node_id ?? '';
  const connected = async (): Promise<boolean> => {
    const { stdout } = await world.host('h2').exec(['ss', '-Htn', 'state', 'established', 'dport', '=', `:${new URL(world.stack.gatewayUrl).port}`]);
    return stdout.trim() !== '';
  };
  expect(await connected()).toBe(true);
  const since = new Date();
  expect((await world.api.send('DELETE', `/api/nodes/${id}`)).status).toBe(204);
  // Whatever it tries from now on it is told that nobody knows it.
  await until('its worker to say so', async () => /certificate is not accepted|does not hear us/.test(await world.host('h2').workerLog()), 8_000);
  expect(await seenSince('h2', since)).toBe(false);
  const { token, gateway_url: gateway, ca_digest: digest } = await world.api.ok<{ token: string; gateway_url: string; ca_digest: string }>('POST', '/api/enrollments', { host: 'h2' });
  const again = `export MAESTRO_ENROLL_TOKEN='${token}'; maestro-host enroll --gateway ${gateway} --ca-digest ${digest} --name h2\n`;
  expect(await world.host('h2').exec(['bash', '-s'], { input: again })).toMatchObject({ exitCode: 0 });
  await world.api.waitForNodes(['h1', 'h2']);
}, 60_000);

/** What a document may ask of a host: refused at every door unless an administrator allows it for that node. */
import { readdir, readFile } from 'node:fs/promises';
import { useApi } from './harness.js';

const held = useApi();

interface Finding { code: string; path: string; message: string; suggested_fix: string }
interface Validated { ok: boolean; errors: Finding[] }

const document = (run: string, config = ''): string => `api_version: maestro/v1
project: p${Math.random().toString(36).slice(2, 8)}
hosts: { h1: { type: linux } }
components:
  web:
    source: { type: docker, image: nginx, tag: "1" }
    run: { type: docker, ${run} }
${config}
deployment: [{ host: h1, components: [web] }]
`;
const volume = (text: string): string => document(`volumes: ["${text}"]`);
const file = (dest: string, mode = '0644'): string => document('ports: ["8080:80"]', `    config: { files: [{ source: a.txt, dest: "${dest}", mode: "${mode}" }] }`);
const unit = (name: string): string => document('ports: []').replace(/ {4}source:.*\n {4}run:.*\n/, `    run: { type: systemd, command: /bin/sleep 1, unit_name: ${name} }\n`);

/** text, what it needs (`never`: nobody can allow it; `null`: nothing), and where that is told. */
const bodies: [string, string, string | null, string][] = [
  ['the network of the host', document('networks: [host]'), 'host_network', 'components.web.run.networks[0]'],
  ['the network of the host as the second', document('networks: [shop, host]'), 'host_network', 'components.web.run.networks[1]'],
  ['the socket of Docker', volume('/var/run/docker.sock:/var/run/docker.sock'), 'docker_socket', 'components.web.run.volumes[0]'],
  ['the socket, read only, by its other name', volume('/run/docker.sock:/s:ro'), 'docker_socket', 'components.web.run.volumes[0]'],
  ['all that runs', volume('/run:/host/run'), 'docker_socket', 'components.web.run.volumes[0]'],
  ['the whole host', volume('/:/host'), 'host_mounts', 'components.web.run.volumes[0]'],
  ['the whole host by another spelling', volume('//./:/host'), 'host_mounts', 'components.web.run.volumes'],
  ['/etc', volume('/etc:/x:ro'), 'host_mounts', 'components.web.run.volumes[0]'],
  ['/etc with a slash', volume('/etc/:/x:ro'), 'host_mounts', 'components.web.run.volumes[0]'],
  ['/proc', volume('/proc:/host/proc:ro'), 'host_mounts', 'components.web.run.volumes[0]'],
  ['/sys', volume('/sys:/sys'), 'host_mounts', 'components.web.run.volumes[0]'],
  ['the data of Docker', volume('/var/lib/docker:/d'), 'host_mounts', 'components.web.run.volumes[0]'],
  ['/root', volume('/root:/r'), 'host_mounts', 'components.web.run.volumes[0]'],
  ['ssh keys', volume('/home/deploy/.ssh:/k'), 'host_mounts', 'components.web.run.volumes[0]'],
  ['a disk', volume('/dev/sda:/d'), 'host_devices', 'components.web.run.volumes[0]'],
  ['the state of the agent', volume('/var/lib/maestro:/m'), 'never', 'components.web.run.volumes[0]'],
  ['the agent', volume('/opt/maestro-host:/m:ro'), 'never', 'components.web.run.volumes[0]'],
  ['a folder of its own', volume('/srv/data:/data'), null, ''],
  ['a folder below /etc', volume('/etc/acme:/etc/acme:ro'), null, ''],
  ['a named volume', volume('data:/data'), null, ''],
  ['a network of its own', document('networks: [shop]'), null, ''],
  ['a port below 1024', document('ports: ["80:80"]'), null, ''],
  ['sudoers', file('/etc/sudoers.d/web'), 'system_files', 'components.web.config.files[0].dest'],
  ['ssh keys of root', file('/root/.ssh/authorized_keys'), 'system_files', 'components.web.config.files[0].dest'],
  ['a job of cron', file('/etc/cron.d/web'), 'system_files', 'components.web.config.files[0].dest'],
  ['a unit as a file', file('/etc/systemd/system/x.service'), 'system_files', 'components.web.config.files[0].dest'],
  ['a library for every program', file('/etc/ld.so.preload'), 'system_files', 'components.web.config.files[0].dest'],
  ['a program of the system', file('/usr/bin/ls', '0755'), 'system_files', 'components.web.config.files[0].dest'],
  ['a setuid file', file('/opt/web/x', '4755'), 'setuid_files', 'components.web.config.files[0].dest'],
  ['the unit of the agent as a file', file('/etc/systemd/system/maestro-host.service'), 'never', 'components.web.config.files[0].dest'],
  ['the agent by a file', file('/opt/maestro-host/current'), 'never', 'components.web.config.files[0].dest'],
  ['a file of its own', file('/etc/acme/web.conf'), null, ''],
  ['the unit of sshd', unit('ssh'), 'system_units', 'components.web.run.unit_name'],
  ['the unit of Docker', unit('docker.service'), 'system_units', 'components.web.run.unit_name'],
  ['the unit of the agent', unit('maestro-host'), 'never', 'components.web.run.unit_name'],
  ['a unit of its own', unit('acme-api'), null, ''],
];

let node: string;

beforeAll(async () => {
  await held.api.enroll('h1');
  node = (await held.api.db.node.findUniqueOrThrow({ where: { name: 'h1' } })).id;
});

const allow = (...permissions: string[]) => held.api.ask(`/api/nodes/${node}`, { method: 'PATCH', as: held.api.people.admin, json: { allow: permissions } });
const files = { 'a.txt': Buffer.from('a').toString('base64') };
const all = ['host_network', 'docker_socket', 'host_devices', 'host_mounts', 'system_files', 'system_units', 'setuid_files'];

async function denied(yaml: string, role: 'operator' | 'admin'): Promise<Finding[]> {
  const { status, body } = await held.api.ask('/api/validate', { as: held.api.people[role], json: { yaml, files } });
  expect(status).toBe(200);
  const { ok, errors } = body as Validated;
  // Files in the worker's own places are refused by the language already, whoever asks and whatever is allowed.
  const isDenied = ({ code, message }: Finding): boolean => code === 'permission_denied' || message.includes('is not a place a deploy may write to');
  const found = errors.filter(isDenied);
  expect({ ok, others: errors.filter((one) => !isDenied(one)) }).toEqual({ ok: found.length === 0, others: [] });
  return found;
}

describe.each(['operator', 'admin'] as const)('asked by an %s', (role) => {
  it.each(bodies)('%s', async (_what, yaml, needs, place) => {
    await allow();
    const found = await denied(yaml, role);
    if (needs === null) return expect(found).toEqual([]);
    expect(found.map(({ path, message }) => [path, needs === 'never' ? /Maestro's own|is not a place a deploy may write to/.test(message) : message.includes(needs)])).toContainEqual([place, true]);
    await allow(...all.filter((one) => one !== needs));
    expect(await denied(yaml, role)).toHaveLength(found.length);
    await allow(...(needs === 'never' ? all : [needs]));
    expect(await denied(yaml, role)).toHaveLength(needs === 'never' ? found.length : 0);
  });
});

it('the recipes of the guide ask for nothing that has to be allowed', async () => {
  const folder = new URL('../recipes/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  expect(names).toHaveLength(4);
  for (const name of names) {
    const { body } = await held.api.ask('/api/validate', { as: held.api.people.operator, json: { yaml: await readFile(new URL(name, folder), 'utf8') } });
    expect((body as Validated).errors.filter(({ code }) => code === 'permission_denied')).toEqual([]);
  }
});

describe('what is refused', () => {
  const yaml = document('networks: [host]');

  it('is refused by diff, apply and rollback alike, with its place; allowed, they go on', async () => {
    await allow();
    const { people } = held.api;
    const { body } = await held.api.ask('/api/deploys', { as: people.operator, json: { yaml } });
    const { deploy_id: id } = body as { deploy_id: string };
    for (const path of ['diff', 'apply', 'rollback/1']) {
      for (const role of ['operator', 'admin'] as const) {
        const answer = await held.api.ask(`/api/deploys/${id}/${path}`, { method: 'POST', as: people[role], json: {} });
        expect({ path, role, status: answer.status, body: answer.body }).toMatchObject({ status: 403, body: { code: 'permission_denied', errors: [{ path: 'components.web.run.networks[0]', line: 7 }] } });
      }
    }
    expect(await held.api.db.rollout.count({ where: { deploy_id: id } })).toBe(0);
    await allow('host_network');
    const { status, body: opened } = await held.api.ask(`/api/deploys/${id}/apply`, { method: 'POST', as: people.operator, json: {} });
    expect({ status, opened }).toMatchObject({ status: 202 });
  });

  test('is allowed by administrators alone, for one node, and recorded', async () => {
    await allow();
    for (const role of ['operator', 'viewer'] as const) expect((await held.api.ask(`/api/nodes/${node}`, { method: 'PATCH', as: held.api.people[role], json: { allow: ['host_network'] } })).status).toBe(403);
    expect((await held.api.db.node.findUniqueOrThrow({ where: { id: node } })).allow).toEqual([]);
    expect((await allow('privileged')).status).toBe(422);
    expect((await allow('host_network', 'host_network')).body).toMatchObject({ name: 'h1', allow: ['host_network'] });
    const entry = await held.api.db.auditEntry.findFirst({ where: { action: 'node.allow', result: 'ok', target: node }, orderBy: { id: 'desc' } });
    expect(entry?.details).toEqual({ node: 'h1', before: [], after: ['host_network'] });
    await held.api.enroll('h2');
    const { errors } = (await held.api.ask('/api/validate', { as: held.api.people.admin, json: { yaml: yaml.replaceAll('h1', 'h2') } })).body as Validated;
    expect(errors.map(({ code }) => code)).toEqual(['permission_denied']);
    expect((await held.api.ask('/api/nodes/nod_aaaaaaaaaaaaaaaa', { method: 'PATCH', as: held.api.people.admin, json: { allow: [] } })).status).toBe(404);
  });
});

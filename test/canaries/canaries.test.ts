/**
 * Twenty secrets of every shape, in every place where one may stand, through applies that end well and badly, rollbacks and
 * questions about what runs; everything that has them prints them in all forms. They are nowhere where they should not be.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { FleetHost } from '../fleet/fleet.js';
import { basic, PrivateServers } from '../host-worker/private-servers.js';
import { ApiClient, type Plan, type Rollout, states } from '../rollouts/api-client.js';
import { EventLog } from '../rollouts/event-log.js';
import { startWorld, type World } from '../rollouts/world.js';
import { document, files, pathOf, plain, program, sealed, sick } from './document.js';
import { finder, type Hit } from './find.js';
import { placesOnHost, startSampler, stopSampler } from './host-places.js';
import { answers, idsOf, processes, storedFiles, tables } from './places.js';
import { type Canary, formsOf, needlesOf, newCanary, shapes } from './values.js';

let world: World;
let servers: PrivateServers;
const people: Record<string, ApiClient> = {};
const watched: Record<string, EventLog> = {};

const canaries: Canary[] = shapes.map(newCanary);
const added = (canary: Canary): Canary => { canaries.push(canary); return canary; };
const [login, wrong] = [added(newCanary((core) => `deploy:${core()}"$ \\Z+/=`)), added(newCanary((core) => `deploy:${core()}&<ä>`))];

const host = (): FleetHost => world.host('h1');
async function run(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host().exec(['sh', '-ec', script], { timeoutMs: 60_000 });
  if (exitCode !== 0) throw new Error(`${script.slice(0, 80)}: ${stderr}`);
  return stdout;
}

const set = (path: string, { value }: Canary): Promise<unknown> => world.api.ok('PUT', `/api/secrets/${path}`, { value });

/** An image with Python, out of the host's own files. */
const makeImage = (): Promise<string> => run(`
  cd / && { echo usr/bin/python3; readlink -f usr/bin/python3; ls -d usr/lib/python3.*; echo bin/sh; echo usr/bin/dash; for file in usr/bin/python3 usr/bin/dash usr/lib/python3.*/lib-dynload/_json.*.so; do ldd $file | grep -o '/[^ ]*'; done; } | sort -u |
  tar -h -c --exclude=__pycache__ --exclude=test --exclude=config-3.* -T - 2>/dev/null | docker import -c 'ENV PATH=/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8' - demo/printer:1 >/dev/null
  docker push -q demo/printer:1 >/dev/null && docker rmi demo/printer:1 >/dev/null`);

async function person(role: string): Promise<ApiClient> {
  const { password } = await world.api.ok<{ password: string }>('POST', '/api/users', { username: role, role });
  const client = new ApiClient(world.stack.url);
  await client.ok('POST', '/api/auth/login', { username: role, password });
  await client.ok('POST', '/api/auth/change-password', { current_password: password, new_password: `correct ${role} battery` });
  return client;
}

beforeAll(async () => {
  world = await startWorld(['h1']);
  await host().writeFile(program, await readFile(new URL('print.py', import.meta.url)));
  servers = await PrivateServers.start(world.fleet);
  Object.assign(servers, { admitted: basic(...(login.value.split(/:(.*)/s).slice(0, 2) as [string, string])), echoes: true });
  // Docker writes what a registry answers into its own log, and a registry that repeats a login has it anyway.
  servers.before = ({ url }) => { servers.echoes = url?.startsWith('/v2/') !== true; return false; };
  [people['admin'], people['operator'], people['viewer']] = [world.api, await person('operator'), await person('viewer')];
  watched['admin'] = world.events;
  for (const role of ['operator', 'viewer']) {
    const log = new EventLog(world.stack.url, people[role] ?? world.api);
    watched[role] = log;
    await log.open();
  }
  await Promise.all([makeImage(), servers.commit({ 'index.html': 'private' }), startSampler(host())]);
}, 900_000);
afterAll(async () => {
  for (const log of Object.values(watched)) log.close();
  await (servers as PrivateServers | undefined)?.stop();
  await (world as World | undefined)?.stop();
}, 120_000);

/** A sweep of everything there is. */
async function sweep(of: readonly Canary[]): Promise<Hit[]> {
  const find = finder(needlesOf(of));
  const hits: Hit[] = [];
  const look = (name: string, bytes: Buffer): void => { hits.push(...find(name, bytes)); };
  for await (const { name, bytes } of answers(people, await idsOf(world.api))) look(name, bytes);
  for await (const { name, bytes } of tables(world)) look(name, bytes);
  for await (const { name, bytes } of processes()) look(name, bytes);
  for await (const { name, bytes } of storedFiles(world.stack.dataDir)) look(name, bytes);
  for (const { name, bytes } of await placesOnHost(host())) look(name, bytes);
  for (const [who, { seen }] of Object.entries(watched)) look(`events of ${who}`, Buffer.from(JSON.stringify(seen)));
  return hits;
}

const variant = (): { repo: string; registry: string } => ({ repo: servers.repo, registry: servers.registryName });
const failuresOf = ({ steps }: Rollout): Record<string, string | null> => Object.fromEntries(steps.map(({ step, failure }) => [step, failure === null ? null : `${failure.code}: ${failure.message}`]));
const logsOf = async (deployId: string, component: string): Promise<string> => (await fetch(`${world.stack.url}/api/deploys/${deployId}/components/${component}/logs?tail=5000&format=text`, { headers: { cookie: world.api.cookie }, signal: AbortSignal.timeout(30_000) })).text();
async function until(what: string, is: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (is()) return;
    await sleep(100);
  }
  throw new Error(`never: ${what}`);
}

describe('what has secrets prints them', () => {
  let deployId: string;

  test('a login that is not taken, and is repeated by the server, fails the steps that need it', async () => {
    for (const [index, canary] of canaries.slice(0, shapes.length).entries()) await set(pathOf(index), canary);
    for (const name of ['git', 'registry']) await set(`canary/${name}`, wrong);
    deployId = await world.api.deploy(document(variant()), files);
    const rollout = await world.api.apply(deployId);
    expect(failuresOf(rollout)).toEqual({ 'h1/app': expect.stringMatching(/^auth_error: /), 'h1/unit': null, 'h1/web': expect.stringMatching(/^auth_error: /) });
    await world.api.ok('POST', `/api/rollouts/${rollout.rollout_id}/abort`, {});
    await world.api.ended(rollout.rollout_id);
  }, 120_000);

  test('an apply that ends well brings every value whole to where it is for', async () => {
    for (const name of ['git', 'registry']) await set(`canary/${name}`, login);
    await world.api.newVersion(deployId, `${document(variant())}# with the right logins\n`, files);
    const rollout = await world.api.apply(deployId);
    expect([failuresOf(rollout), states(rollout)]).toEqual([{ 'h1/app': null, 'h1/unit': null, 'h1/web': null }, { 'h1/app': 'succeeded', 'h1/unit': 'unchanged', 'h1/web': 'succeeded' }]);
    const digests = (text: string): string[] => text.split('\0').filter((line) => line.startsWith('CANARY_')).sort().map((line) => createHash('sha256').update(line.replace(/^CANARY_c\d\d=/, '')).digest('hex'));
    const wanted = canaries.slice(0, shapes.length).map(({ value }) => createHash('sha256').update(value).digest('hex'));
    expect(digests(await run('cat /proc/$(docker inspect -f "{{.State.Pid}}" canary-web)/environ'))).toEqual(wanted);
    expect(digests(await run('cat /proc/$(systemctl show --value --property=MainPID canary-unit)/environ'))).toEqual(wanted.slice(0, 19));
    expect(createHash('sha256').update(await host().readFile('/etc/canaries/all.txt')).digest('hex')).toBe(createHash('sha256').update(canaries.slice(0, shapes.length).map(({ value }) => value).join('\n--\n')).digest('hex'));
  }, 120_000);

  test('what ran, what is built and what is tested was heard, without them', async () => {
    const { rollout_id: id } = (await world.api.ok<{ items: { rollout_id: string }[] }>('GET', `/api/rollouts?deploy_id=${deployId}`)).items[0] ?? { rollout_id: '' };
    const log = JSON.stringify(world.events.seen.filter((event) => event.rollout_id === id));
    expect(log).toContain('password=[secret]');
    for (const component of ['web', 'unit']) expect(await logsOf(deployId, component)).toContain('password=[secret]');
  }, 60_000);

  test('checks that fail say what they printed without them, when asked for; what is watched says that it failed', async () => {
    await run(`touch ${sick}`);
    for (const component of ['web', 'unit']) {
      const { hosts: [answer] } = await world.api.ok<{ hosts: { ok: boolean; detail: string }[] }>('POST', `/api/deploys/${deployId}/components/${component}/healthcheck`, {});
      expect([component, answer?.ok, answer?.detail]).toEqual([component, false, expect.stringMatching(/^command exited with 4: .*\[secret\]/)]);
    }
    await until('both are seen as unhealthy', () => ['web', 'unit'].every((component) => world.events.seen.some((event) => event.type === 'component.state' && event.component === component && event.data['state'] === 'unhealthy')));
    const plan = await world.api.diff(deployId);
    expect(plan.hosts[0]?.components.map(({ reasons }) => reasons.join()).join()).toContain('command exited with 4');
    await run(`rm ${sick}`);
  }, 60_000);

  test('an apply with new values fails in all three ways, and each says why without them', async () => {
    for (const index of [0, 5, 9, 17]) await set(pathOf(index), added(newCanary(shapes[index])));
    await set('canary/new', added(newCanary()));
    await world.api.newVersion(deployId, document({ ...variant(), broken: true }).replace('CANARY_c00: "{{ vault://canary/c00 }}"', 'CANARY_c00: "{{ vault://canary/new }}-{{ vault://canary/c00 }}"'), files);
    const rollout = await world.api.apply(deployId);
    expect(failuresOf(rollout)).toEqual({ 'h1/app': expect.stringMatching(/^build_failed/), 'h1/unit': expect.stringMatching(/^test_failed/), 'h1/web': expect.stringMatching(/^(runtime_error|healthcheck_failed)/) });
    // Of a container, its two streams come in either order: the end of one may be cut away by the other.
    for (const { failure } of rollout.steps) expect(failure?.output_tail).toContain('[secret]');
    // The active version is the one before, and what was started and taken back has printed values of the newer one.
    for (const component of ['web', 'unit']) await logsOf(deployId, component);
    await world.api.ok('POST', `/api/rollouts/${rollout.rollout_id}/abort`, {});
    await world.api.ended(rollout.rollout_id);
  }, 120_000);

  test('a rollback, by its plan, brings back the values from before', async () => {
    const { plan_id: plan } = await world.api.ok<Plan>('POST', `/api/deploys/${deployId}/rollback/2?dry_run=true`, {});
    const { rollout_id: id } = await world.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${deployId}/rollback/2`, { plan_id: plan });
    expect((await world.api.settled(id)).state).toBe('succeeded');
    await logsOf(deployId, 'unit');
  }, 120_000);
});

describe('a component that comes back with a sealed file', () => {
  let deployId: string;
  const values = { web: added(newCanary(shapes[1])), side: added(newCanary(shapes[6])) };
  const valueOf = async (id: string): Promise<string | undefined> => (await host().dockerInspect(`sealed-${id}`))?.Config.Env?.find((one) => one.startsWith('SEALED='))?.slice('SEALED='.length);
  const seal = async (secrets: Record<string, Canary>): Promise<string> => (await world.api.ok<{ file: string }>('POST', '/api/secrets/seal', { secrets: Object.fromEntries(Object.entries(secrets).map(([id, { value }]) => [`sealed/${id}`, value])) })).file;
  const back = (version: number, body = {}) => world.api.send<{ rollout_id: string; code: string; message: string }>('POST', `/api/deploys/${deployId}/components/web/rollback`, { version, ...body });

  test('has the value of the file that both versions share, and the other one is not touched', async () => {
    const file = await seal(values);
    deployId = await world.api.deploy(sealed('1'), { 'credentials.yaml': file });
    expect(states(await world.api.apply(deployId))).toEqual({ 'h1/web': 'succeeded', 'h1/side': 'succeeded' });
    const [before, side] = [await host().dockerInspect('sealed-web'), (await host().dockerInspect('sealed-side'))?.Image];
    await world.api.newVersion(deployId, sealed('2'), { 'credentials.yaml': file });
    expect(states(await world.api.apply(deployId))).toEqual({ 'h1/web': 'succeeded', 'h1/side': 'succeeded' });
    const other = await host().dockerInspect('sealed-side');
    const { body } = await back(1);
    expect(states(await world.api.settled(body.rollout_id))).toEqual({ 'h1/web': 'succeeded' });
    expect([(await host().dockerInspect('sealed-web'))?.Image, await valueOf('web') === values.web.value]).toEqual([before?.Image, true]);
    expect([(await host().dockerInspect('sealed-side'))?.Id, other?.Image === side, await valueOf('side') === values.side.value]).toEqual([other?.Id, false, true]);
    expect(states(await world.api.apply(deployId))).toEqual({ 'h1/web': 'unchanged', 'h1/side': 'unchanged' });
  }, 120_000);

  test('is refused where its version has another file; the whole deploy goes back, with the file of that version', async () => {
    const newer = { web: added(newCanary(shapes[17])), side: added(newCanary(shapes[3])) };
    await world.api.newVersion(deployId, sealed('2'), { 'credentials.yaml': await seal(newer) });
    expect(states(await world.api.apply(deployId))).toEqual({ 'h1/web': 'succeeded', 'h1/side': 'succeeded' });
    expect(await valueOf('web') === newer.web.value).toBe(true);
    expect(await back(1)).toMatchObject({ status: 409, body: { code: 'conflict', message: expect.stringContaining('credentials_ref') } });
    const { rollout_id: id } = await world.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${deployId}/rollback/1`, {});
    expect((await world.api.settled(id)).state).toBe('succeeded');
    expect([await valueOf('web') === values.web.value, await valueOf('side') === values.side.value]).toEqual([true, true]);
  }, 120_000);
});

describe('the sweep', () => {
  test('finds none of them: tables, Temporal, logs, events, answers, processes, journal, the worker\'s state, releases', async () => {
    await stopSampler(host());
    const hits = await sweep(canaries);
    expect(hits.slice(0, 40)).toEqual([]);
  }, 120_000);

  test('and would have: one that is planted is found in every place, in each of its forms', async () => {
    const planted = newCanary(shapes[3]);
    const [core = ''] = planted.cores;
    const forms = formsOf(planted.value);
    const children: ChildProcess[] = [];
    const connection = await Connection.connect({ address: world.stack.temporalAddress });
    try {
      await new Client({ connection }).workflow.start('nobody', { taskQueue: 'nobody', workflowId: `planted-${core}`, workflowExecutionTimeout: 60_000 });
      await appendFile(join(world.stack.dataDir, 'logs', 'api.log'), forms.map(([, text]) => `${text}\n`).join(''));
      await host().exec(['systemd-cat', 'echo', core]);
      for (const path of ['/var/lib/maestro/planted', '/etc/systemd/system/planted.service', '/tmp/planted', '/opt/x/.releases/y', '/run/sampler.cmdline', '/run/sampler.environ']) await host().writeFile(path, planted.value);
      await run(`docker create --label planted=${core} demo/web:2 >/dev/null`);
      children.push(spawn('sleep', ['60'], { argv0: core, stdio: 'ignore' }), spawn('env', ['-i', `CANARY=${core}`, 'sleep', '60'], { stdio: 'ignore' }));
      await world.api.ok('POST', '/api/users', { username: core, role: 'viewer' });
      const { state } = await world.api.apply(await world.api.deploy(plain(core)));
      expect(state).toBe('succeeded');
      const hits = await sweep([planted]);
      expect(new Set(hits.map(({ form }) => form))).toEqual(new Set(needlesOf([planted]).map(({ form }) => form)));
      const places = hits.map(({ place }) => place);
      for (const wanted of [
        /^table deploys$/, /^table audit$/, /^GET \/api\/audit as admin$/, ...['operator', 'viewer'].map((who) => new RegExp(`^GET /api/deploys/dpl_\\S+ as ${who}$`)), ...['admin', 'operator', 'viewer'].map((who) => new RegExp(`^events of ${who}$`)), /api\.log$/, /temporal.*\.(db|sqlite)/, /^cmdline of a process$/, /^environ of a process$/,
        ...['journal', 'cmdline', 'environ', 'state of the worker', 'units', 'releases', 'temporary files', 'what Docker tells of containers'].map((name) => new RegExp(`^h1: ${name}$`)),
      ]) expect(places).toContainEqual(expect.stringMatching(wanted));
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await connection.close();
    }
  }, 120_000);
});

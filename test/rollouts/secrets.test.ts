/** Recipe 03 on a real host: fetched, built, configured and started with its secrets, which are nowhere else. */
import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrivateServers, basic } from '../host-worker/private-servers.js';
import { states, stepOf } from './api-client.js';
import { sweep } from './sweep.js';
import { startWorld, type World } from './world.js';

let world: World;
beforeAll(async () => { world = await startWorld(['api-01', 'db-01']); }, 900_000);
afterAll(() => world?.stop(), 120_000);

const serverSource = `
const { createServer } = require('node:http');
const { createHash } = require('node:crypto');
const digest = (name) => createHash('sha256').update(process.env[name] ?? '').digest('hex');
createServer((request, response) => response.end(request.url === '/health' ? 'ok' : JSON.stringify({ version: VERSION, token: digest('TOKEN') }))).listen(3000);
`;
/** What the repository holds: a program that its own build puts together. */
const repository: Record<string, string> = {
  'package.json': JSON.stringify({ name: 'api', version: '1.0.0', private: true, scripts: { build: 'node build.js' } }),
  'package-lock.json': JSON.stringify({ name: 'api', version: '1.0.0', lockfileVersion: 3, requires: true, packages: { '': { name: 'api', version: '1.0.0' } } }),
  'build.js': `require('fs').mkdirSync('dist', { recursive: true }); require('fs').writeFileSync('dist/server.js', require('fs').readFileSync('server.js', 'utf8').replace('VERSION', JSON.stringify(require('./package.json').version))); console.log('built as', require('os').userInfo().username);`,
  'server.js': serverSource,
};
const template = 'DB_HOST={{ DB_HOST }}\nDB_PORT={{ DB_PORT }}\nLOG_LEVEL={{ LOG_LEVEL }}\nDB_PASSWORD={{ DB_PASSWORD }}\nJWT_SECRET={{ JWT_SECRET }}\n';
const gitAddress = 'file:///srv/git/api.git';

async function push(files: Record<string, string>): Promise<void> {
  const host = world.host('api-01');
  for (const [path, text] of Object.entries(files)) await host.writeFile(`/srv/work/${path}`, text);
  const script = `set -e
    git init -q --bare -b main /srv/git/api.git
    cd /srv/work && git init -q -b main && git add -A
    git -c user.name=t -c user.email=t@t commit -q -m change && git push -q /srv/git/api.git main
    chmod -R a+rX /srv/git`;
  const { exitCode, stderr } = await host.exec(['bash', '-s'], { input: script });
  if (exitCode !== 0) throw new Error(stderr);
}

const setSecret = (path: string, value: string): Promise<unknown> => world.api.ok('PUT', `/api/secrets/${path}`, { value });
/** As a password generator makes them, with what has to be quoted; the backslash stands before nothing that `echo` would take for a sign of its own. */
const newSecret = (): string => `${randomBytes(9).toString('base64url')}"$ \\Z${randomBytes(9).toString('base64url')}`;
const served = async (): Promise<{ version: string; token: string }> => (await fetch(`http://${world.host('api-01').address}:3000/`)).json() as Promise<{ version: string; token: string }>;
const recipe = async (): Promise<string> => (await world.recipe('03-templates-secrets.yaml')).replace('https://github.com/acme/api.git', gitAddress);

describe('recipe 03: templates and secrets', () => {
  const [password, jwt] = [newSecret(), newSecret()];
  let deployId: string;

  test('is refused until its secrets are there, and names them', async () => {
    await push(repository);
    deployId = await world.api.deploy(await recipe(), { 'configs/api.env.j2': template });
    const { status, body } = await world.api.send<{ errors: { message: string }[] }>('POST', `/api/deploys/${deployId}/apply`, {});
    expect([status, body.errors.map(({ message }) => message).sort()]).toEqual([422, ['there is no secret "db/password" in the vault', 'there is no secret "jwt/secret" in the vault']]);
  }, 120_000);

  test('is fetched, built as an unprivileged user, configured and started', async () => {
    await setSecret('db/password', password);
    await setSecret('jwt/secret', jwt);
    const rollout = await world.api.apply(deployId);
    expect({ states: states(rollout), failure: stepOf(rollout, 'api-01/api').failure }).toEqual({ states: { 'api-01/api': 'succeeded' }, failure: null });
    expect(stepOf(rollout, 'api-01/api').phases?.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['files', 'start', 'health']));
    expect(await served()).toMatchObject({ version: '1.0.0' });
    const host = world.host('api-01');
    expect(await host.readFile('/etc/acme/api.env')).toBe(`DB_HOST=${world.host('db-01').address}\nDB_PORT=5432\nLOG_LEVEL=info\nDB_PASSWORD=${password}\nJWT_SECRET=${jwt}\n`);
    expect((await host.exec(['stat', '-c', '%a', '/etc/acme/api.env'])).stdout.trim()).toBe('640');
    expect((await host.exec(['sh', '-c', 'stat -c %U /proc/$(systemctl show --value --property=MainPID acme-api.service)'])).stdout.trim()).toBe('deploy');
    expect(JSON.stringify(world.events.seen)).toContain('built as maestro-build');
  }, 240_000);

  test('a second apply changes nothing; a new commit and a new secret come with the next version', async () => {
    expect(states(await world.api.apply(deployId))).toEqual({ 'api-01/api': 'unchanged' });
    await push({ 'package.json': JSON.stringify({ name: 'api', version: '1.1.0', private: true, scripts: { build: 'node build.js' } }) });
    const changed = newSecret();
    await setSecret('jwt/secret', changed);
    expect(states(await world.api.apply(deployId))).toEqual({ 'api-01/api': 'unchanged' });
    await world.api.newVersion(deployId, await recipe(), { 'configs/api.env.j2': template });
    const plan = await world.api.diff(deployId);
    expect(plan.hosts[0]?.components[0]?.files.map(({ path }) => path)).toEqual(['/etc/acme/api.env']);
    expect(JSON.stringify(plan)).not.toContain(changed.slice(0, 12));
    expect(states(await world.api.apply(deployId))).toEqual({ 'api-01/api': 'succeeded' });
    expect(await served()).toMatchObject({ version: '1.1.0' });
    expect(await world.host('api-01').readFile('/etc/acme/api.env')).toContain(`JWT_SECRET=${changed}\n`);
  }, 240_000);

  test('a rollback brings back the commit and the secret of its version', async () => {
    const { rollout_id: id } = await world.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${deployId}/rollback/1`, {});
    expect((await world.api.settled(id)).state).toBe('succeeded');
    expect(await served()).toMatchObject({ version: '1.0.0' });
    expect(await world.host('api-01').readFile('/etc/acme/api.env')).toContain(`JWT_SECRET=${jwt}\n`);
  }, 240_000);
});

describe('ten secrets in every place where one may stand', () => {
  const secrets = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`sweep/s${index}`, newSecret()]));
  const values = Object.values(secrets);
  const vault = (index: number): string => `{{ vault://sweep/s${index} }}`;
  let rolloutId: string;
  let deployId: string;
  const paths = (): string[] => [
    `/api/deploys/${deployId}`, `/api/deploys/${deployId}/versions`, `/api/deploys/${deployId}/versions/1`, `/api/rollouts/${rolloutId}`, `/api/rollouts/${rolloutId}/log`, '/api/rollouts', '/api/deploys', '/api/nodes', '/api/secrets',
  ];

  test('reach the files, the processes and the builds that they are for', async () => {
    for (const [path, value] of Object.entries(secrets)) await setSecret(path, value);
    await world.host('db-01').exec(['sh', '-c', 'true']);
    const yaml = (await recipe()).replace('project: acme', 'project: swept').replace('unit_name: acme-api', 'unit_name: swept-api').replaceAll('/opt/acme-api', '/opt/swept-api').replace('/etc/acme/api.env', '/etc/acme/swept.env')
      .replace('{{ vault://db/password }}', vault(0)).replace('{{ vault://jwt/secret }}', `${vault(1)}-${vault(2)}`).replace('localhost:3000', 'localhost:3000')
      .replace('- command: npm run build', `- command: npm run build && printf %s "$BUILD_TOKEN" | sha256sum > token.sha256 && echo "token is $BUILD_TOKEN"\n        env: { BUILD_TOKEN: "${vault(3)}", OTHER: "a${vault(4)}" }`)
      .replace('      user: deploy', `      user: deploy\n      env: { TOKEN: "${vault(5)}", URL: "pg://u:${vault(6)}@h", PLAIN: seen }`)
      .replace('deployment:', `  web:
    source: { type: docker, image: demo/web, tag: "1" }
    config:
      secrets: { A: "${vault(7)}" }
      templates: [{ source: web.j2, dest: /etc/acme/web.conf }]
    run: { type: docker, container_name: swept-web, env: { TOKEN: "${vault(8)}", MORE: "{{ secrets.A }}${vault(9)}" } }
deployment:`).replace('components: [api]', 'components: [api, web]');
    const { items } = await world.api.ok<{ items: { deploy_id: string }[] }>('GET', '/api/deploys');
    for (const { deploy_id } of items) await world.api.ok('DELETE', `/api/deploys/${deploy_id}`);
    await world.host('api-01').exec(['systemctl', 'disable', '--now', 'acme-api.service']);
    deployId = await world.api.deploy(yaml, { 'configs/api.env.j2': template, 'web.j2': 'a = {{ A | dump }}\n' });
    const rollout = await world.api.apply(deployId);
    rolloutId = rollout.rollout_id;
    expect({ states: states(rollout), failures: rollout.steps.map(({ failure }) => failure?.message) }).toEqual({ states: { 'api-01/api': 'succeeded', 'api-01/web': 'succeeded' }, failures: [undefined, undefined] });
    const host = world.host('api-01');
    const read = async (script: string): Promise<string> => (await host.exec(['sh', '-c', script])).stdout;
    const [unit, web] = await Promise.all([read(`tr '\\0' '\\n' </proc/$(systemctl show --value --property=MainPID swept-api.service)/environ`), read(`docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' swept-web`)]);
    expect(unit).toContain(`TOKEN=${values[5] ?? ''}\n`);
    expect(unit).toContain(`URL=pg://u:${values[6] ?? ''}@h\n`);
    expect(web).toContain(`MORE=${values[7] ?? ''}${values[9] ?? ''}\n`);
    expect(await host.readFile('/etc/acme/swept.env')).toContain(`JWT_SECRET=${values[1] ?? ''}-${values[2] ?? ''}\n`);
    expect(await host.readFile('/etc/acme/web.conf')).toBe(`a = ${JSON.stringify(values[7])}\n`);
    const built = await read('cat /opt/swept-api/token.sha256');
    expect(built.split(' ')[0]).toBe((await host.exec(['sha256sum'], { input: values[3] ?? '' })).stdout.split(' ')[0]);
    await world.api.diff(deployId);
  }, 300_000);

  test('are nowhere else: database, Temporal, logs, events, answers, process lists, units, the host\'s journal', async () => {
    expect(await sweep(world, values, paths())).toEqual([]);
  }, 120_000);

  test('and the sweep would have seen one: planted ones are found, in each of their forms', async () => {
    const planted = newSecret();
    await appendFile(join(world.stack.dataDir, 'logs', 'api.log'), `${planted}\n${Buffer.from(`xx${planted}`).toString('base64')}\n`);
    await world.host('db-01').exec(['systemd-cat', 'echo', planted]);
    const id = await world.api.deploy((await recipe()).replace('project: acme', `project: planted\ndescription: ${JSON.stringify(planted)}`), { 'configs/api.env.j2': template });
    const hits = await sweep(world, [planted], [`/api/deploys/${id}/versions/1`]);
    expect(new Set(hits.map(({ form }) => form))).toEqual(new Set(['raw', 'part', 'json', 'base64']));
    for (const place of [/^table deploys$/, /api\.log$/, /^db-01: journal$/, /^GET \/api\/deploys\//]) expect(hits.map((hit) => hit.place)).toContainEqual(expect.stringMatching(place));
  }, 120_000);
});

describe('logins for a repository and a registry', () => {
  const [token, wrong] = [newSecret(), newSecret()];
  let servers: PrivateServers;
  beforeAll(async () => {
    servers = await PrivateServers.start(world.fleet);
    Object.assign(servers, { admitted: basic('deploy', token), echoes: false });
    await servers.commit({ 'index.html': 'private' });
  }, 120_000);
  afterAll(() => (servers as PrivateServers | undefined)?.stop());
  const yaml = (): string => `api_version: maestro/v1
project: private
hosts: { api-01: {} }
components:
  app:
    source: { type: git, repo: "${servers.repo}", ref: main, credentials_ref: "vault://private/git" }
    run: { type: systemd, command: /usr/bin/python3 -m http.server 8123, working_directory: /opt/private-app }
  web:
    source: { type: docker, image: "${servers.registryName}/demo/web", tag: "1", credentials_ref: "{{ vault://private/registry }}" }
    run: { type: docker, container_name: private-web }
deployment:
  - { host: api-01, components: [app, web], strategy: parallel }
`;
  let deployId: string;
  const rollouts: string[] = [];
  const set = async (value: string): Promise<void> => { for (const name of ['git', 'registry']) await setSecret(`private/${name}`, `deploy:${value}`); };

  test('that are wrong pause the rollout, and say where they were not taken', async () => {
    await set(wrong);
    deployId = await world.api.deploy(yaml());
    const rollout = await world.api.apply(deployId);
    rollouts.push(rollout.rollout_id);
    expect(states(rollout)).toEqual({ 'api-01/app': 'failed', 'api-01/web': 'failed' });
    for (const [component, place] of [['app', servers.repo], ['web', `${servers.registryName}/demo/web:1`]] as const) {
      expect(stepOf(rollout, `api-01/${component}`).failure).toMatchObject({ code: 'auth_error', message: expect.stringMatching(new RegExp(`did not take the login of ${component} on api-01 for .*${place}`)), fix: expect.stringContaining('credentials_ref') });
    }
    await world.api.ok('POST', `/api/rollouts/${rollout.rollout_id}/abort`, {});
    await world.api.ended(rollout.rollout_id);
  }, 120_000);

  test('that are right are used by plan, apply and rollback; another one alone changes nothing', async () => {
    await set(token);
    await world.api.newVersion(deployId, yaml());
    const plan = await world.api.diff(deployId);
    expect(plan.hosts[0]?.components.map(({ component, action, reasons }) => [component, action, reasons.filter((reason) => reason.includes('could not'))])).toEqual([['app', 'create', []], ['web', 'create', []]]);
    const applied = await world.api.apply(deployId);
    rollouts.push(applied.rollout_id);
    expect(states(applied)).toEqual({ 'api-01/app': 'succeeded', 'api-01/web': 'succeeded' });
    expect(await world.host('api-01').readFile('/opt/private-app/index.html')).toBe('private');
    await setSecret('private/git', JSON.stringify({ username: 'deploy', password: token }));
    await world.api.newVersion(deployId, `${yaml()}# again\n`);
    const again = await world.api.apply(deployId);
    rollouts.push(again.rollout_id);
    expect(states(again)).toEqual({ 'api-01/app': 'unchanged', 'api-01/web': 'unchanged' });
    await world.host('api-01').exec(['sh', '-c', 'docker rm -f private-web; docker image prune -af; rm -rf /opt/maestro/.releases/*/app/*; rm -f /opt/private-app']);
    const { rollout_id: back } = await world.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${deployId}/rollback/2`, {});
    rollouts.push(back);
    expect(states(await world.api.settled(back))).toEqual({ 'api-01/app': 'succeeded', 'api-01/web': 'succeeded' });
  }, 240_000);

  test('are nowhere else: database, Temporal, logs, events, answers, process lists, the host\'s journal', async () => {
    const paths = [`/api/deploys/${deployId}`, `/api/deploys/${deployId}/versions/2`, ...rollouts.flatMap((id) => [`/api/rollouts/${id}`, `/api/rollouts/${id}/log`]), '/api/secrets'];
    expect(await sweep(world, [token, wrong], paths)).toEqual([]);
  }, 120_000);
});

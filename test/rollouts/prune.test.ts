/** What a deploy made and does not have any more goes when it is asked for; nothing else ever does. */
import { startWorld, type World } from './world.js';
import { stepOf } from './api-client.js';

let world: World;
beforeAll(async () => {
  world = await startWorld(['h1', 'h2']);
}, 900_000);
afterAll(() => world?.stop(), 120_000);

/** `old` is in the first version only; `moved` goes from h1 to h2. */
const document = (version: 1 | 2): string => `api_version: maestro/v1
project: pruned
hosts: { h1: {}, h2: {} }
components:
  stays:
    run: { type: systemd, unit_name: stays.service, command: /bin/sleep infinity }
    config: { files: [{ source: app.conf, dest: /etc/pruned/stays.conf }${version === 1 ? ', { source: app.conf, dest: /etc/pruned/extra.conf }' : ''}] }
  moved:
    source: { type: docker, image: demo/web, tag: "1" }
    run: { type: docker, container_name: moved, env: { CONFIG: /server }, networks: [pruned-net], volumes: ["pruned-data:/data"] }
${version === 1 ? `  old:
    run: { type: systemd, unit_name: old.service, command: /bin/sleep infinity }
    config: { files: [{ source: app.conf, dest: /etc/pruned/old.conf }, { source: tree, dest: /srv/pruned-tree, strategy: atomic_symlink }] }
    depends_on: [stays]
` : ''}deployment:
  - { host: h1, components: [stays${version === 1 ? ', moved, old' : ''}], strategy: parallel }
${version === 2 ? '  - { host: h2, components: [moved] }\n' : ''}`;
const files = { 'app.conf': 'a\n', 'tree/index.html': 'hello\n' };

const onHost = async (host: string, ...argv: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await world.host(host).exec(argv);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return stdout;
};
const isThere = async (host: string, path: string): Promise<boolean> => (await world.host(host).exec(['test', '-e', path])).exitCode === 0;
const names = async (host: string, kind: 'ps' | 'network' | 'volume'): Promise<string[]> => (await onHost(host, 'docker', ...(kind === 'ps' ? ['ps', '--all', '--format', '{{.Names}}'] : [kind, 'ls', '--format', '{{.Name}}']))).trim().split('\n');

let deployId: string;

test('a component that left the document, or moved, goes by a prune; what is not the deploy\'s, and volumes, stay', async () => {
  deployId = await world.api.deploy(document(1), files);
  expect((await world.api.apply(deployId)).state).toBe('succeeded');
  await onHost('h1', 'docker', 'run', '--detach', '--name', 'somebody', '--network', 'bridge', 'demo/web:1');
  await world.host('h1').writeFile('/etc/pruned/somebody.conf', 'mine\n');
  await world.host('h1').writeFile('/srv/pruned-tree/notes', 'mine\n');
  await world.api.newVersion(deployId, document(2), files);

  const plan = await world.api.diff(deployId, { prune: true });
  expect(plan.summary['remove']).toBe(3);
  const removed = plan.hosts.find(({ host }) => host === 'h1')?.components.filter(({ action }) => action === 'remove') ?? [];
  expect(removed.map(({ component }) => component).sort()).toEqual(['moved', 'old', 'stays']);
  expect(removed.flatMap(({ reasons }) => reasons)).toEqual(expect.arrayContaining(['removes the container moved', 'removes the unit old.service', 'removes the file /etc/pruned/extra.conf', 'removes the network pruned-net']));
  expect(removed.flatMap(({ reasons }) => reasons).join()).not.toMatch(/somebody|volume/);
  expect(await names('h1', 'ps')).toContain('moved');

  const rollout = await world.api.apply(deployId, { prune: true });
  expect(rollout).toMatchObject({ state: 'succeeded', reason: '' });
  expect(stepOf(rollout, 'h1/moved')).toMatchObject({ state: 'succeeded', action: 'remove' });
  expect(stepOf(rollout, 'h1/old')).toMatchObject({ state: 'succeeded', action: 'remove' });
  expect(await names('h1', 'ps')).toEqual(['somebody']);
  expect(await names('h2', 'ps')).toEqual(['moved']);
  expect(await names('h1', 'network')).not.toContain('pruned-net');
  expect(await names('h1', 'volume')).toContain('pruned-data');
  expect((await world.host('h1').exec(['systemctl', 'is-active', 'old.service'])).stdout.trim()).not.toBe('active');
  for (const path of ['/etc/systemd/system/old.service', '/etc/systemd/system/multi-user.target.wants/old.service', '/etc/pruned/old.conf', '/etc/pruned/extra.conf', '/srv/pruned-tree/current', '/srv/pruned-tree/releases']) expect([path, await isThere('h1', path)]).toEqual([path, false]);
  for (const path of ['/etc/pruned/somebody.conf', '/etc/pruned/stays.conf', '/srv/pruned-tree/notes']) expect([path, await isThere('h1', path)]).toEqual([path, true]);
  expect((await world.host('h1').exec(['systemctl', 'is-active', 'stays.service'])).stdout.trim()).toBe('active');
  expect((await world.api.diff(deployId, { prune: true })).summary).toMatchObject({ remove: 0, create: 0, update: 0, restart: 0 });
}, 180_000);

test('a teardown removes all of it, then the deploy; volumes when asked', async () => {
  const answer = await world.api.send<{ rollout_id: string }>('DELETE', `/api/deploys/${deployId}?teardown=true&volumes=true`);
  expect(answer.status).toBe(202);
  const rollout = await world.api.ended(answer.body.rollout_id);
  expect(rollout).toMatchObject({ state: 'succeeded', kind: 'teardown' });
  expect(rollout.steps.map(({ step, state }) => [step, state])).toEqual(expect.arrayContaining([['h1/stays', 'succeeded'], ['h2/moved', 'succeeded']]));
  expect(await names('h1', 'ps')).toEqual(['somebody']);
  expect((await names('h2', 'ps')).filter((name) => name !== '')).toEqual([]);
  expect([...(await names('h1', 'volume')), ...(await names('h2', 'volume'))]).not.toContain('pruned-data');
  for (const path of ['/etc/systemd/system/stays.service', '/etc/pruned/stays.conf', '/var/lib/maestro/journal/placements/' + deployId + '/stays.json']) expect([path, await isThere('h1', path)]).toEqual([path, false]);
  expect((await world.api.send('GET', `/api/deploys/${deployId}`)).status).toBe(404);
}, 120_000);

test('a teardown that a silent host holds up says so, and the deploy stays until it is done again', async () => {
  deployId = await world.api.deploy(document(2), files);
  expect((await world.api.apply(deployId)).state).toBe('succeeded');
  await onHost('h2', 'systemctl', 'stop', world.host('h2').workerUnit);
  const first = await world.api.send<{ rollout_id: string }>('DELETE', `/api/deploys/${deployId}?teardown=true`);
  const failed = await world.api.ended(first.body.rollout_id);
  expect(failed).toMatchObject({ state: 'failed', reason: expect.stringContaining('h2') as string });
  expect(stepOf(failed, 'h2/moved').state).toBe('failed');
  expect(stepOf(failed, 'h1/stays').state).toBe('succeeded');
  expect((await world.api.send('GET', `/api/deploys/${deployId}`)).status).toBe(200);
  await onHost('h2', 'systemctl', 'start', world.host('h2').workerUnit);
  await world.api.waitForNodes(['h1', 'h2']);
  const again = await world.api.send<{ rollout_id: string }>('DELETE', `/api/deploys/${deployId}?teardown=true`);
  expect((await world.api.ended(again.body.rollout_id)).state).toBe('succeeded');
  expect((await names('h2', 'ps')).filter((name) => name !== '')).toEqual([]);
}, 240_000);

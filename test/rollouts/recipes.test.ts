/** The guide's recipes on real hosts, applied by REST: they run, in order; again changes nothing; reality is what counts. */
import { createHash } from 'node:crypto';
import { states, stepOf, type Plan, type PlannedComponent } from './api-client.js';
import { scheduledActivities } from './history.js';
import { startWorld, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld(['web-01', 'app-01', 'db-01', 'api-01', 'api-02']);
}, 900_000);
afterAll(() => world?.stop(), 120_000);

const component = (plan: Plan, host: string, name: string): PlannedComponent => {
  const found = plan.hosts.find((one) => one.host === host)?.components.find((one) => one.component === name);
  if (found === undefined) throw new Error(`the plan says nothing of ${name} on ${host}`);
  return found;
};

/** A second apply of what is there: nothing changes, and it costs one activity on each host and nothing else. */
async function expectNoOp(deployId: string, hosts: string[]): Promise<void> {
  const again = await world.api.apply(deployId);
  expect(again.state).toBe('succeeded');
  expect(new Set(Object.values(states(again)))).toEqual(new Set(['unchanged']));
  const scheduled = await scheduledActivities(world.temporal, again.workflow_id);
  expect(scheduled.map(({ type, queue }) => `${type} ${queue}`).sort()).toEqual(hosts.map((host) => `observe host-${host}`).sort());
}

describe('recipe 01: hello nginx', () => {
  let deployId: string;

  test('one apply makes the container run and answer', async () => {
    deployId = await world.api.deploy(await world.recipe('01-hello-nginx.yaml'));
    const rollout = await world.api.apply(deployId);
    expect(rollout).toMatchObject({ state: 'succeeded', version: 1, kind: 'apply' });
    expect(states(rollout)).toEqual({ 'web-01/web': 'succeeded' });
    expect((await fetch(`http://${world.host('web-01').address}/`)).status).toBe(200);
    const container = await world.host('web-01').dockerInspect('hello-web');
    expect(container?.Config.Labels).toMatchObject({ 'maestro.deploy': deployId, 'maestro.component': 'web', 'maestro.version': '1' });
  }, 240_000);

  test('a second apply changes nothing and costs exactly one activity', () => expectNoOp(deployId, ['web-01']), 60_000);

  test('a container removed by hand is named by diff, made again by apply', async () => {
    await world.host('web-01').exec(['docker', 'rm', '-f', 'hello-web']);
    const found = component(await world.api.diff(deployId), 'web-01', 'web');
    expect(found).toMatchObject({ action: 'create', observed_state: 'missing' });
    expect(found.fields).toEqual([expect.objectContaining({ field: 'container', kind: 'missing' })]);
    expect(states(await world.api.apply(deployId))).toEqual({ 'web-01/web': 'succeeded' });
    expect((await fetch(`http://${world.host('web-01').address}/`)).status).toBe(200);
  }, 120_000);

  test('a container stopped by hand is started again, not made again', async () => {
    const before = await world.host('web-01').dockerInspect('hello-web');
    await world.host('web-01').exec(['docker', 'stop', '-t', '1', 'hello-web']);
    const found = component(await world.api.diff(deployId), 'web-01', 'web');
    expect(found).toMatchObject({ action: 'restart' });
    expect(found.fields).toEqual([expect.objectContaining({ field: 'container.status', kind: 'stopped' })]);
    expect((await world.api.apply(deployId)).state).toBe('succeeded');
    expect((await world.host('web-01').dockerInspect('hello-web'))?.Id).toBe(before?.Id);
  }, 120_000);

  test('a container that somebody else owns is a conflict and stays untouched', async () => {
    const host = world.host('db-01');
    await host.exec(['docker', 'run', '-d', '--name', 'hello-web', 'nginx:1.27-alpine'], { timeoutMs: 120_000 });
    const before = await host.dockerInspect('hello-web');
    const yaml = (await world.recipe('01-hello-nginx.yaml')).replaceAll('web-01', 'db-01').replace('project: hello-web', 'project: foreign');
    const rollout = await world.api.apply(await world.api.deploy(yaml));
    expect(rollout.state).toBe('paused');
    expect(stepOf(rollout, 'db-01/web')).toMatchObject({ state: 'failed', failure: { code: 'conflict' } });
    expect((await host.dockerInspect('hello-web'))?.Id).toBe(before?.Id);
    await world.api.ok('POST', `/api/rollouts/${rollout.rollout_id}/abort`, {});
    await world.api.ended(rollout.rollout_id);
    await host.exec(['docker', 'rm', '-f', 'hello-web']);
  }, 180_000);
});

describe('recipe 02: API and PostgreSQL', () => {
  test('the database is healthy before the API starts, and the events tell it in order', async () => {
    const deployId = await world.api.deploy(await world.recipe('02-api-postgres.yaml'));
    const rollout = await world.api.apply(deployId);
    expect(states(rollout)).toEqual({ 'app-01/db': 'succeeded', 'app-01/api': 'succeeded' });
    await world.events.has(rollout.rollout_id, 'rollout succeeded');
    const story = world.events.story(rollout.rollout_id);
    expect(story.indexOf('app-01/db succeeded')).toBeLessThan(story.indexOf('app-01/api running'));
    expect(story.at(-1)).toBe('rollout succeeded');
    expect((await fetch(`http://${world.host('app-01').address}:8080/health`)).status).toBe(200);
    await expectNoOp(deployId, ['app-01']);
  }, 240_000);
});

describe('recipe 04: four hosts', () => {
  test('hosts wait for hosts: database, then one API after the other, then the web', async () => {
    const hosts = ['db-01', 'api-01', 'api-02', 'web-01'];
    const deployId = await world.api.deploy(await world.recipe('04-multi-host.yaml'));
    // Recipe 01 holds port 80 and the name hello-web on web-01: it is not taken from it.
    expect(await world.api.send('POST', `/api/deploys/${deployId}/apply`, {})).toMatchObject({ status: 409, body: { code: 'conflict', message: expect.stringMatching(/hello-web on web-01/) } });
    const { items } = await world.api.ok<{ items: { deploy_id: string; name: string }[] }>('GET', '/api/deploys');
    for (const { deploy_id } of items.filter(({ name }) => name === 'hello-web')) await world.api.ok('DELETE', `/api/deploys/${deploy_id}`);
    await world.host('web-01').exec(['docker', 'rm', '-f', 'hello-web']);
    const rollout = await world.api.apply(deployId);
    expect(states(rollout)).toEqual({ 'db-01/db': 'succeeded', 'api-01/api': 'succeeded', 'api-02/api': 'succeeded', 'web-01/web': 'succeeded' });
    await world.events.has(rollout.rollout_id, 'rollout succeeded');
    const story = world.events.story(rollout.rollout_id);
    const at = (line: string): number => story.indexOf(line);
    expect(at('db-01/db succeeded')).toBeLessThan(at('api-01/api running'));
    expect(at('api-01/api succeeded')).toBeLessThan(at('api-02/api running'));
    expect(at('api-02/api succeeded')).toBeLessThan(at('web-01/web running'));
    for (const host of ['api-01', 'api-02']) expect((await fetch(`http://${world.host(host).address}:8080/health`)).status).toBe(200);
    await expectNoOp(deployId, hosts);
  }, 300_000);
});


const twoUnits = `api_version: maestro/v1
project: units
hosts:
  app-01: {}
components:
  one:
    source: { type: docker, image: demo/web, tag: "1" }
    config:
      vars: { GREETING: "hello" }
      templates:
        - { source: one.conf.j2, dest: /etc/maestro-test/one.conf, mode: 0644 }
    run:
      type: docker
      container_name: one
      ports: ["18001:8080"]
      volumes: ["/etc/maestro-test/one.conf:/etc/app.conf:ro"]
    healthcheck: { type: http, url: "http://localhost:18001/health" }
  two:
    source: { type: docker, image: demo/web, tag: "1" }
    config:
      templates:
        - { source: two.conf.j2, dest: /etc/maestro-test/two.conf, mode: "0640" }
    run:
      type: docker
      container_name: two
      ports: ["18002:8080"]
      volumes: ["/etc/maestro-test/two.conf:/etc/app.conf:ro"]
    healthcheck: { type: http, url: "http://localhost:18002/health" }
deployment:
  - host: app-01
    components: [one, two]
    strategy: parallel
`;

describe('templates, versions and rollback', () => {
  let deployId: string;
  const files = { 'one.conf.j2': 'greeting={{ GREETING }}\nhost={{ host_id }}\n', 'two.conf.j2': 'two\n' };
  const read = (): Promise<string> => world.host('app-01').readFile('/etc/maestro-test/one.conf');
  const startedAt = async (name: string): Promise<string | undefined> => (await world.host('app-01').dockerInspect(name))?.State.StartedAt;

  test('templates are rendered with their mode, and served', async () => {
    deployId = await world.api.deploy(twoUnits, files);
    expect((await world.api.apply(deployId)).state).toBe('succeeded');
    expect(await read()).toBe('greeting=hello\nhost=app-01\n');
    const { stdout } = await world.host('app-01').exec(['stat', '-c', '%a', '/etc/maestro-test/one.conf', '/etc/maestro-test/two.conf']);
    expect(stdout.trim().split('\n')).toEqual(['644', '640']);
  }, 240_000);

  test('a version that changes one template restarts that component only', async () => {
    const before = [await startedAt('one'), await startedAt('two')];
    expect(await world.api.newVersion(deployId, twoUnits, { ...files, 'one.conf.j2': 'greeting={{ GREETING }}, changed\n' })).toBe(2);
    const plan = await world.api.diff(deployId);
    expect(plan.summary).toMatchObject({ restart: 1, unchanged: 1, create: 0 });
    const rollout = await world.api.apply(deployId);
    expect(states(rollout)).toEqual({ 'app-01/one': 'succeeded', 'app-01/two': 'unchanged' });
    expect(await read()).toBe('greeting=hello, changed\n');
    expect(await startedAt('one')).not.toBe(before[0]);
    expect(await startedAt('two')).toBe(before[1]);
    expect(await (await fetch(`http://${world.host('app-01').address}:18001/`)).text()).toContain('greeting=hello, changed');
  }, 120_000);

  test('rollback is a new version of type rollback with the old bytes', async () => {
    const { rollout_id: rolloutId, version } = await world.api.ok<{ rollout_id: string; version: number }>('POST', `/api/deploys/${deployId}/rollback/1`, {});
    expect(version).toBe(3);
    expect(await world.api.ended(rolloutId)).toMatchObject({ state: 'succeeded', kind: 'rollback', version: 3 });
    expect(await read()).toBe('greeting=hello\nhost=app-01\n');
    const deploy = await world.api.ok<{ active_version: number; versions: { number: number; kind: string; parent: number | null }[] }>('GET', `/api/deploys/${deployId}`);
    expect(deploy.active_version).toBe(3);
    expect(deploy.versions.find(({ number }) => number === 3)).toMatchObject({ kind: 'rollback', parent: 1 });
    expect(deploy.versions.map(({ number }) => number).sort()).toEqual([1, 2, 3]);
  }, 120_000);

  test('a rendered file edited by hand is named by diff and mended by apply; nothing else restarts', async () => {
    const before = await startedAt('two');
    await world.host('app-01').writeFile('/etc/maestro-test/one.conf', 'edited\n');
    const plan = await world.api.diff(deployId);
    expect(component(plan, 'app-01', 'one').fields).toEqual([expect.objectContaining({ field: 'files./etc/maestro-test/one.conf', kind: 'changed' })]);
    expect(component(plan, 'app-01', 'one').files[0]).toMatchObject({ old_sha256: createHash('sha256').update('edited\n').digest('hex') });
    expect(component(plan, 'app-01', 'two').action).toBe('unchanged');
    expect(states(await world.api.apply(deployId))).toEqual({ 'app-01/one': 'succeeded', 'app-01/two': 'unchanged' });
    expect(await read()).toBe('greeting=hello\nhost=app-01\n');
    expect(await startedAt('two')).toBe(before);
  }, 120_000);
});

const unit = (note: string): string => `api_version: maestro/v1
project: service
hosts:
  api-02: {}
components:
  files:
    config:
      vars: { NOTE: "${note}" }
      templates:
        - { source: index.j2, dest: /srv/maestro-test/index.html, mode: 0644, owner: deploy }
    run:
      type: systemd
      unit_name: maestro-test
      command: /usr/bin/python3 -m http.server 18100 --directory /srv/maestro-test
      user: deploy
      env: { QUOTED: 'a "b" %h $HOME \\', PLAIN: 1.10 }
    healthcheck: { type: http, url: "http://localhost:18100/", expect_body_contains: "${note}" }
deployment:
  - host: api-02
    components: [files]
`;

describe('a systemd service with a template', () => {
  let deployId: string;
  const files = { 'index.j2': 'note={{ NOTE }}' };
  const show = async (...properties: string[]): Promise<string> =>
    (await world.host('api-02').exec(['systemctl', 'show', 'maestro-test.service', ...properties.map((name) => `-p${name}`)])).stdout;

  test('the unit runs as its user, with its environment as written', async () => {
    deployId = await world.api.deploy(unit('first'), files);
    expect((await world.api.apply(deployId)).state).toBe('succeeded');
    expect(await show('ActiveState', 'User', 'UnitFileState')).toBe('User=deploy\nActiveState=active\nUnitFileState=enabled\n');
    const pid = (await show('MainPID')).trim().split('=')[1] ?? '';
    const environment = (await world.host('api-02').readFile(`/proc/${pid}/environ`)).split('\0');
    expect(environment).toEqual(expect.arrayContaining(['QUOTED=a "b" %h $HOME \\', 'PLAIN=1.10']));
  }, 120_000);

  test('a second apply changes nothing and costs exactly one activity', () => expectNoOp(deployId, ['api-02']), 60_000);

  test('a stopped unit is named by diff and started by apply', async () => {
    await world.host('api-02').exec(['systemctl', 'stop', 'maestro-test.service']);
    const found = component(await world.api.diff(deployId), 'api-02', 'files');
    expect(found.fields).toEqual([expect.objectContaining({ field: 'unit.active_state', kind: 'stopped' })]);
    expect((await world.api.apply(deployId)).state).toBe('succeeded');
    expect(await show('ActiveState')).toBe('ActiveState=active\n');
  }, 60_000);

  test('an edited unit file is named by diff and put right by apply', async () => {
    await world.host('api-02').exec(['sed', '-i', 's/18100/18101/', '/etc/systemd/system/maestro-test.service']);
    expect(component(await world.api.diff(deployId), 'api-02', 'files').fields.map(({ field, kind }) => `${field} ${kind}`)).toEqual(['unit.file changed']);
    expect((await world.api.apply(deployId)).state).toBe('succeeded');
    expect((await fetch(`http://${world.host('api-02').address}:18100/`)).status).toBe(200);
  }, 60_000);

  test('a new version restarts the unit with the new content', async () => {
    await world.api.newVersion(deployId, unit('second'), files);
    expect((await world.api.apply(deployId)).state).toBe('succeeded');
    expect(await (await fetch(`http://${world.host('api-02').address}:18100/`)).text()).toBe('note=second');
  }, 60_000);
});

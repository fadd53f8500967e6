/** Plans on real hosts: applied as they were reviewed, once; drift between the plan and the apply is named and left alone. */
import { states, stepOf } from './api-client.js';
import { startWorld, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld(['web-01', 'web-02']);
}, 900_000);
afterAll(() => world?.stop(), 120_000);

const conf = '/srv/plans/app.conf';
const document = (level: string): string => `api_version: maestro/v1
project: plans
hosts: { web-01: {}, web-02: {} }
components:
  web:
    source: { type: docker, image: demo/web, tag: "1" }
    run: { type: docker, container_name: plans-web, ports: ["8090:8080"], env: { LEVEL: "${level}" } }
    config:
      vars: { level: ${level} }
      templates: [{ source: app.conf.j2, dest: ${conf} }]
deployment:
  - hosts: [web-01, web-02]
    components: [web]
    strategy: parallel
`;
const files = { 'app.conf.j2': 'level = {{ level }}\n' };
let deployId: string;

test('diff, apply of the plan, and a plan with nothing to do', async () => {
  deployId = await world.api.deploy(document('info'), files);
  const plan = await world.api.diff(deployId);
  expect(plan.summary).toMatchObject({ create: 2 });
  const rollout = await world.api.apply(deployId, { plan_id: plan.plan_id });
  expect([rollout.state, states(rollout)]).toEqual(['succeeded', { 'web-01/web': 'succeeded', 'web-02/web': 'succeeded' }]);
  expect(await world.api.send('POST', `/api/deploys/${deployId}/apply`, { plan_id: plan.plan_id })).toMatchObject({ status: 409, body: { code: 'plan_used', details: { rollout_id: rollout.rollout_id } } });
  const again = await world.api.diff(deployId);
  expect(again.summary).toMatchObject({ create: 0, update: 0, unchanged: 2 });
  expect(states(await world.api.apply(deployId, { plan_id: again.plan_id }))).toEqual({ 'web-01/web': 'unchanged', 'web-02/web': 'unchanged' });
}, 300_000);

test('a file that was edited between the plan and the apply: that host is left as it is, the rollout rests and says what moved', async () => {
  await world.api.newVersion(deployId, document('debug'), files);
  const plan = await world.api.diff(deployId);
  const [change] = plan.hosts[0]?.components[0]?.files ?? [];
  expect(change).toMatchObject({ path: conf, note: null, unified_diff: expect.stringContaining('-level = info\n+level = debug\n') });
  const host = world.host('web-02');
  await host.writeFile(conf, Buffer.from('level = by hand\n'));
  const before = (await host.dockerInspect('plans-web'))?.Id;
  const rollout = await world.api.apply(deployId, { plan_id: plan.plan_id });
  expect([rollout.state, states(rollout)]).toEqual(['paused', { 'web-01/web': 'succeeded', 'web-02/web': 'failed' }]);
  expect(stepOf(rollout, 'web-02/web').failure).toMatchObject({ code: 'plan_stale', message: `web on web-02 is not as it was when the plan was made: file ${conf} moved; nothing was touched` });
  expect((await host.dockerInspect('plans-web'))?.Id).toBe(before);
  expect(await host.readFile(conf)).toBe('level = by hand\n');
  expect(await world.host('web-01').readFile(conf)).toBe('level = debug\n');
  await world.api.ok('POST', `/api/rollouts/${rollout.rollout_id}/abort`, {});
  await world.api.waitFor(rollout.rollout_id, ({ state }) => state === 'aborted');
  const next = await world.api.diff(deployId);
  expect((await world.api.apply(deployId, { plan_id: next.plan_id })).state).toBe('succeeded');
  expect(await host.readFile(conf)).toBe('level = debug\n');
}, 300_000);

test('a rollback carries out the plan of its dry run', async () => {
  const plan = await world.api.ok<{ plan_id: string }>('POST', `/api/deploys/${deployId}/rollback/1?dry_run=true`, {});
  const { rollout_id: id, version } = await world.api.ok<{ rollout_id: string; version: number }>('POST', `/api/deploys/${deployId}/rollback/1`, { plan_id: plan.plan_id });
  const rollout = await world.api.waitFor(id, ({ state }) => state === 'succeeded' || state === 'paused');
  expect([version, rollout.state, rollout.kind]).toEqual([3, 'succeeded', 'rollback']);
  expect(await world.host('web-02').readFile(conf)).toBe('level = info\n');
}, 300_000);

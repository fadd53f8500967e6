/** One component goes back on its hosts: it runs what it ran, and the other one is not touched at all, although both changed and share image and secret. */
import { stepOf, states } from './api-client.js';
import { startWorld, type World } from './world.js';

const hosts = ['web-01', 'web-02'];
let world: World;
beforeAll(async () => { world = await startWorld(hosts); }, 900_000);
afterAll(() => world?.stop(), 120_000);

const component = (id: string, port: number): string => `  ${id}:
    source: { type: docker, image: demo/parts, tag: moving, pull_policy: always }
    run: { type: docker, container_name: parts-${id}, ports: ["${port}:8080"], env: { CONFIG: /server, TOKEN: "{{ vault://parts/token }}" } }
    config: { templates: [{ source: ${id}.conf.j2, dest: /etc/parts/${id}.conf }] }
    healthcheck: { type: http, url: "http://localhost:${port}/health" }
`;
const yaml = `api_version: maestro/v1
project: parts
hosts: { web-01: {}, web-02: {} }
components:
${component('web', 18081)}${component('side', 18082)}deployment:
  - { hosts: [web-01, web-02], components: [web, side], strategy: parallel }
`;
const templates = (text: string): Record<string, string> => Object.fromEntries(['web', 'side'].map((id) => [`${id}.conf.j2`, `${id} ${text} on {{ host_id }}\n`]));

async function succeed(host: string, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await world.host(host).exec(argv, { timeoutMs: 60_000 });
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} on ${host}: ${stderr}`);
  return stdout.trim();
}

/** The tag names the image that is demo/web with this tag from now on. */
const moveTag = (tag: string): Promise<string> => succeed('web-01', ['sh', '-ec', `
  docker pull -q demo/web:${tag} >/dev/null; docker tag demo/web:${tag} demo/parts:moving
  docker push -q demo/parts:moving >/dev/null; docker rmi demo/parts:moving >/dev/null; docker rmi demo/web:${tag} >/dev/null 2>&1 || true`]);

interface Reality { id: string; started: string; image: string; reference: string; env: string[]; file: string }
async function reality(host: string, id: string): Promise<Reality> {
  const container = await world.host(host).dockerInspect(`parts-${id}`);
  const started = await succeed(host, ['docker', 'inspect', '-f', '{{.State.StartedAt}}', `parts-${id}`]);
  return { id: container?.Id ?? '', started, image: container?.Image ?? '', reference: container?.Config.Image ?? '', env: [...(container?.Config.Env ?? [])].sort(), file: await succeed(host, ['cat', `/etc/parts/${id}.conf`]) };
}
const everywhere = (id: string): Promise<Reality[]> => Promise.all(hosts.map((host) => reality(host, id)));
/** Without what is another one after every start. */
const lasting = (all: readonly Reality[]): Omit<Reality, 'id' | 'started'>[] => all.map(({ id: _, started: __, ...rest }) => rest);

test('v1, then v2 with everything moved in both, then one of them back by the plan of a dry run, and a no-op', async () => {
  const setToken = (value: string): Promise<unknown> => world.api.ok('PUT', '/api/secrets/parts/token', { value });
  const all = (state: string): Record<string, string> => Object.fromEntries(hosts.flatMap((host) => ['web', 'side'].map((id) => [`${host}/${id}`, state])));
  await moveTag('1');
  await setToken('first-token');
  const id = await world.api.deploy(yaml, templates('first'));
  const applied = await world.api.apply(id);
  expect({ states: states(applied), failures: applied.steps.map(({ failure }) => failure) }).toEqual({ states: all('succeeded'), failures: [null, null, null, null] });
  const web = await everywhere('web');
  await moveTag('2');
  await setToken('second-token');
  await world.api.newVersion(id, yaml, templates('second'));
  expect(states(await world.api.apply(id))).toEqual(all('succeeded'));
  const side = await everywhere('side');
  expect(lasting(await everywhere('web'))).not.toEqual(lasting(web));
  expect(side[0]?.env).toContain('TOKEN=second-token');

  const path = `/api/deploys/${id}/components/web/rollback`;
  const plan = await world.api.ok<{ plan_id: string; hosts: { host: string; components: { component: string; action: string }[] }[] }>('POST', `${path}?dry_run=true`, { version: 1 });
  expect(plan.hosts.map(({ host, components }) => [host, components.map(({ component: of, action }) => `${of} ${action}`)])).toEqual(hosts.map((host) => [host, ['web update']]));
  const { rollout_id: rollout, version } = await world.api.ok<{ rollout_id: string; version: number }>('POST', path, { version: 1, plan_id: plan.plan_id });
  const back = await world.api.settled(rollout);
  expect({ version, kind: back.kind, states: states(back), failure: stepOf(back, 'web-01/web').failure }).toEqual({ version: 3, kind: 'rollback', states: { 'web-01/web': 'succeeded', 'web-02/web': 'succeeded' }, failure: null });
  expect(lasting(await everywhere('web'))).toEqual(lasting(web));
  expect(await everywhere('side')).toEqual(side);

  const now = await everywhere('web');
  const deploy = await world.api.ok<{ active_version: number; state: string }>('GET', `/api/deploys/${id}`);
  expect(deploy).toMatchObject({ active_version: 3 });
  expect(states(await world.api.apply(id))).toEqual(all('unchanged'));
  expect([await everywhere('web'), await everywhere('side')]).toEqual([now, side]);
}, 300_000);

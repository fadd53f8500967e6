/** A rollback brings back what was there: the bytes of the image, of files, of the environment and the commit of its version, on every host. */
import { stepOf, states } from './api-client.js';
import { startWorld, type World } from './world.js';

const hosts = ['web-01', 'web-02'];
let world: World;
beforeAll(async () => { world = await startWorld(hosts); }, 900_000);
afterAll(() => world?.stop(), 120_000);

const yaml = `api_version: maestro/v1
project: fidelity
hosts: { web-01: { address: 10.0.0.1 }, web-02: { address: 10.0.0.2 } }
components:
  web:
    source: { type: docker, image: demo/fidelity, tag: moving, pull_policy: always }
    run: { type: docker, ports: ["18080:8080"], env: { CONFIG: /server, TOKEN: "{{ vault://fidelity/token }}" } }
    config: { templates: [{ source: web.conf.j2, dest: /etc/fidelity/web.conf }] }
    healthcheck: { type: http, url: "http://localhost:18080/health" }
  tool:
    source: { type: git, repo: "file:///srv/git/tool.git", ref: main }
    run: { type: systemd, command: /usr/bin/sleep infinity, working_directory: /opt/fidelity-tool }
deployment:
  - { hosts: [web-01, web-02], components: [web, tool], strategy: parallel }
`;
const template = (text: string): Record<string, string> => ({ 'web.conf.j2': `${text} for {{ host_id }}\n` });

async function succeed(host: string, argv: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await world.host(host).exec(argv, { timeoutMs: 60_000, ...(input === undefined ? {} : { input }) });
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} on ${host}: ${stderr}`);
  return stdout.trim();
}

/** The tag names the image that is demo/web with this tag from now on; the registry is left as the only one that knows. */
const moveTag = (tag: string): Promise<string> => succeed('web-01', ['sh', '-ec', `
  docker pull -q demo/web:${tag} >/dev/null; docker tag demo/web:${tag} demo/fidelity:moving
  docker push -q demo/fidelity:moving >/dev/null; docker rmi demo/fidelity:moving >/dev/null; docker rmi demo/web:${tag} >/dev/null 2>&1 || true`]);

/** The same commit on both hosts: each has the repository as a folder of its own. */
async function commit(text: string): Promise<void> {
  for (const host of hosts) await succeed(host, ['sh', '-es'], `
    export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'
    [ -e /srv/git/tool.git ] || { git init -q --bare -b main /srv/git/tool.git; git init -q -b main /srv/git/work; }
    cd /srv/git/work; echo ${text} > tool.txt; git add -A; git commit -q -m ${text}; git push -q /srv/git/tool.git main`);
}

interface Reality { image: string; reference: string; env: string[]; file: string; commit: string; tool: string }
async function reality(host: string): Promise<Reality> {
  const container = await world.host(host).dockerInspect('maestro-web');
  const release = await succeed(host, ['readlink', '/opt/fidelity-tool']);
  return {
    image: container?.Image ?? '', reference: container?.Config.Image ?? '', env: [...(container?.Config.Env ?? [])].sort(),
    file: await succeed(host, ['sha256sum', '/etc/fidelity/web.conf']), commit: release.split('/').at(-1)?.split('-')[0] ?? '', tool: await succeed(host, ['cat', '/opt/fidelity-tool/tool.txt']),
  };
}
const everywhere = async (): Promise<Reality[]> => [await reality('web-01'), await reality('web-02')];
const setToken = (value: string): Promise<unknown> => world.api.ok('PUT', '/api/secrets/fidelity/token', { value });
const allGreen = (state: string): Record<string, string> => Object.fromEntries(hosts.flatMap((host) => ['web', 'tool'].map((component) => [`${host}/${component}`, state])));

describe('v1, then v2 with everything moved, then back', () => {
  let deployId: string;
  let first: Reality[];
  let second: Reality[];

  test('v1 runs the same image and commit on both hosts, and is unchanged when it is applied again, also with the registry gone', async () => {
    await moveTag('1');
    await commit('one');
    await setToken('first-token');
    deployId = await world.api.deploy(yaml, template('first'));
    const rollout = await world.api.apply(deployId);
    expect({ states: states(rollout), failures: rollout.steps.map(({ failure }) => failure) }).toEqual({ states: allGreen('succeeded'), failures: [null, null, null, null] });
    first = await everywhere();
    expect(new Set(first.map(({ image, reference, commit: id }) => `${image} ${reference} ${id}`)).size).toBe(1);
    expect(first[0]?.reference).toMatch(/^demo\/fidelity:moving@sha256:[0-9a-f]{64}$/);
    await moveTag('2');
    await commit('two');
    await setToken('second-token');
    await registry('pause');
    try {
      expect(states(await world.api.apply(deployId))).toEqual(allGreen('unchanged'));
    } finally {
      await registry('unpause');
    }
    expect(await everywhere()).toEqual(first);
  }, 300_000);

  test('v2 takes what the names mean by then', async () => {
    await world.api.newVersion(deployId, yaml, template('second'));
    expect(states(await world.api.apply(deployId))).toEqual(allGreen('succeeded'));
    second = await everywhere();
    for (const [index, now] of second.entries()) {
      for (const key of ['image', 'reference', 'file', 'commit', 'tool'] as const) expect([key, now[key]]).not.toEqual([key, first[index]?.[key]]);
      expect(now.env).toContain('TOKEN=second-token');
    }
  }, 240_000);

  test('a rollback to v1 is v1 in image, files, environment and commit on both hosts, without the registry and the repositories', async () => {
    await registry('pause');
    for (const host of hosts) await succeed(host, ['mv', '/srv/git/tool.git', '/srv/git/away.git']);
    try {
      const { rollout_id: id } = await world.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${deployId}/rollback/1`, {});
      const rollout = await world.api.settled(id);
      expect({ states: states(rollout), failure: stepOf(rollout, 'web-01/web').failure }).toEqual({ states: allGreen('succeeded'), failure: null });
    } finally {
      await registry('unpause');
    }
    expect(await everywhere()).toEqual(first);
  }, 240_000);
});

const registry = (verb: 'pause' | 'unpause'): Promise<void> => world.fleet.registry(verb);

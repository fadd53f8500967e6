/** The install command on real hosts: with nothing but systemd, with a man in the middle, and ended at every step. */
import type { ArchiveFacts } from '../../spec/host-bundle/shapes.js';
import { states } from '../rollouts/api-client.js';
import { few, InstallLab } from './install-lab.js';
import { pack } from './pack.js';

let lab: InstallLab;
let first: ArchiveFacts;
let firstFolder: string;
let token: string;

beforeAll(async () => {
  lab = await InstallLab.start(['bare', 'h2']);
  first = await pack(lab.downloads);
  firstFolder = `${first.version}-${first.build}`;
}, 20 * 60_000);

afterAll(async () => {
  // Unset when the start itself failed.
  await (lab as InstallLab | undefined)?.stop();
}, 120_000);

/** What an ordinary server has, this one loses. */
async function stripBare(host: string): Promise<void> {
  await lab.succeed(host, ['sh', '-c', 'systemctl mask -q --now docker.service docker.socket containerd.service; rm -rf /usr/bin/node /usr/bin/npm /usr/bin/docker* /usr/sbin/dockerd /usr/bin/containerd* /run/docker.sock /usr/bin/python3* /usr/bin/git']);
}

/** All that an installation could have left. */
const traces = (host: string): Promise<string> => lab.succeed(host, ['sh', '-c', 'ls -A /opt/maestro-host /etc/maestro /var/lib/maestro /usr/local/bin/maestro-host /etc/systemd/system/maestro-host* 2>/dev/null; true']);

describe('a download that was changed on its way', () => {
  const flipped = (original: Buffer): Buffer => {
    const changed = Buffer.from(original);
    changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
    return changed;
  };
  const other = { payload: Buffer.from('{}').toString('base64') };

  it.each<[string, (path: string, original: Buffer) => Buffer | null, RegExp]>([
    ['one bit of the archive', (path, original) => (path.endsWith('.tar.gz') ? flipped(original) : null), /SHA-256 of maestro-host-.* is not the one/],
    ['half of the archive', (path, original) => (path.endsWith('.tar.gz') ? original.subarray(0, original.length >> 1) : null), /SHA-256/],
    ['another statement under the same signature', (path, original) => (path.endsWith('.release.json') ? Buffer.from(JSON.stringify({ ...(JSON.parse(original.toString()) as object), ...other })) : null), /signature of the release is not right/],
    ['no release at all', (path) => (path.endsWith('.release.json') ? Buffer.from('<html>') : null), /release cannot be read/],
    ['half of the script', (path, original) => (path === '/install.sh' ? original.subarray(0, original.length - 12) : null), /^$/],
  ])('is refused, and nothing is on the host afterwards: %s', async (_what, meddle, said) => {
    lab.meddle = meddle;
    const { exitCode, stderr, stdout } = await lab.install('bare', { url: lab.middleUrl });
    lab.meddle = () => null;
    expect({ said: said.test(stderr) ? '' : stderr, refused: exitCode !== 0 || (stdout === '' && stderr === '') }).toEqual({ said: '', refused: true });
    expect((await traces('bare')).split('\n').filter((line) => line !== '' && !line.endsWith(':') && line !== 'bundle')).toEqual([]);
  }, 60_000);
});

describe('a host with neither Node nor Docker', () => {
  it('is a node of the control plane after one command', async () => {
    await stripBare('bare');
    const started = Date.now();
    ({ token } = await lab.enrollment('bare'));
    const { exitCode, stdout, stderr } = await lab.install('bare', { token });
    console.info(`install: ${String(Date.now() - started)} ms`);
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
    await lab.api.waitForNodes(['bare']);
    expect(await lab.current('bare')).toBe(firstFolder);
    expect((await lab.command('bare', ['status'])).stdout).toContain(`ready: ${firstFolder}`);
    expect((await lab.command('bare', ['verify'])).exitCode).toBe(0);
  }, 120_000);

  it('has a unit whose exposure systemd rates below 5', async () => {
    const rated = await lab.succeed('bare', ['systemd-analyze', 'security', '--no-pager', 'maestro-host']);
    const score = Number(/exposure level for maestro-host\.service: ([0-9.]+)/.exec(rated)?.[1]);
    console.info(`systemd-analyze security: ${String(score)}`);
    expect(score).toBeLessThan(5);
  });

  it('has its token nowhere any more: in no command line, in no log, in no file', async () => {
    expect(await lab.succeed('bare', ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'])).not.toContain(token);
    expect(await lab.succeed('bare', ['journalctl', '--no-pager', '--quiet'])).not.toContain(token);
    expect((await lab.fleet.host('bare').exec(['grep', '-rlF', token, '/etc', '/opt/maestro-host', '/var/lib/maestro', '/tmp', '/run/maestro-host'])).stdout).toBe('');
  });

  it('is left as it is by the same command, even without its token', async () => {
    const before = await lab.workerPid('bare');
    expect((await lab.install('bare', { token: null })).exitCode).toBe(0);
    expect(await lab.workerPid('bare')).toBe(before);
  }, 60_000);

  it('is mended by it when a file of the bundle is damaged', async () => {
    await lab.succeed('bare', ['sh', '-c', 'echo >> /opt/maestro-host/current/maestro-host.cjs']);
    expect((await lab.command('bare', ['verify'])).exitCode).toBe(1);
    expect((await lab.install('bare', { token: null })).exitCode).toBe(0);
    expect((await lab.command('bare', ['verify'])).exitCode).toBe(0);
  }, 60_000);
});

describe('a host that is not let in any more', () => {
  it('comes in again by the command of a new enrollment, and stays who it is by one that is used up', async () => {
    const node = async (): Promise<{ node_id: string; online: boolean } | undefined> => (await lab.api.ok<{ items: { node_id: string; name: string; online: boolean }[] }>('GET', '/api/nodes')).items.find(({ name }) => name === 'bare');
    await lab.api.ok('DELETE', `/api/nodes/${(await node())?.node_id ?? ''}`);
    const again = await lab.install('bare');
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('this host is enrolled as bare')]);
    await lab.api.waitForNodes(['bare']);
    const before = await lab.workerPid('bare');
    const used = await lab.install('bare', { token });
    expect([used.exitCode, used.stdout]).toEqual([0, expect.stringContaining('this host stays enrolled as bare; the token of this command was not taken')]);
    expect(await lab.workerPid('bare')).toBe(before);
  }, 120_000);
});

describe('an installation that is ended', () => {
  const points = ['install.checked', 'install.placed', 'install.settings', 'install.enrolled', 'install.linked', 'install.units', 'install.enabled', 'install.started'];

  it('at any of its steps is finished by the next one', async () => {
    for (const point of few(points, 2)) expect({ point, ...(await lab.install('h2', { fault: point })) }).toMatchObject({ point, exitCode: 137 });
    const { exitCode, stderr, stdout } = await lab.install('h2');
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
    await lab.api.waitForNodes(['h2']);
    expect((await lab.succeed('h2', ['ls', '-A', '/opt/maestro-host'])).trim().split('\n').filter((name) => !name.startsWith('.incoming-'))).toEqual([firstFolder, 'current']);
  }, 180_000);
});

const document = `
api_version: maestro/v1
project: bundle-shop
hosts: { h2: { type: linux } }
components:
  web:
    source: { type: docker, image: demo/web, tag: "1" }
    config: { files: [{ source: page.txt, dest: /etc/demo/page.txt, mode: 0640 }] }
    run: { type: docker, ports: ["8081:8080"], env: { CONFIG: /etc/demo/page.txt }, volumes: ["/etc/demo:/etc/demo:ro"] }
    deploy_mode: hot
    healthcheck: { type: http, url: "http://localhost:8081/health" }
  tool:
    source: { type: git, repo: "file:///srv/git/tool.git", ref: main }
    build: [{ command: "id -un > built-by" }]
    run: { type: systemd, command: /usr/bin/python3 -m http.server 8090, user: deploy }
    healthcheck: { type: tcp, port: 8090 }
    tests: { built: { command: "test -s built-by" } }
deployment:
  - { host: h2, components: [web, tool] }
`;

describe('the installed worker', () => {
  it('does all that a deploy asks of it inside its unit: containers, rules of the kernel, units, builds as another user, files', async () => {
    await lab.succeed('h2', ['sh', '-c', 'git init -q -b main /tmp/tool && cd /tmp/tool && echo hello > index.html && git add . && git -c user.name=a -c user.email=a@b commit -qm one && git clone -q --bare /tmp/tool /srv/git/tool.git']);
    const id = await lab.api.deploy(document, { 'page.txt': 'one' });
    const rollout = await lab.api.apply(id);
    expect({ state: rollout.state, steps: states(rollout), errors: rollout.steps.map((step) => step.reason) }).toMatchObject({ state: 'succeeded' });
    expect(await lab.succeed('h2', ['cat', '/opt/maestro/tool/built-by'])).not.toContain('root');
    expect(await lab.succeed('h2', ['stat', '-c', '%a', '/etc/demo/page.txt'])).toBe('640\n');
    await lab.api.newVersion(id, document.replace('tag: "1"', 'tag: "2"'), { 'page.txt': 'two' });
    expect((await lab.api.apply(id)).state).toBe('succeeded');
  }, 180_000);
});

describe('uninstalling', () => {
  const points = ['uninstall.units', 'uninstall.command', 'uninstall.folders'];

  it('leaves what is managed running and names it; ended at any step, the next one finishes it', async () => {
    const unmanaged = await lab.succeed('h2', ['docker', 'ps', '--no-trunc', '--format', '{{.ID}} {{.Names}}']);
    await lab.succeed('h2', ['cp', '-r', '/opt/maestro-host/current/', '/root/bundle']);
    for (const point of points) expect((await lab.fleet.host('h2').exec(['env', 'MAESTRO_TEST_FAULTS=1', `MAESTRO_FAULT=${point}:kill`, '/root/bundle/bin/maestro-host', 'uninstall'])).exitCode).toBe(137);
    const { exitCode, stdout } = await lab.fleet.host('h2').exec(['/root/bundle/bin/maestro-host', 'uninstall']);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(stdout).toMatch(/container maestro-web.*\n[^]*unit maestro-tool\.service/);
    expect(await lab.succeed('h2', ['docker', 'ps', '--no-trunc', '--format', '{{.ID}} {{.Names}}'])).toBe(unmanaged);
    expect(await lab.succeed('h2', ['systemctl', 'is-active', 'maestro-tool'])).toBe('active\n');
    expect(await traces('h2')).not.toMatch(/maestro-host\.service|\/opt\/maestro-host/);
  }, 60_000);

  it('and installing again finds everything as its own', async () => {
    expect((await lab.install('h2', { token: null })).exitCode).toBe(0);
    await lab.api.waitForNodes(['h2']);
  }, 60_000);

  it('with --purge leaves nothing but what is managed', async () => {
    expect((await lab.command('h2', ['uninstall', '--purge'])).exitCode).toBe(0);
    expect((await traces('h2')).trim()).not.toMatch(/bundle|journal|host-worker\.env|maestro-host/);
    expect(await lab.succeed('h2', ['systemctl', 'is-active', 'maestro-tool'])).toBe('active\n');
  }, 60_000);
});

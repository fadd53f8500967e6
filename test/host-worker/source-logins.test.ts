/** Logins for repositories and registries on a real host: what they open, where they go, and that nothing is left or told of them. */
import { randomBytes } from 'node:crypto';
import type { BuildStep, DesiredPlacement } from '../../spec/desired.js';
import { sourceHash } from '../../spec/resolve/source.js';
import { originOfImage, originOfRepo } from '../../spec/secrets/origin.js';
import type { DriverAnswer } from './driver/protocol.js';
import { HostLab } from './host-lab.js';
import { dockerRun, placement, systemdRun } from './placements.js';
import { basic, PrivateServers } from './private-servers.js';

let lab: HostLab;
let servers: PrivateServers;
beforeAll(async () => {
  lab = await HostLab.start();
  servers = await PrivateServers.start(lab.fleet);
}, 20 * 60_000);
afterAll(async () => {
  await (servers as PrivateServers | undefined)?.stop();
  await (lab as HostLab | undefined)?.stop();
}, 120_000);

let token: string;
beforeEach(async () => {
  await lab.reset();
  token = `canary/${randomBytes(18).toString('base64')}`;
  servers.seen.length = 0;
  servers.before = () => false;
  servers.held = Promise.resolve();
}, 120_000);

const sh = (script: string): Promise<string> => lab.succeed(['sh', '-ec', script], 120_000);
const credential = (origin: string | undefined, content: string): Pick<DesiredPlacement, 'credential'> => ({ credential: { origin: origin ?? '', digest: 'c'.repeat(64), content } });
const call = (activity: 'prepare' | 'activate', run: string, component: string): Promise<DriverAnswer | null> => lab.ask([lab.call(activity, run, component)]);

function api(repo: string, content: string | null, version = 1, build: BuildStep[] = []): DesiredPlacement {
  const names = { repo, ref: 'main', subpath: null };
  return placement({
    component: 'api', version, component_directory: '/opt/acme-api', build, source: { type: 'git', ...names, source_hash: sourceHash(names, build), content_version: version },
    run: systemdRun({ working_directory: '/opt/acme-api' }, 'api'), ...(content === null ? {} : credential(originOfRepo(repo)?.name, content)),
  });
}

/** In the forms in which it could be found. */
const formsOf = (secret: string): string[] => [secret, secret.slice(0, 14), ...['x-access-token', 'deploy'].map((user) => basic(user, secret).slice(6)), encodeURIComponent(secret).slice(0, 16)];
const expectNowhere = (text: string, secret = token): void => { expect(formsOf(secret).filter((form) => text.includes(form))).toEqual([]); };
const processes = (): Promise<string> => sh('cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"');
const files = (): Promise<string> => sh('find /run /dev/shm /tmp /var/tmp /root /home /opt/maestro /etc/docker /var/lib/maestro-test -xdev -type f -size -1M ! -name driver.cjs -exec cat {} + 2>/dev/null || true');
const journal = (): Promise<string> => sh('journalctl --no-pager --quiet --output cat');
const told = (): string => JSON.stringify(lab.control.reports);

async function expectNothingLeft(secret = token): Promise<void> {
  for (const text of await Promise.all([processes(), files(), journal()])) expectNowhere(text, secret);
  expectNowhere(told(), secret);
  expect((await lab.host.exec(['sh', '-c', 'ls /root/.docker/config.json /root/.git-credentials /root/.gitconfig'])).stdout).toBe('');
}

const untilSeen = async (found: () => boolean): Promise<void> => {
  for (let tries = 0; !found(); tries += 1) {
    if (tries > 600) throw new Error('it did not come');
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
};

describe('a repository that asks for a login', () => {
  it.each([['a user and a token', 'deploy', (value: string) => `deploy:${value}\n`], ['a token alone', 'x-access-token', (value: string) => value]])('is asked and fetched with %s, which is in no argument, no environment and no file, and in nothing that is told', async (_, username, content) => {
    servers.admitted = basic(username, token);
    const commit = await servers.commit({ 'version.txt': 'one' });
    const wanted = api(servers.repo, content(token));
    expect(await lab.plan(wanted)).toMatchObject([{ action: 'create', fields: expect.arrayContaining([expect.objectContaining({ field: 'source.commit', to: commit })]) }]);
    const run = lab.open(wanted);
    let release = (): void => undefined;
    servers.held = new Promise((resolve) => { release = resolve; });
    const seen = servers.seen.length;
    const prepared = call('prepare', run, 'api');
    await untilSeen(() => servers.seen.slice(seen).some(({ authorization }) => authorization === servers.admitted));
    const during = await Promise.all([processes(), files()]);
    release();
    expect(await prepared).toMatchObject({ ended: 'well' });
    during.forEach((text) => expectNowhere(text));
    expect(during[0]).toContain('--depth=1');
    expect(await call('activate', run, 'api')).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    expect(await sh('cat /opt/acme-api/version.txt')).toBe('one');
    expect(new Set(servers.seen.map(({ authorization }) => authorization))).toEqual(new Set([null, servers.admitted]));
    expect(lab.control.requests.filter(({ path }) => path.includes('content=credential')).length).toBeGreaterThan(0);
    await expectNothingLeft();
  }, 120_000);

  it('with another login is the same, and is left alone', async () => {
    servers.admitted = basic('x-access-token', token);
    await servers.commit({ 'version.txt': 'one' });
    await lab.apply(api(servers.repo, token));
    const other = `${token}2`;
    const wanted = { ...api(servers.repo, other), credential: { origin: originOfRepo(servers.repo)?.name ?? '', digest: 'e'.repeat(64), content: other } };
    expect(wanted.hash).toBe(api(servers.repo, token).hash);
    expect(await lab.plan(wanted)).toMatchObject([{ action: 'unchanged', operations: [] }]);
  }, 60_000);

  it.each([['that is not the right one', 'auth_error', 'name'], ['that there is none of', 'fetch_failed', null]])('does not give anything to a login %s: %s says what is to be done', async (_, code, given) => {
    servers.admitted = basic('x-access-token', 'something else');
    await servers.commit({ 'version.txt': 'one' });
    const wanted = api(servers.repo, given === null ? null : token);
    const [plan] = await lab.plan(wanted);
    expect(plan?.reasons.join()).toMatch(/could not be asked/);
    const run = lab.open(wanted);
    const answer = await call('prepare', run, 'api');
    expect(answer).toMatchObject({ ended: 'failed', type: code, final: true, failure: { phase: 'fetch', fix: expect.stringContaining('credentials_ref') } });
    if (given !== null) expect(answer).toMatchObject({ message: expect.stringMatching(new RegExp(`did not take the login of api on h1 for ${servers.repo} `)) });
    expectNowhere(JSON.stringify([plan, answer]));
    await expectNothingLeft();
  }, 60_000);

  it('that has moved in the same place is followed there', async () => {
    servers.admitted = basic('x-access-token', token);
    await servers.commit({ 'version.txt': 'one' });
    servers.before = (request, response) => {
      if (!(request.url ?? '').startsWith('/old.git/')) return false;
      response.writeHead(301, { location: `https://git.fleet:${String(servers.ports[0])}${(request.url ?? '').replace('/old.git/', '/app.git/')}` }).end();
      return true;
    };
    await lab.apply(api(servers.repo.replace('app.git', 'old.git'), token));
    expect(await sh('cat /opt/acme-api/version.txt')).toBe('one');
  }, 60_000);

  it.each([
    ['another host', 'other.fleet', 0, 'at once', 'asks'], ['another port', 'git.fleet', 1, 'at once', 'asks'], ['another host', 'other.fleet', 0, 'when it has the login', 'asks'], ['another port', 'git.fleet', 1, 'when it has the login', 'asks'],
    ['another host', 'other.fleet', 0, 'when it has the login', 'is open'], ['another port', 'git.fleet', 1, 'when it has the login', 'is open'],
  ])('that sends to %s (%s, port %i) %s does not get the login there, which %s', async (_, host, port, when, there) => {
    await servers.commit({ 'version.txt': 'one' });
    const target = `${host}:${String(servers.ports[port])}`;
    const own = `git.fleet:${String(servers.ports[0])}`;
    servers.admitted = basic('x-access-token', token);
    servers.before = (request, response) => {
      if (request.headers.host === target && there === 'is open') {
        servers.fromGit(request, response);
        return true;
      }
      if (request.headers.host !== own || (when !== 'at once' && request.headers.authorization === undefined)) return false;
      response.writeHead(302, { location: `https://${target}${request.url ?? ''}` }).end();
      return true;
    };
    const answer = await call('prepare', lab.open(api(servers.repo, token)), 'api');
    if (there === 'asks') expect(answer).toMatchObject({ ended: 'failed', type: 'auth_error', message: expect.stringContaining(when === 'at once' ? `leads to https://${target}` : 'did not take the login') });
    else expect(answer).toMatchObject({ ended: 'failed', type: 'fetch_failed' });
    const arrived = servers.seen.filter((request) => request.host === target);
    expect(arrived.length).toBeGreaterThan(0);
    expect(arrived.map(({ authorization }) => authorization)).toEqual(arrived.map(() => null));
    expectNowhere(JSON.stringify(answer));
  }, 60_000);

  it('killed in the middle of a fetch leaves nothing behind, and the repeat ends well', async () => {
    servers.admitted = basic('x-access-token', token);
    await servers.commit({ 'version.txt': 'one' });
    const run = lab.open(api(servers.repo, token));
    let release = (): void => undefined;
    servers.held = new Promise((resolve) => { release = resolve; });
    const killed = call('prepare', run, 'api').catch(() => null);
    await untilSeen(() => servers.seen.some(({ authorization }) => authorization === servers.admitted));
    await sh('kill -9 $(pgrep -f "^node /root/driver.cjs")');
    await killed;
    expectNowhere(await files());
    release();
    expect(await call('prepare', run, 'api')).toMatchObject({ ended: 'well' });
    await expectNothingLeft();
  }, 60_000);
});

describe('a repository over ssh', () => {
  /** The key of a user that has nothing else; its repository waits while /tmp/hold is there. */
  async function withKey(): Promise<string> {
    await sh(`rm -rf /home/deploy/app.git /home/deploy/work /home/deploy/.ssh; install -d -o deploy -m 700 /home/deploy/.ssh
      ssh-keygen -q -t ed25519 -N '' -C canary -f /dev/shm/key; mkdir -p /root/.ssh; ssh-keyscan -t ed25519 127.0.0.1 > /root/.ssh/known_hosts 2>/dev/null
      printf 'command="while [ -e /tmp/hold ]; do sleep 0.1; done; sh -c \\"$SSH_ORIGINAL_COMMAND\\"" %s\\n' "$(cat /dev/shm/key.pub)" > /home/deploy/.ssh/authorized_keys; chown deploy /home/deploy/.ssh/authorized_keys
      sudo -u deploy sh -ec 'cd; git init -q --bare -b main app.git; git init -q -b main work; cd work; printf one > version.txt; git add -A; git -c user.name=t -c user.email=t@t commit -q -m one; git push -q ../app.git main'`);
    const key = await sh('cat /dev/shm/key');
    await sh('rm /dev/shm/key /dev/shm/key.pub');
    return key;
  }
  const repo = 'ssh://deploy@127.0.0.1/home/deploy/app.git';
  /** The line of the key that holds the secret. */
  const lineOf = (key: string): string => key.split('\n')[3] ?? '';

  it('is fetched with a key, which is in no argument, no environment and no file, also not after a kill in the middle', async () => {
    const key = await withKey();
    await sh('touch /tmp/hold');
    const run = lab.open(api(repo, key.trim()));
    const killed = call('prepare', run, 'api').catch(() => null);
    await sh('for i in $(seq 100); do pgrep -u deploy -f "hold" >/dev/null && exit 0; sleep 0.1; done; exit 1');
    const during = await Promise.all([processes(), files()]);
    during.forEach((text) => expectNowhere(text, lineOf(key)));
    expect(during[0]).toContain('IdentitiesOnly=yes');
    await sh('kill -9 $(pgrep -f "^node /root/driver.cjs"); rm /tmp/hold');
    await killed;
    expectNowhere(await files(), lineOf(key));
    expect(await call('prepare', run, 'api')).toMatchObject({ ended: 'well' });
    expect(await call('activate', run, 'api')).toMatchObject({ ended: 'well' });
    expect(await sh('cat /opt/acme-api/version.txt')).toBe('one');
    await expectNothingLeft(lineOf(key));
  }, 60_000);

  it('that does not know the key, or does not have the host key that is known, is told as it is', async () => {
    const key = await withKey();
    await sh('echo > /home/deploy/.ssh/authorized_keys');
    expect(await call('prepare', lab.open(api(repo, key)), 'api')).toMatchObject({ ended: 'failed', type: 'auth_error', message: expect.stringMatching(/ssh:\/\/127\.0\.0\.1 did not take the login of api on h1 .*Permission denied/), failure: { fix: expect.stringContaining('credentials_ref') } });
    await sh('echo > /root/.ssh/known_hosts');
    const answer = await call('prepare', lab.open(api(repo, key)), 'api');
    expect(answer).toMatchObject({ ended: 'failed', type: 'fetch_failed', message: expect.stringContaining('Host key verification failed'), failure: { fix: expect.stringContaining('known_hosts') } });
    expectNowhere(JSON.stringify(answer), lineOf(key));
  }, 60_000);
});

describe('a registry that asks for a login', () => {
  const image = (): string => `${servers.registryName}/demo/private`;
  const web = (version: number, content: string | null, over: Parameters<typeof dockerRun>[0] = {}): DesiredPlacement =>
    placement({ version, run: dockerRun({ image: `${image()}:latest`, ...over }), ...(content === null ? {} : credential(originOfImage(image()).name, content)) });
  const runs = async (): Promise<string> => (await lab.inspect('maestro-web'))?.Config.Image ?? '';

  /** Pushed by way of the registry's other name, where nobody is asked. Answers with the digest. */
  async function push(text: string): Promise<string> {
    return (await sh(`docker pull -q demo/web:1 >/dev/null; c=$(docker create demo/web:1); docker commit -c 'LABEL text=${text}' $c registry.fleet/demo/private:latest >/dev/null; docker rm $c >/dev/null
      docker push -q registry.fleet/demo/private:latest >/dev/null; docker inspect -f '{{index .RepoDigests 0}}' registry.fleet/demo/private:latest | sed 's/.*@//'; docker image prune -af >/dev/null`)).trim();
  }

  it('is asked and pulled from with it; Docker keeps nothing of it, and a rollback pulls what is gone by its digest', async () => {
    servers.admitted = basic('deploy', token);
    const login = `deploy:${token}`;
    const one = await push('one');
    expect(await lab.plan(web(1, login))).toMatchObject([{ action: 'create' }]);
    await lab.apply(web(1, login));
    expect(await runs()).toBe(`${image()}:latest@${one}`);
    const two = await push('two');
    expect(await lab.plan(web(2, login, { pull_policy: 'always' }))).toMatchObject([{ action: 'update', fields: [{ field: 'image', to: `${image()}:latest@${two}` }] }]);
    await lab.apply(web(2, login, { pull_policy: 'always' }));
    expect(await runs()).toBe(`${image()}:latest@${two}`);
    await sh('docker image prune -af >/dev/null');
    expect((await lab.host.exec(['docker', 'image', 'inspect', `${image()}@${one}`])).exitCode).not.toBe(0);
    await lab.apply(web(1, login));
    expect(await runs()).toBe(`${image()}:latest@${one}`);
    expect(new Set(servers.seen.map(({ authorization }) => authorization))).toEqual(new Set([null, servers.admitted]));
    await expectNothingLeft();
  }, 120_000);

  it('takes a token that is sent as it is', async () => {
    servers.admitted = `Bearer ${token}`;
    await push('token');
    await lab.apply(web(1, JSON.stringify({ registrytoken: token })));
    expect(await runs()).toContain(image());
    await expectNothingLeft();
  }, 60_000);

  it('and does not take the login, says so by its name; what it says itself is told without the login', async () => {
    servers.admitted = basic('deploy', 'something else');
    await push('closed');
    const [plan] = await lab.plan(web(1, `deploy:${token}`));
    const answer = await call('prepare', lab.open(web(1, `deploy:${token}`)), 'web');
    expect(answer).toMatchObject({ ended: 'failed', type: 'auth_error', final: true, message: expect.stringContaining(`${servers.registryName} did not take the login of web on h1 for the image ${image()}:latest`), failure: { fix: expect.stringContaining('credentials_ref') } });
    expectNowhere(JSON.stringify([plan, answer]));
    expectNowhere(told());
    expect(await call('prepare', lab.open(web(1, null)), 'web')).toMatchObject({ ended: 'failed', type: 'fetch_failed', failure: { fix: expect.stringContaining('credentials_ref') } });
  }, 60_000);

  it('is not given the login of another one', async () => {
    servers.admitted = basic('deploy', token);
    const wanted = placement({ run: dockerRun({ image: `${image()}:latest` }), ...credential('registry.example.com', `deploy:${token}`) });
    expect(await call('prepare', lab.open(wanted), 'web')).toMatchObject({ ended: 'failed', type: 'internal', message: expect.stringContaining('sent no login') });
    expect(servers.seen.filter(({ authorization }) => authorization !== null)).toEqual([]);
  }, 60_000);
});

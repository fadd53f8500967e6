/** Git sources on a real host: fetched, built, switched to, and what a hostile repository or build can not do. */
import type { BuildStep, DesiredPlacement, GitSource } from '../../spec/desired.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { sourceHash } from '../../spec/resolve/source.js';
import type { DriverAnswer } from './driver/protocol.js';
import { HostLab } from './host-lab.js';
import { dockerRun, httpOn, placement, secretEnv, secretParts, systemdRun } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => {
  await lab.reset();
  await lab.host.exec(['sh', '-c', 'rm -rf /srv/git /var/tmp/once /etc/gitconfig /root/.gitconfig /opt/acme-api; rm -f /tmp/canary*']);
}, 120_000);

const deployId = 'dpl_aaaaaaaaaaaaaaaa';
const directory = '/opt/acme-api';
const releases = `/opt/maestro/.releases/${deployId}/api`;
const unit = 'maestro-api.service';

const step = (command: string, over: Partial<BuildStep> = {}): BuildStep => ({ command, env: {}, timeout_ms: 60_000, working_dir: null, ...over });
const simple = step('mkdir -p dist && cp src/version.txt dist/');

interface Parts { source?: Partial<GitSource>; build?: BuildStep[]; command?: string }

function app(version: number, { source, build = [simple], command = '/usr/bin/python3 -m http.server 8000' }: Parts = {}): DesiredPlacement {
  const names = { repo: 'file:///srv/git/app.git', ref: 'main', subpath: null, ...source };
  return placement({
    component: 'api', version, component_directory: directory, build, source: { type: 'git', ...names, source_hash: sourceHash(names, build), content_version: version },
    run: systemdRun({ working_directory: directory, command, user: 'deploy', restart_sec: 1 }, 'api'), healthcheck: httpOn(8000, '/dist/version.txt'),
  });
}

const sh = (script: string): Promise<string> => lab.succeed(['sh', '-ec', script]);

/** Commits to main of /srv/git/app.git; `script` runs in the work tree. Answers with the commit. */
async function commit(script: string): Promise<string> {
  const id = await sh(`
    export HOME=/root GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t
    [ -e /srv/git/app.git ] || git init -q --bare -b main /srv/git/app.git
    [ -e /srv/git/work ] || git init -q -b main /srv/git/work
    cd /srv/git/work
    ${script}
    git add -A; git commit -q --allow-empty -m change; git push -q ../app.git main; git rev-parse HEAD`);
  return id.trim();
}
const commitVersion = (text: string): Promise<string> => commit(`mkdir -p src; printf ${text} > src/version.txt`);

const call = (activity: 'prepare' | 'activate', run: string, options: Parameters<HostLab['ask']>[1] = {}, attempt = 1): Promise<DriverAnswer | null> => lab.ask([lab.call(activity, run, 'api', attempt)], options);
const planOf = async (wanted: DesiredPlacement): Promise<PlacementPlan | undefined> => (await lab.plan(wanted))[0];
const served = (): Promise<string> => lab.httpBody('http://127.0.0.1:8000/dist/version.txt');
const releaseNames = async (): Promise<string[]> => (await lab.host.exec(['ls', '-A', releases])).stdout.trim().split('\n').filter((name) => name !== '').sort();
const processes = async (): Promise<string> => (await lab.host.exec(['pgrep', '-a', '-u', 'maestro-build'])).stdout.trim();
const built = (file: string): Promise<string> => lab.host.readFile(`${directory}/dist/${file}`);
const noCanary = async (): Promise<void> => { expect((await lab.host.exec(['sh', '-c', 'ls /tmp/canary*'])).stdout).toBe(''); };
const invocation = (): Promise<string> => lab.succeed(['systemctl', 'show', '--value', '--property=InvocationID', unit]);

describe('a component of a repository', () => {
  it('is fetched, built by its steps in order, switched to and started; then it is left alone', async () => {
    const id = await commitVersion('one');
    const wanted = app(1, { build: [step('mkdir dist; cp src/version.txt dist/; echo to stdout; echo to stderr >&2; echo "hello $GREETING"', { env: { GREETING: "it's $HOME" } }), step('pwd > ../dist/where; chmod u+s,g+s ../dist/where', { working_dir: 'src' })] });
    const run = await lab.apply(wanted);
    expect(await served()).toBe('one');
    expect(await built('where')).toMatch(/\/\.draft\/source\/src\n$/);
    expect(lab.control.phases(run)).toEqual(['fetch', 'build', 'files', 'start', 'health', 'cleanup']);
    const lines = lab.control.lines(run);
    expect(lines).toContain(`fetching file:///srv/git/app.git at commit ${id}`);
    expect(lines.slice(lines.indexOf('to stdout') - 1, lines.indexOf('to stdout') + 4)).toEqual([expect.stringMatching(/^build step 1 of 2 \(mkdir dist;/), 'to stdout', 'to stderr', "hello it's $HOME", expect.stringMatching(/^build step 2 of 2/)]);
    expect(await releaseNames()).toEqual([(await lab.succeed(['readlink', directory])).trim().split('/').at(-1)]);
    expect((await sh(`find ${directory}/ -printf '%u:%g %m %P\\n' | sort -k3`)).trim().split('\n')).toEqual(['root:root 755 ', 'root:root 755 dist', 'root:root 644 dist/version.txt', 'root:root 644 dist/where', 'root:root 755 src', 'root:root 644 src/version.txt']);
    const before = await invocation();
    expect(await planOf(wanted)).toMatchObject({ action: 'unchanged', operations: [], fields: [], reasons: [], observed_state: 'healthy' });
    expect(await call('activate', lab.open(wanted))).toMatchObject({ ended: 'well', results: [{ changed: false }] });
    expect(await invocation()).toBe(before);
  });

  it('stays at its commit in its version; the next version takes what the ref names then, and can be gone back from', async () => {
    const first = await commitVersion('one');
    await lab.apply(app(1));
    const second = await commitVersion('two');
    expect(await planOf(app(1))).toMatchObject({ action: 'unchanged', operations: [] });
    expect(await planOf(app(2))).toMatchObject({ action: 'restart', needs_prepare: true, reasons: [`commit ${first.slice(0, 12)} → ${second.slice(0, 12)}`], fields: [{ field: 'source.commit', kind: 'desired', from: first, to: second }] });
    await lab.apply(app(2));
    expect(await served()).toBe('two');
    // Which commit it would be is not known, so neither is whether it is the same component.
    expect(await planOf(app(2))).toMatchObject({ action: 'unchanged', operations: [], reasons: [] });
    expect(await planOf(app(1))).toMatchObject({ needs_prepare: false, reasons: [`commit ${second.slice(0, 12)} → ${first.slice(0, 12)}`] });
    const run = await lab.apply(app(1));
    expect(await served()).toBe('one');
    expect(lab.control.lines(run).filter((line) => line.startsWith('build step'))).toEqual([]);
  });

  it('is the subpath of a tag, or of a commit by its id, of a folder below the root', async () => {
    const id = await commit('mkdir -p server/src; printf old > server/src/version.txt; echo root > top.txt; ln -s src server/link');
    await sh('cd /srv/git/app.git; git -c user.name=t -c user.email=t@t tag -a v1 -m v1 main');
    await commit('printf new > server/src/version.txt');
    await lab.apply(app(1, { source: { ref: 'v1', subpath: 'server' } }));
    expect(await served()).toBe('old');
    expect((await lab.succeed(['ls', directory])).trim().split('\n')).toEqual(['dist', 'link', 'src']);
    await lab.apply(app(2, { source: { ref: null, subpath: 'server' } }));
    expect(await served()).toBe('new');
    await lab.apply(app(3, { source: { ref: id, subpath: 'server' } }));
    expect(await served()).toBe('old');
  });

  it('whose repository is gone stays as it is and says so; to prepare it fails with what is to be done', async () => {
    await commitVersion('one');
    await lab.apply(app(1));
    await sh('mv /srv/git/app.git /srv/git/away.git');
    expect(await planOf(app(1))).toMatchObject({ action: 'unchanged', reasons: [] });
    expect(await planOf(app(2))).toMatchObject({ action: 'unchanged', operations: [], reasons: [expect.stringContaining('could not be asked')] });
    const run = lab.open(app(2));
    const failure = { phase: 'fetch', message: expect.stringContaining('/srv/git/app.git'), fix: expect.stringContaining('source.repo') };
    expect(await call('prepare', run)).toMatchObject({ ended: 'failed', type: 'fetch_failed', failure });
    expect(await served()).toBe('one');
  });

  it.each([['ref', { ref: 'nope' }, 'no branch or tag "nope"'], ['subpath', { subpath: 'nope' }, 'no folder "nope"'], ['commit', { ref: 'f'.repeat(40) }, `no commit ${'f'.repeat(40)}`]])('with a %s that is not there says so', async (_, source, message) => {
    await commitVersion('one');
    expect(await call('prepare', lab.open(app(1, { source })))).toMatchObject({ ended: 'failed', type: 'fetch_failed', failure: { phase: 'fetch', message: expect.stringContaining(message) } });
    expect(await releaseNames()).toEqual([]);
  });

  it('whose link was removed, turned or robbed of its release by hand is put right', async () => {
    await commitVersion('one');
    await lab.apply(app(1));
    await sh(`rm ${directory}`);
    expect(await planOf(app(1))).toMatchObject({ needs_prepare: false, reasons: [`${directory} is missing`], fields: [{ field: 'source.commit', kind: 'missing' }] });
    await lab.apply(app(1));
    expect(await served()).toBe('one');
    await sh(`ln -sfn /srv ${directory}`);
    expect(await planOf(app(1))).toMatchObject({ needs_prepare: false, fields: [{ field: 'source.commit', kind: 'changed' }] });
    await lab.apply(app(1));
    await sh(`rm -rf ${releases}/*`);
    expect(await planOf(app(1))).toMatchObject({ needs_prepare: true, fields: [{ field: 'source.commit', kind: 'changed' }] });
    expect(await call('activate', lab.open(app(1)))).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    expect(await served()).toBe('one');
  });

  it.each([['a folder', `mkdir ${directory}; echo mine > ${directory}/file`], ['a link', `mkdir -p /srv/git/mine; ln -s /srv/git/mine ${directory}`], ['a file', `echo mine > ${directory}`]])('in whose place %s of somebody else stands is a conflict, before anything is done', async (_, make) => {
    await commitVersion('one');
    await sh(make);
    const before = await sh(`ls -lRd ${directory}`);
    expect(await planOf(app(1))).toMatchObject({ action: 'conflict', reasons: [expect.stringContaining(`${directory} exists`)], operations: [] });
    expect(await call('activate', lab.open(app(1)))).toMatchObject({ ended: 'failed', type: 'conflict' });
    expect(await sh(`ls -lRd ${directory}`)).toBe(before);
    expect((await lab.host.exec(['ls', `/etc/systemd/system/${unit}`])).exitCode).not.toBe(0);
    expect(await releaseNames()).toEqual([]);
  });

  it('is there for a container that mounts its directory, and restarts it', async () => {
    const web = (version: number): DesiredPlacement => {
      const { hash: _, ...parts } = app(version);
      const run = dockerRun({
        image: 'demo/web:1', container_name: 'maestro-api', ports: [{ ip: '0.0.0.0', host_port: 8080, container_port: 8080, protocol: 'tcp' }], env: { CONFIG: '/app/dist/version.txt' },
        volumes: [{ kind: 'bind', source: directory, target: '/app', read_only: true }],
      });
      return placement({ ...parts, run, healthcheck: httpOn(8080) });
    };
    await commitVersion('one');
    await lab.apply(web(1));
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('one');
    await commitVersion('two');
    expect(await planOf(web(2))).toMatchObject({ action: 'restart', operations: [{ op: 'switch_release', path: directory }, { op: 'restart_container' }, { op: 'check_health' }] });
    const run = await lab.apply(web(2));
    expect(lab.control.phases(run).slice(0, 2)).toEqual(['fetch', 'build']);
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('two');
    expect(await planOf(web(2))).toMatchObject({ action: 'unchanged', operations: [] });
  });

  it('keeps its last five releases, and the one it runs', async () => {
    const ids: string[] = [];
    for (let version = 1; version <= 7; version += 1) {
      ids.push((await commitVersion(`v${String(version)}`)).slice(0, 16));
      await lab.apply(app(version));
    }
    expect((await releaseNames()).map((name) => name.slice(0, 16))).toEqual(ids.slice(2).sort());
    await lab.apply(app(3));
    expect(await served()).toBe('v3');
  }, 240_000);

  it('that does not start is put back to the release that did', async () => {
    await commitVersion('one');
    await lab.apply(app(1));
    const link = await lab.succeed(['readlink', directory]);
    await commitVersion('two');
    expect(await call('activate', lab.open(app(2, { command: '/usr/bin/false' })))).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true } });
    expect(await lab.succeed(['readlink', directory])).toBe(link);
    expect(await served()).toBe('one');
    expect(await planOf(app(1))).toMatchObject({ action: 'unchanged', operations: [] });
  });
});

describe('a build', () => {
  it('that fails leaves the old one running, and names the command, its exit code and what it said', async () => {
    await commitVersion('one');
    await lab.apply(app(1));
    const before = await releaseNames();
    const broken = app(2, { build: [simple, step('echo no such luck; echo really >&2; exit 3')] });
    const failure = { code: 'build_failed', phase: 'build', message: 'build step 2 of 2 (echo no such luck; echo really >&2; exit 3) exited with code 3', output_tail: 'no such luck\nreally', fix: expect.stringContaining('submit a new version') };
    const run = lab.open(broken);
    expect(await call('prepare', run)).toMatchObject({ ended: 'failed', type: 'build_failed', final: true, failure });
    expect(await call('activate', run)).toMatchObject({ ended: 'failed', type: 'build_failed', failure });
    expect(await releaseNames()).toEqual(before);
    expect(await served()).toBe('one');
    expect(await planOf(app(1))).toMatchObject({ action: 'unchanged' });
  });

  it('runs as a user that owns nothing, with an environment that tells it nothing', async () => {
    await commitVersion('one');
    const probe = 'id -un > dist/user; id -Gn >> dist/user; umask > dist/umask; env | cut -d= -f1 | sort > dist/env; echo "$HOME" > dist/home; stat -c %a "$HOME" >> dist/home; cat >dist/stdin';
    const attacks = 'for place in /etc/x /root/x /opt/maestro/x /opt/maestro/.releases/x ../x ../../x /var/lib/maestro-test/x; do touch $place 2>/dev/null && echo $place; done > dist/written; ls /root /var/lib/maestro-test > dist/read 2>/dev/null; exit 0';
    await lab.apply(app(1, { build: [simple, step(probe, { env: { MINE: '1' } }), step(attacks)] }));
    expect(await built('user')).toBe('maestro-build\nmaestro-build\n');
    expect(await built('umask')).toBe('0022\n');
    expect((await built('env')).trim().split('\n')).toEqual(['HOME', 'LANG', 'LOGNAME', 'MAESTRO_COMMIT', 'MINE', 'PATH', 'PWD', 'SHELL', 'TMPDIR', 'USER']);
    expect(await built('home')).toMatch(/^\/opt\/maestro\/\.releases\/.*\/\.draft\/home\n700\n$/);
    expect([await built('stdin'), await built('written'), await built('read')]).toEqual(['', '', '']);
    expect(await lab.succeed(['getent', 'passwd', 'maestro-build'])).toMatch(/:\/usr\/sbin\/nologin\n$/);
  });

  it('is given its secrets, and nothing that is told has one in it', async () => {
    await commitVersion('one');
    const secret = 'pa$$ "word" 1';
    const wanted = (command: string): DesiredPlacement => {
      const { hash: _, ...parts } = app(1, { build: [simple, step(command, { secret_env: secretEnv({ TOKEN: secret }) })] });
      return placement({ ...parts, ...secretParts(secret) });
    };
    await lab.apply(wanted('printf %s "$TOKEN" > dist/token'));
    expect(await built('token')).toBe(secret);
    const run = lab.open(wanted('echo "token is $TOKEN"; exit 4'));
    const answer = await call('prepare', run);
    expect(answer).toMatchObject({ ended: 'failed', type: 'build_failed', failure: { output_tail: expect.stringContaining('token is') } });
    expect(JSON.stringify([answer, lab.control.lines(run)])).not.toContain('word');
    expect(await sh('cat /var/lib/maestro-test/journal/sources/*/*')).not.toContain('word');
  });

  it.each([
    ['that leaves a daemon behind, in a session of its own', step('setsid sleep 4711 & (sleep 4712 &) ; sleep 0.2'), null],
    ['that takes too long, with all that it has started', step('setsid sleep 4713 & sleep 4714 & sleep 4715', { timeout_ms: 1_000 }), 'was not done after 1 s'],
    ['that fails while others of it run', step('setsid sleep 4716 & exit 9'), 'exited with code 9'],
  ])('%s leaves no process', async (_, slow, message) => {
    await commitVersion('one');
    const started = Date.now();
    const answer = await call('prepare', lab.open(app(1, { build: [simple, slow] })));
    expect(Date.now() - started).toBeLessThan(20_000);
    if (message === null) expect(answer).toMatchObject({ ended: 'well' });
    else expect(answer).toMatchObject({ ended: 'failed', type: 'build_failed', failure: { message: expect.stringContaining(message) } });
    expect(await processes()).toBe('');
    expect((await releaseNames()).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('that is cancelled ends at once, and leaves neither a process nor a draft', async () => {
    await commitVersion('one');
    expect(await call('prepare', lab.open(app(1, { build: [step('sleep 4717')] })), { cancelAfterMs: 3_000 })).toMatchObject({ ended: 'cancelled' });
    expect(await processes()).toBe('');
    expect(await releaseNames()).toEqual([]);
  });

  it('that says a lot is told with its beginning and its end', async () => {
    await commitVersion('one');
    const run = lab.open(app(1, { build: [simple, step('yes "a line of forty characters, more or less" | head -n 200000; echo the end')] }));
    expect(await call('prepare', run)).toMatchObject({ ended: 'well' });
    expect(lab.control.lines(run)).toEqual(expect.arrayContaining([expect.stringMatching(/^\[truncated: \d+ bytes left out\]$/), 'the end']));
  });
});

describe('killed', () => {
  const expectWell = async (wanted: DesiredPlacement): Promise<void> => {
    expect(await served()).toBe('two');
    expect(await releaseNames()).toHaveLength(2);
    expect(await processes()).toBe('');
    expect(await planOf(wanted)).toMatchObject({ action: 'unchanged', operations: [], reasons: [], observed_state: 'healthy' });
    expect((await lab.journal(deployId, 'api')).attempt?.state).toBe('ended');
  };
  async function second(build: BuildStep[] = [simple, step('true')]): Promise<{ wanted: DesiredPlacement; run: string }> {
    await commitVersion('one');
    await lab.apply(app(1));
    await commitVersion('two');
    const wanted = app(2, { build });
    return { wanted, run: lab.open(wanted) };
  }

  it.each(['after:source.pin', 'before:source.fetch', 'after:source.fetch', 'after:source.build', 'before:source.release', 'after:source.release'])('%s: the repeat ends well', async (fault) => {
    const { wanted, run } = await second();
    expect(await call('prepare', run, { fault })).toBeNull();
    expect(await served()).toBe('one');
    expect(await call('prepare', run)).toMatchObject({ ended: 'well' });
    expect(await call('activate', run)).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    await expectWell(wanted);
  });

  it.each(['after:journal.open', 'after:source.switch', 'after:unit.start', 'after:journal.commit', 'before:journal.end'])('%s: the repeat ends well', async (fault) => {
    const { wanted, run } = await second();
    expect(await call('prepare', run)).toMatchObject({ ended: 'well' });
    expect(await call('activate', run, { fault })).toBeNull();
    expect(await call('activate', run)).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    await expectWell(wanted);
  });

  it('while a command runs: the repeat ends what was left of it', async () => {
    const { wanted, run } = await second([simple, step('[ -e /var/tmp/once ] || { touch /var/tmp/once; setsid sleep 4718 & sleep 4719; }')]);
    const killed = call('prepare', run).catch(() => null);
    await sh('for i in $(seq 100); do pgrep -f "^sleep 4719" && exit 0; sleep 0.1; done; exit 1');
    await sh('kill -9 $(pgrep -f "^node /root/driver.cjs")');
    await killed;
    expect(await processes()).toContain('sleep 4718');
    expect(await call('prepare', run)).toMatchObject({ ended: 'well' });
    expect(await call('activate', run)).toMatchObject({ ended: 'well' });
    await expectWell(wanted);
  });
});

describe('a hostile repository has no effect:', () => {
  it.each([
    ['a link to a file of the host', 'ln -s /etc/passwd link'], ['a link that climbs out', 'mkdir a; ln -s ../../x a/link'], ['a link through another one', 'mkdir -p a/b; ln -s ../.. a/b/up; ln -s up/../../x a/b/link'], ['a link that is a folder of the tree', 'ln -s ../../../../../../tmp src'],
  ])('%s is refused', async (_, script) => {
    await commit(script);
    expect(await call('prepare', lab.open(app(1)))).toMatchObject({ ended: 'failed', type: 'fetch_failed', failure: { message: expect.stringContaining('lead out of it') } });
    expect(await releaseNames()).toEqual([]);
  });

  it('submodules, hooks, filters and settings of the repository, of the host and of root are not looked at', async () => {
    await commit(`mkdir -p src; printf one > src/version.txt
      printf '[submodule "sub"]\\n path = sub\\n url = ext::sh -c "touch /tmp/canary-submodule"\\n update = !touch /tmp/canary-update\\n' > .gitmodules
      printf '* filter=evil diff=evil merge=evil\\n*.txt filter=lfs\\n' > .gitattributes
      mkdir hooks .githooks; for name in post-checkout reference-transaction; do printf '#!/bin/sh\\ntouch /tmp/canary-hook\\n' > hooks/$name; chmod +x hooks/$name; cp hooks/$name .githooks/; done
      mkdir sub; git add -A; git update-index --add --cacheinfo 160000,1111111111111111111111111111111111111111,sub`);
    await sh(`cd /srv/git/app.git
      evil='[filter "evil"]\\n smudge = touch /tmp/canary-smudge\\n process = touch /tmp/canary-process\\n required = true\\n[filter "lfs"]\\n smudge = touch /tmp/canary-lfs\\n process = touch /tmp/canary-lfs\\n[core]\\n fsmonitor = touch /tmp/canary-fsmonitor\\n sshCommand = touch /tmp/canary-ssh\\n hooksPath = /srv/git/work/hooks\\n[uploadpack]\\n packObjectsHook = touch /tmp/canary-pack\\n[credential]\\n helper = !touch /tmp/canary-helper\\n[alias]\\n fetch = !touch /tmp/canary-alias\\n'
      printf "$evil" | tee -a config /etc/gitconfig /root/.gitconfig >/dev/null
      cp /srv/git/work/hooks/* hooks/`);
    const run = await lab.apply(app(1));
    await noCanary();
    expect(await served()).toBe('one');
    expect(lab.control.lines(run)).toContain('submodules are not fetched: "sub"');
    expect((await lab.succeed(['ls', '-A', directory])).trim().split('\n')).toEqual(['.gitattributes', '.githooks', '.gitmodules', 'dist', 'hooks', 'src', 'sub']);
  });

  it.each<[string, Partial<GitSource>]>([
    ['an option as repository', { repo: '--upload-pack=touch${IFS}/tmp/canary' }], ['a program as repository', { repo: 'ext::sh${IFS}-c${IFS}touch${IFS}/tmp/canary' }], ['an option of ssh as host', { repo: 'ssh://-oProxyCommand=touch${IFS}/tmp/canary/x' }],
    ['an option as ref', { ref: '--output=/tmp/canary' }], ['an option as ref of a fetch', { ref: '--upload-pack=touch /tmp/canary' }], ['a subpath outside', { subpath: '../../x' }],
  ])('%s is refused by the host, too', async (_, source) => {
    await commitVersion('one');
    const wanted = app(1, { source });
    expect(await call('prepare', lab.open(wanted))).toMatchObject({ ended: 'failed', type: 'config_error' });
    expect(await call('activate', lab.open(wanted))).toMatchObject({ ended: 'failed', type: 'config_error' });
    await noCanary();
  });
});

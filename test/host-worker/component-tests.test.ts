/** Tests of a component on a real host: as whom, where and when they run, what their failure does, and what they leave behind. */
import type { DesiredTest } from '../../spec/desired.js';
import { sourceHash } from '../../spec/resolve/source.js';
import type { TestResult } from '../../spec/test-results.js';
import type { ActivateResult, StepFailure } from '../../workflows/shared.js';
import type { DriverAnswer } from './driver/protocol.js';
import { HostLab } from './host-lab.js';
import { dockerRun, httpOn, placement, secretEnv, secretParts, systemdRun, type PlacementParts } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => {
  await lab.reset();
  await lab.succeed(['sh', '-c', 'rm -rf /srv/seen /srv/git; mkdir -m 777 /srv/seen; touch /srv/seen/log; chmod 666 /srv/seen/log']);
}, 120_000);

type CommandParts = Partial<Omit<DesiredTest, 'name' | 'type'>>;
const command = (name: string, text: string, over: CommandParts = {}): DesiredTest =>
  ({ name, when: 'post_deploy', requires: [], gated: false, timeout_ms: 20_000, blocking: true, ...over, type: 'command', command: text });
const http = (name: string, url: string, over: Partial<Extract<DesiredTest, { type: 'http' }>> = {}): DesiredTest =>
  ({ name, when: 'post_deploy', requires: [], gated: false, timeout_ms: 5_000, blocking: true, type: 'http', url, expect_status: 200, expect_body_contains: null, ...over });
const before = { when: 'pre_deploy' } as const;

const unit = 'maestro-worker.service';
const worker = (tests: DesiredTest[], version = 1, run: Parameters<typeof systemdRun>[0] = {}, parts: PlacementParts = {}) =>
  placement({ component: 'worker', version, run: systemdRun({ env: { V: String(version) }, ...run }), tests, ...parts });
/** The images of the fleet have no shell; that of the host serves. */
const hostPrograms = [['/usr', '/usr'], ['/usr/bin', '/bin'], ['/usr/lib', '/lib'], ['/usr/lib64', '/lib64'], ['/srv/seen', '/seen']]
  .map(([source = '', target = '']) => ({ kind: 'bind' as const, source, target, read_only: source !== '/srv/seen' }));
const web = (tests: DesiredTest[], version = 1, run: Parameters<typeof dockerRun>[0] = {}, parts: PlacementParts = {}) => placement({
  version, tests, healthcheck: httpOn(8080), allowed: ['host_mounts'], ...parts,
  run: dockerRun({ image: `demo/web:${String(version)}`, ports: [{ ip: '127.0.0.1', host_port: 8080, container_port: 8080, protocol: 'tcp' }], volumes: hostPrograms, env: { NAME: 'shop' }, ...run }),
});

const both = async (wanted: ReturnType<typeof placement>): Promise<{ run: string; prepared: DriverAnswer | null; activated: DriverAnswer | null }> => {
  const run = lab.open(wanted);
  const prepared = await lab.ask([lab.call('prepare', run, wanted.component)]);
  return { run, prepared, activated: prepared?.ended === 'well' ? await lab.activate(run, wanted.component) : null };
};
const resultsOf = (answer: DriverAnswer | null): TestResult[] => {
  if (answer?.ended === 'well') return (answer.results[0] as ActivateResult).tests ?? [];
  return answer?.ended === 'failed' ? (answer.failure as StepFailure).tests ?? [] : [];
};
const told = (answer: DriverAnswer | null): string[] => resultsOf(answer).map(({ name, state }) => `${name} ${state}`);
const seen = async (): Promise<string[]> => (await lab.host.exec(['sh', '-c', 'cat /srv/seen/log 2>/dev/null'])).stdout.trim().split('\n').filter((line) => line !== '');
const marked = async (): Promise<string> => (await lab.host.exec(['sh', '-c', 'grep -lz "^MAESTRO_TEST_OF=" /proc/[0-9]*/environ 2>/dev/null'])).stdout.trim();
const invocation = async (): Promise<string> => (await lab.succeed(['systemctl', 'show', '--value', '--property=InvocationID', unit])).trim();

describe('tests of a unit', () => {
  it('run before the change as the build user and after it as the user of the unit, in order, and are told with times', async () => {
    const say = 'echo "$(id -un) $(pwd) ${V:-none} ${HOME##*/} $(touch $HOME/x $TMPDIR/y && echo writes)" >> /srv/seen/log';
    const { run, prepared, activated } = await both(worker([command('unit', say, before), command('first', `${say}; echo said so`), http('page', 'http://127.0.0.1:8000/', { requires: ['first'] })], 1,
      { user: 'deploy', command: '/usr/bin/python3 -m http.server 8000 --directory /srv', working_directory: '/srv' }, { component_directory: '/srv', healthcheck: httpOn(8000) }));
    expect(told(prepared)).toEqual(['unit passed']);
    expect(resultsOf(activated)).toEqual([
      { name: 'unit', when: 'pre_deploy', state: 'passed', blocking: true, duration_ms: expect.any(Number), detail: 'exited with code 0' },
      { name: 'first', when: 'post_deploy', state: 'passed', blocking: true, duration_ms: expect.any(Number), detail: 'exited with code 0' },
      { name: 'page', when: 'post_deploy', state: 'passed', blocking: true, duration_ms: expect.any(Number), detail: 'http 200' },
    ]);
    expect(await seen()).toEqual(['maestro-build /opt/maestro/.releases/.tests/dpl_aaaaaaaaaaaaaaaa/worker none worker writes', 'deploy /srv 1 worker writes']);
    expect(lab.control.phases(run)).toEqual(expect.arrayContaining(['test', 'health', 'cleanup']));
    expect(lab.control.lines(run).join('\n')).toMatch(/test first \(post_deploy\): echo[\s\S]*said so[\s\S]*test first passed after \d+\.\d s/);
    expect((await lab.host.exec(['ls', '-A', '/opt/maestro/.releases/.tests/dpl_aaaaaaaaaaaaaaaa'])).stdout.trim()).toBe('');
  });

  it('do not run where nothing changes, and a test that changed alone changes nothing', async () => {
    await lab.apply(worker([command('a', 'echo a >> /srv/seen/log')]));
    const other = worker([command('a', 'echo other >> /srv/seen/log'), command('b', 'echo b >> /srv/seen/log', before)]);
    expect((await lab.plan(other))[0]).toMatchObject({ action: 'unchanged', operations: [], needs_prepare: false });
    const started = await invocation();
    const { prepared, activated } = await both(other);
    expect([told(prepared), activated]).toMatchObject([[], { ended: 'well', results: [{ changed: false }] }]);
    expect(await seen()).toEqual(['a']);
    expect(await invocation()).toBe(started);
    expect((await lab.plan(worker([command('b', 'true', before)], 2)))[0]).toMatchObject({ needs_prepare: true });
  });

  it('that fail before the change touch nothing, and stop those after them', async () => {
    await lab.apply(worker([]));
    const started = await invocation();
    const { prepared, activated } = await both(worker([command('unit', 'echo one; echo two words >&2; exit 3', before), command('lint', 'true', before), command('after', 'true')], 2));
    expect(prepared).toMatchObject({ ended: 'failed', type: 'test_failed', final: true, message: 'test unit of worker failed: exited with code 3: two words', failure: { phase: 'test', put_back: false, output_tail: 'one\ntwo words' } });
    expect(told(prepared)).toEqual(['unit failed', 'lint skipped']);
    expect([activated, await invocation()]).toEqual([null, started]);
  });

  it('that fail after it put the old one back, and say what they said', async () => {
    await lab.apply(worker([]));
    const { activated } = await both(worker([command('smoke', 'echo V=$V; exit 1'), command('more', 'true')], 2));
    expect(activated).toMatchObject({ ended: 'failed', type: 'test_failed', failure: { code: 'test_failed', phase: 'test', put_back: true, output_tail: 'V=2', message: expect.stringContaining('test smoke of worker failed') } });
    expect(told(activated)).toEqual(['smoke failed', 'more skipped']);
    expect(await lab.host.readFile(`/etc/systemd/system/${unit}`)).toContain('V=1');
    expect((await lab.plan(worker([])))[0]).toMatchObject({ action: 'unchanged', observed_state: 'running' });
  });

  it('that do not block fail without consequence, but for those that require them', async () => {
    const { activated } = await both(worker([command('soft', 'exit 1', { blocking: false }), command('next', 'true', { requires: ['soft'] }), command('free', 'true')]));
    expect(activated).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    expect(resultsOf(activated)).toMatchObject([{ name: 'soft', state: 'failed', blocking: false }, { name: 'next', state: 'skipped', detail: 'not run, since soft, which it requires, failed', duration_ms: 0 }, { name: 'free', state: 'passed' }]);
  });

  it.each([['its user', { user: 'deploy' }], ['the build user', {}]])('that take too long are ended with all that they started (as %s)', async (_, run) => {
    const { activated } = await both(worker([command('slow', 'sleep 3001 & setsid sleep 3002 & (setsid sh -c "sleep 3003 & wait" &) ; echo begun; sleep 3004', { timeout_ms: 1_500 })], 1, run));
    expect(activated).toMatchObject({ ended: 'failed', type: 'test_failed', message: 'test slow of worker was not done in time: not done after 1.5 s' });
    expect(told(activated)).toEqual(['slow timed_out']);
    expect([(await lab.host.exec(['pgrep', '-af', 'sleep 300[1-4]'])).stdout, await marked()]).toEqual(['', '']);
  });

  it('that require a component wait for their turn: they are not run ahead', async () => {
    const tests = [command('gated', 'echo gated >> /srv/seen/log', { ...before, gated: true }), command('ahead', 'echo ahead >> /srv/seen/log', before)];
    const run = lab.open(worker(tests));
    expect(told(await lab.ask([lab.call('prepare', run, 'worker')]))).toEqual(['ahead passed']);
    expect(await seen()).toEqual(['ahead']);
    expect(told(await lab.activate(run, 'worker'))).toEqual(['ahead passed', 'gated passed']);
    expect(await seen()).toEqual(['ahead', 'gated']);
  });
});

describe('a repeat', () => {
  const counted = (): DesiredTest[] => [command('unit', 'echo unit >> /srv/seen/log', before), command('smoke', 'echo smoke >> /srv/seen/log; exit $(cat /srv/seen/code)')];

  it('of what has ended runs nothing again and tells the same', async () => {
    await lab.succeed(['sh', '-c', 'echo 0 > /srv/seen/code']);
    const run = lab.open(worker(counted()));
    const ask = async (): Promise<(DriverAnswer | null)[]> => [await lab.ask([lab.call('prepare', run, 'worker')]), await lab.activate(run, 'worker')];
    const first = await ask();
    const second = await ask();
    expect(second.map(resultsOf)[1]).toEqual(first.map(resultsOf)[1]);
    expect(await seen()).toEqual(['unit', 'smoke']);
  });

  it('of a failed preparation is told the first failure; a new attempt runs them anew, before it touches anything', async () => {
    const wanted = worker([command('unit', 'echo unit >> /srv/seen/log; exit $(cat /srv/seen/code)', before)]);
    await lab.succeed(['sh', '-c', 'echo 1 > /srv/seen/code']);
    const run = lab.open(wanted);
    for (let round = 0; round < 2; round += 1) expect(await lab.ask([lab.call('prepare', run, 'worker')])).toMatchObject({ ended: 'failed', type: 'test_failed' });
    expect(await lab.activate(run, 'worker', { attempt: 2 })).toMatchObject({ ended: 'failed', type: 'test_failed' });
    expect((await lab.host.exec(['ls', `/etc/systemd/system/${unit}`])).exitCode).not.toBe(0);
    await lab.succeed(['sh', '-c', 'echo 0 > /srv/seen/code']);
    expect(told(await lab.activate(run, 'worker', { attempt: 3 }))).toEqual(['unit passed']);
    expect(await seen()).toEqual(['unit', 'unit', 'unit']);
  });

  it.each([['before:test.run', 1], ['after:test.run', 2], ['after:journal.commit', 1]])('of one that was killed %s ends well, and tells each test once', async (fault, runs) => {
    await lab.succeed(['sh', '-c', 'echo 0 > /srv/seen/code']);
    const run = lab.open(worker([counted()[1] as DesiredTest]));
    expect(await lab.activate(run, 'worker', { fault })).toBeNull();
    const started = await invocation();
    expect(told(await lab.activate(run, 'worker'))).toEqual(['smoke passed']);
    expect(await seen()).toEqual(Array.from({ length: Number(runs) }, () => 'smoke'));
    expect(await invocation()).toBe(started);
  });

  it('of one that was killed while a test ran ends what that left behind', async () => {
    const run = lab.open(worker([command('slow', 'if [ -e /srv/seen/once ]; then exit 0; fi; touch /srv/seen/once; kill -9 $(pgrep -f "^node /root/driver.cjs"); sleep 3005', { timeout_ms: 60_000 })], 1, { user: 'root' }));
    const answer = await lab.ask([lab.call('activate', run, 'worker')]).catch((error: unknown) => String(error));
    expect(answer).toMatch(/the driver failed \(137\)/);
    expect((await lab.host.exec(['pgrep', '-f', 'sleep 3005'])).stdout).not.toBe('');
    expect(told(await lab.activate(run, 'worker'))).toEqual(['slow passed']);
    expect((await lab.host.exec(['pgrep', '-f', 'sleep 3005'])).stdout).toBe('');
  });

  it('a cancellation ends the test and puts the old one back', async () => {
    await lab.apply(worker([]));
    const run = lab.open(worker([command('slow', 'sleep 3006')], 2));
    expect(await lab.activate(run, 'worker', { cancelAfterMs: 2_000 })).toMatchObject({ ended: 'cancelled' });
    expect((await lab.host.exec(['pgrep', '-f', 'sleep 3006'])).stdout).toBe('');
    expect((await lab.plan(worker([])))[0]).toMatchObject({ action: 'unchanged', observed_state: 'running' });
  });
});

describe('tests of a container', () => {
  it('run inside of it with its environment, and before the change on the host', async () => {
    const { activated } = await both(web([command('host', 'test ! -e /seen && echo host >> /srv/seen/log', before), command('inside', 'test -e /seen && echo "$NAME" >> /seen/log'), http('page', 'http://127.0.0.1:8080/', { expect_body_contains: 'version=1' })]));
    expect(told(activated)).toEqual(['host passed', 'inside passed', 'page passed']);
    expect(await seen()).toEqual(['host', 'shop']);
  });

  it('that fail put the old one back', async () => {
    await lab.apply(web([]));
    const { activated } = await both(web([http('page', 'http://127.0.0.1:8080/', { expect_body_contains: 'version=1' })], 2));
    expect(activated).toMatchObject({ ended: 'failed', type: 'test_failed', message: expect.stringContaining('the body does not contain'), failure: { put_back: true } });
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=1');
    expect(await lab.containers()).toEqual(['maestro-web running']);
  });

  it('that take too long are ended inside of it, and it goes on', async () => {
    const { activated } = await both(web([command('slow', 'sleep 3007 & setsid sleep 3008 & sleep 3009', { timeout_ms: 1_500, blocking: false })]));
    expect(told(activated)).toEqual(['slow timed_out']);
    expect((await lab.host.exec(['pgrep', '-af', 'sleep 300[7-9]'])).stdout).toBe('');
    expect(await lab.containers()).toEqual(['maestro-web running']);
  });

  it('are told without the secrets that they print, whole and cut', async () => {
    const value = 'canary-5e7a/and more of it';
    const wanted = web([command('leak', `printf '%${String(180)}s%s\\n' x "$TOKEN"; echo "$TOKEN" | base64; exit 1`)], 1, { secret_env: secretEnv({ TOKEN: value }) }, secretParts(value));
    const { run, activated } = await both(wanted);
    expect(activated).toMatchObject({ ended: 'failed', type: 'test_failed' });
    const everything = JSON.stringify([activated, lab.control.reports]) + (await lab.succeed(['sh', '-c', 'find /var/lib/maestro-test -type f -not -path "*/previous/*" -exec cat {} +']));
    expect(everything).not.toMatch(/canary|Y2FuYXJ5/);
    expect(lab.control.lines(run).join('\n')).toContain('[secret]');
  });
});

it('a component of a repository is tested in its release, before that is switched to', async () => {
  await lab.succeed(['sh', '-ec', `
    export HOME=/root GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t
    git init -q -b main /srv/git/work; cd /srv/git/work; echo one > version.txt; git add -A; git commit -q -m one; git clone -q --bare . ../app.git`]);
  const names = { repo: 'file:///srv/git/app.git', ref: 'main', subpath: null };
  const build = [{ command: 'cp version.txt built.txt', env: {}, timeout_ms: 20_000, working_dir: null }];
  const wanted = placement({
    component: 'worker', component_directory: '/opt/app', source: { type: 'git', ...names, source_hash: sourceHash(names, build), content_version: 1 }, build, run: systemdRun({ working_directory: '/opt/app' }),
    tests: [command('unit', 'cat built.txt >> /srv/seen/log; test ! -e /opt/app && test ${#MAESTRO_COMMIT} = 40 && ! touch x', before), command('smoke', 'pwd >> /srv/seen/log; cat built.txt >> /srv/seen/log')],
  });
  const { activated } = await both(wanted);
  expect(told(activated)).toEqual(['unit passed', 'smoke passed']);
  expect(await seen()).toEqual(['one', expect.stringMatching(/^\/opt\/maestro\/\.releases\/.*\/worker\/[0-9a-f]{16}-/), 'one']);
});

/** Units, files and trees on a real host. */
import { HostLab } from './host-lab.js';
import { file, httpOn, placement, quick, systemdRun, tree } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => {
  await lab.reset();
  await lab.host.exec(['sh', '-c', 'umount /srv/small; rm -rf /srv/small /srv/site; userdel app; true']);
}, 120_000);

const unit = 'maestro-worker.service';
const serve = (port: number, folder = '/srv/demo'): string => `/usr/bin/python3 -m http.server ${String(port)} --directory ${folder}`;
const worker = (run: Parameters<typeof systemdRun>[0] = {}, parts: Parameters<typeof placement>[0] = {}) => placement({ component: 'worker', run: systemdRun(run), ...parts });
const show = async (property: string): Promise<string> => (await lab.succeed(['systemctl', 'show', '--value', `--property=${property}`, unit])).trim();
const activate = (wanted: ReturnType<typeof placement>, options = {}) => lab.activate(lab.open(wanted), wanted.component, options);

describe('a unit', () => {
  it('is written, enabled, started, waited for, and then left alone', async () => {
    const wanted = worker({ command: serve(8000), env: { GREETING: 'it\'s 100% "quoted" $HOME' }, restart_sec: 1 }, { healthcheck: httpOn(8000), files: [file('/srv/demo/index.html', 'hello')] });
    const run = await lab.apply(wanted);
    expect(await lab.httpBody('http://127.0.0.1:8000/')).toBe('hello');
    expect([await show('ActiveState'), await show('UnitFileState'), await show('NeedDaemonReload')]).toEqual(['active', 'enabled', 'no']);
    expect((await lab.succeed(['sh', '-c', `tr '\\0' '\\n' </proc/$(systemctl show --value --property=MainPID ${unit})/environ | grep GREETING`])).trim()).toBe('GREETING=it\'s 100% "quoted" $HOME');
    expect(lab.control.phases(run)).toEqual(['files', 'start', 'health', 'cleanup']);
    const invocation = await show('InvocationID');
    expect((await lab.plan(wanted))[0]).toMatchObject({ action: 'unchanged', operations: [], fields: [], observed_state: 'healthy' });
    expect(await show('InvocationID')).toBe(invocation);
  });

  it('is restarted by a new version, with the new file read', async () => {
    await lab.apply(worker());
    const before = await show('InvocationID');
    await lab.apply(worker({ command: '/usr/bin/sleep 99999' }, { version: 2 }));
    expect(await show('InvocationID')).not.toBe(before);
    expect(await lab.succeed(['sh', '-c', `tr '\\0' ' ' </proc/$(systemctl show --value --property=MainPID ${unit})/cmdline`])).toBe('/usr/bin/sleep 99999 ');
    expect((await lab.plan(worker({ command: '/usr/bin/sleep 99999' }, { version: 2 })))[0]).toMatchObject({ action: 'unchanged' });
  });

  it('that exits at once fails without waiting, is put back, and shows its last words', async () => {
    await lab.apply(worker({}, { files: [file('/etc/demo/app.conf', 'old')] }));
    const before = await lab.host.readFile(`/etc/systemd/system/${unit}`);
    const broken = worker({ command: '/bin/sh -c "echo no such luck; exit 7"', restart: 'on-failure', restart_sec: 1 }, { version: 2, files: [file('/etc/demo/app.conf', 'new')], healthcheck: { ...httpOn(8000), start_period_ms: 60_000 } });
    const started = Date.now();
    const answer = await activate(broken);
    expect(Date.now() - started).toBeLessThan(25_000);
    expect(answer).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true, message: `unit ${unit} exited with code 7`, output_tail: expect.stringContaining('no such luck') } });
    expect(await lab.host.readFile(`/etc/systemd/system/${unit}`)).toBe(before);
    expect(await lab.host.readFile('/etc/demo/app.conf')).toBe('old');
    expect([await show('ActiveState'), await show('NeedDaemonReload')]).toEqual(['active', 'no']);
    expect((await lab.plan(worker({}, { files: [file('/etc/demo/app.conf', 'old')] })))[0]).toMatchObject({ action: 'unchanged' });
  });

  it('is put back with one start of the old one, whatever the restart policy of the new one tries meanwhile', async () => {
    const counted = { command: '/bin/sh -c "echo old >> /var/tmp/starts; exec sleep 99999"', restart: 'on-failure', restart_sec: 1 } as const;
    await lab.host.exec(['rm', '-f', '/var/tmp/starts']);
    await lab.apply(worker(counted));
    expect(await activate(worker({ ...counted, command: '/bin/sh -c "exit 7"' }, { version: 2 }))).toMatchObject({ ended: 'failed', failure: { put_back: true } });
    expect(await lab.host.readFile('/var/tmp/starts')).toBe('old\nold\n');
  });

  it('that exits well at once is not taken for running, and with nothing before it, is left stopped', async () => {
    const answer = await activate(worker({ command: '/usr/bin/true', restart: 'always', restart_sec: 1 }));
    expect(answer).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: false, message: `unit ${unit} exited with code 0` } });
    expect(await show('ActiveState')).toBe('inactive');
    await lab.apply(worker());
    expect(await show('ActiveState')).toBe('active');
  });

  it('whose program does not exist says so', async () => {
    const answer = await activate(worker({ command: '/no/such/program' }));
    expect(answer).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { phase: 'start', message: `unit ${unit} exited with code 203 (its command cannot be executed)` } });
  });

  it('whose user is missing is refused before anything is touched, with the line that makes it', async () => {
    const answer = await activate(worker({ user: 'app' }, { files: [file('/etc/demo/app.conf', 'x')] }));
    expect(answer).toMatchObject({ ended: 'failed', type: 'dependency_missing', failure: { message: 'the user app does not exist on this host', fix: expect.stringContaining('useradd') } });
    expect((await lab.host.exec(['ls', '/etc/demo', `/etc/systemd/system/${unit}`])).exitCode).not.toBe(0);
    await lab.succeed(['useradd', '--system', 'app']);
    await lab.apply(worker({ user: 'app' }));
    expect((await lab.succeed(['sh', '-c', `stat -c %U /proc/$(systemctl show --value --property=MainPID ${unit})`])).trim()).toBe('app');
  });

  it.each([
    ['in /etc', '/etc/systemd/system'], ['of the distribution', '/usr/lib/systemd/system'],
  ])('of somebody else (%s) is a conflict and stays untouched', async (_, folder) => {
    const text = '[Service]\nExecStart=/usr/bin/sleep 4711\n';
    await lab.host.writeFile(`${folder}/${unit}`, text);
    await lab.succeed(['systemctl', 'daemon-reload']);
    await lab.succeed(['systemctl', 'start', unit]);
    const invocation = await show('InvocationID');
    try {
      expect(await activate(worker())).toMatchObject({ ended: 'failed', type: 'conflict' });
      expect((await lab.plan(worker()))[0]).toMatchObject({ action: 'conflict' });
      expect(await lab.host.readFile(`${folder}/${unit}`)).toBe(text);
      expect(await show('InvocationID')).toBe(invocation);
    } finally {
      await lab.succeed(['sh', '-c', `systemctl stop ${unit}; rm ${folder}/${unit}; systemctl daemon-reload`]);
    }
  });

  it('that was stopped, disabled or edited by hand is drift, named and mended', async () => {
    await lab.apply(worker());
    await lab.succeed(['sh', '-c', `systemctl disable -q --now ${unit}; echo '# by hand' >> /etc/systemd/system/${unit}`]);
    expect((await lab.plan(worker()))[0]?.fields).toMatchObject([{ field: 'unit.file', kind: 'changed' }]);
    await lab.apply(worker());
    expect([await show('ActiveState'), await show('UnitFileState')]).toEqual(['active', 'enabled']);
    await lab.succeed(['systemctl', 'stop', unit]);
    expect((await lab.plan(worker()))[0]).toMatchObject({ observed_state: 'stopped', fields: [{ field: 'unit.active_state', kind: 'stopped' }] });
  });

  it('that is sick is healed by one restart', async () => {
    // Green only in the first process that starts after somebody has repaired it.
    const wanted = worker({ command: '/bin/sh -c "cp /srv/demo/state /run/demo-state; exec sleep infinity"' }, { healthcheck: { ...quick, type: 'command', command: 'grep -q good /run/demo-state', retries: 1, start_period_ms: 2000 } });
    await lab.host.writeFile('/srv/demo/state', 'good');
    await lab.apply(wanted);
    await lab.succeed(['sh', '-c', 'echo bad > /run/demo-state']);
    const before = await show('InvocationID');
    expect((await lab.plan(wanted))[0]).toMatchObject({ action: 'unchanged', observed_state: 'unhealthy', operations: [{ op: 'check_health' }] });
    expect(await activate(wanted)).toMatchObject({ ended: 'well', results: [{ operations: [`restart_unit ${unit}`, 'check_health'] }] });
    expect(await show('InvocationID')).not.toBe(before);
    await lab.succeed(['sh', '-c', 'echo bad > /run/demo-state; echo bad > /srv/demo/state']);
    expect(await activate(wanted)).toMatchObject({ ended: 'failed', type: 'healthcheck_failed', failure: { put_back: false, message: expect.stringContaining('command exited with 1') } });
  });

  const after = (...points: string[]): string[] => points.map((point) => `after:${point}`);
  it.each(after('journal.open', 'unit.write', 'unit.enable', 'unit.start', 'journal.commit'))('killed %s of its first start: the repeat ends well, started once more at most', async (fault) => {
    const run = lab.open(worker());
    expect(await lab.activate(run, 'worker', { fault })).toBeNull();
    const invocation = await show('InvocationID');
    expect(await lab.activate(run, 'worker')).toMatchObject({ ended: 'well' });
    if (invocation !== '') expect(await show('InvocationID')).toBe(invocation);
    expect((await lab.plan(worker()))[0]).toMatchObject({ action: 'unchanged' });
  });

  it.each(['before:unit.start', ...after('unit.write', 'unit.reload', 'journal.undo', 'undo.restore', 'undo.reload', 'undo.restart_unit')])('killed %s of a failing version: the repeat puts the old one back', async (fault) => {
    await lab.apply(worker());
    const run = lab.open(worker({ command: '/usr/bin/false' }, { version: 2 }));
    expect(await lab.activate(run, 'worker', { fault })).toBeNull();
    expect(await lab.activate(run, 'worker')).toMatchObject({ ended: 'failed', failure: { put_back: true } });
    expect((await lab.plan(worker()))[0]).toMatchObject({ action: 'unchanged', observed_state: 'running' });
  });
});

describe('files', () => {
  const withFiles = (...files: ReturnType<typeof file>[]) => worker({}, { files });
  const stat = async (path: string): Promise<string> => (await lab.succeed(['stat', '-c', '%a %U:%G %i', path])).trim();

  it('with the setuid bit are refused by the host itself as long as it does not allow them', async () => {
    await expect(lab.apply(withFiles(file('/etc/demo/s', 's', { mode: 0o4755 })))).rejects.toThrow('setuid_files is not allowed');
    expect((await lab.host.exec(['test', '-e', '/etc/demo/s'])).exitCode).toBe(1);
  });

  it('have the mode and owner asked for; numbers and names are the same', async () => {
    const wanted = { ...withFiles(file('/etc/demo/a', 'a', { mode: 0o640, owner: 'deploy', group: 'adm' }), file('/etc/demo/b', 'b', { mode: 0o4755, owner: '65534', group: '4' }), file('/etc/demo/sub/c', 'c', { mode: 0o600 })), allowed: ['setuid_files' as const] };
    await lab.apply(wanted);
    expect((await stat('/etc/demo/a')).replace(/ \d+$/, '')).toBe('640 deploy:adm');
    expect((await stat('/etc/demo/b')).replace(/ \d+$/, '')).toBe('4755 nobody:adm');
    expect((await stat('/etc/demo/sub')).replace(/ \d+$/, '')).toBe('755 root:root');
    expect((await lab.plan(wanted))[0]).toMatchObject({ action: 'unchanged', fields: [] });
    await lab.succeed(['chown', 'root', '/etc/demo/a']);
    expect((await lab.plan(wanted))[0]?.reasons).toEqual(['/etc/demo/a differs (owner)']);
  });

  it('whose owner is missing are refused before anything is touched', async () => {
    expect(await activate(withFiles(file('/etc/demo/a', 'a'), file('/etc/demo/b', 'b', { group: 'nobodies' })))).toMatchObject({ ended: 'failed', type: 'dependency_missing', failure: { fix: expect.stringContaining('groupadd') } });
    expect((await lab.host.exec(['ls', '/etc/demo'])).exitCode).not.toBe(0);
  });

  it('of somebody else are a conflict, unless they are the same already', async () => {
    await lab.host.writeFile('/etc/demo/theirs', 'theirs', { mode: '0640' });
    expect(await activate(withFiles(file('/etc/demo/theirs', 'mine')))).toMatchObject({ ended: 'failed', type: 'conflict', message: expect.stringContaining('/etc/demo/theirs') });
    expect(await lab.host.readFile('/etc/demo/theirs')).toBe('theirs');
    await lab.apply(withFiles(file('/etc/demo/theirs', 'theirs', { mode: 0o600 })));
    await lab.apply(withFiles(file('/etc/demo/theirs', 'mine now')));
    expect(await lab.host.readFile('/etc/demo/theirs')).toBe('mine now');
  });

  it('behind a symbolic link are refused, wherever the link is', async () => {
    await lab.succeed(['sh', '-c', 'mkdir -p /etc/demo /srv/demo/real && ln -s /srv/demo/real /etc/demo/link && ln -s /etc/passwd /etc/demo/pw']);
    for (const path of ['/etc/demo/link/x', '/etc/demo/pw']) expect(await activate(withFiles(file(path, 'x')))).toMatchObject({ ended: 'failed', type: 'conflict' });
    expect((await lab.succeed(['ls', '-A', '/srv/demo/real'])).trim()).toBe('');
    expect(await lab.host.readFile('/etc/passwd')).toContain('root:');
  });

  it.each([
    ['/etc/../root/x', 'config_error', 'not a safe path'], ['/var/lib/maestro-test/journal/x', 'config_error', 'not a safe path'], ['relative/x', 'config_error', 'not a safe path'],
    ['/proc/sys/kernel/hostname', 'permission_denied', 'which nobody can allow'], ['/dev/null', 'permission_denied', 'which nobody can allow'], ['/sys/x', 'permission_denied', 'which nobody can allow'],
  ])('at %s are refused here, too', async (path, type, says) => {
    expect(await activate(withFiles(file(path, 'x')))).toMatchObject({ ended: 'failed', type, message: expect.stringContaining(says) as string });
  });

  it('overwritten in place keep their inode; atomic ones do not', async () => {
    const both = (text: string, version: number) => worker({}, { version, files: [file('/etc/demo/in-place', text, { strategy: 'overwrite' }), file('/etc/demo/atomic', text)] });
    await lab.apply(both('first', 1));
    const before = [await stat('/etc/demo/in-place'), await stat('/etc/demo/atomic')];
    await lab.apply(both('second, longer', 2));
    expect(await stat('/etc/demo/in-place')).toBe(before[0]);
    expect(await stat('/etc/demo/atomic')).not.toBe(before[1]);
    expect(await lab.host.readFile('/etc/demo/in-place')).toBe('second, longer');
  });

  it.each(['overwrite', 'atomic'] as const)('on a full disk leave the old one intact and say so (%s)', async (strategy) => {
    await lab.succeed(['sh', '-c', 'mkdir -p /srv/small && mount -t tmpfs -o size=64k tmpfs /srv/small']);
    await lab.apply(withFiles(file('/srv/small/x', 'old content', { strategy })));
    const answer = await activate(worker({}, { version: 2, files: [file('/srv/small/x', 'y'.repeat(200_000), { strategy })] }));
    expect(answer).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { phase: 'files', message: expect.stringContaining('no space left'), fix: expect.stringContaining('Free space') } });
    expect(await lab.host.readFile('/srv/small/x')).toBe('old content');
    expect((await lab.succeed(['ls', '-A', '/srv/small'])).trim()).toBe('x');
    expect(await show('ActiveState')).toBe('active');
  });
});

describe('a folder of the bundle', () => {
  const site = (text: string, version: number, owner: string | null = null) => worker({ command: serve(8001, '/srv/site/current') },
    { version, trees: [tree('/srv/site', { 'index.html': text, 'css/a.css': 'a' }, { owner })], healthcheck: { ...httpOn(8001), expect_body_contains: text } as ReturnType<typeof httpOn> });

  it('is flipped to the next release, and back with a version that fails', async () => {
    await lab.apply(site('one', 1, 'deploy'));
    expect((await lab.succeed(['stat', '-c', '%U', '/srv/site/current/css/a.css', '/srv/site/current/css/'])).trim()).toBe('deploy\ndeploy');
    await lab.apply(site('two', 2, 'deploy'));
    expect(await lab.httpBody('http://127.0.0.1:8001/')).toBe('two');
    const broken = { ...site('three', 3, 'deploy'), run: systemdRun({ command: '/usr/bin/false' }) };
    expect(await activate(broken)).toMatchObject({ ended: 'failed', failure: { put_back: true } });
    expect(await lab.httpBody('http://127.0.0.1:8001/')).toBe('two');
    expect((await lab.plan(site('two', 2, 'deploy')))[0]).toMatchObject({ action: 'unchanged', observed_state: 'healthy' });
  });

  it('with another owner than asked for is made anew', async () => {
    await lab.apply(site('one', 1, 'deploy'));
    await lab.succeed(['sh', '-c', 'chown -R root /srv/site/current/']);
    expect((await lab.plan(site('one', 1, 'deploy')))[0]).toMatchObject({ action: 'restart', files: [{ path: '/srv/site' }] });
    await lab.apply(site('one', 1, 'deploy'));
    expect((await lab.succeed(['stat', '-c', '%U', '/srv/site/current/index.html'])).trim()).toBe('deploy');
  });
});

describe('operating', () => {
  const operate = (run: string, verb: 'start' | 'stop' | 'restart' | 'healthcheck', attempt = 1) => {
    const call = lab.call('operate', run, 'worker', attempt);
    return lab.ask([{ ...call, work: { ...call.work, verb } }]);
  };

  it('stops, starts and restarts what the deploy owns, once per request', async () => {
    const wanted = worker({}, { healthcheck: { ...quick, type: 'command', command: 'true' } });
    await lab.apply(wanted);
    expect(await operate(lab.open(wanted), 'stop')).toMatchObject({ ended: 'well', results: [{ ok: true, detail: 'stopped' }] });
    expect(await show('ActiveState')).toBe('inactive');
    expect(await operate(lab.open(wanted), 'healthcheck')).toMatchObject({ ended: 'well', results: [{ ok: false }] });
    expect(await operate(lab.open(wanted), 'start')).toMatchObject({ results: [{ ok: true, detail: 'running' }] });
    const restart = lab.open(wanted);
    expect(await operate(restart, 'restart')).toMatchObject({ results: [{ ok: true }] });
    const invocation = await show('InvocationID');
    expect(await operate(restart, 'restart')).toMatchObject({ results: [{ ok: true }] });
    expect(await show('InvocationID')).toBe(invocation);
    expect(await operate(lab.open(wanted), 'healthcheck')).toMatchObject({ results: [{ ok: true, detail: 'command exited with 0' }] });
  });

  it('finds nothing where nothing was applied', async () => {
    await lab.host.writeFile(`/etc/systemd/system/${unit}`, '[Service]\nExecStart=/usr/bin/sleep 1000\n');
    expect(await operate(lab.open(worker()), 'stop')).toMatchObject({ ended: 'failed', type: 'not_found' });
  });
});

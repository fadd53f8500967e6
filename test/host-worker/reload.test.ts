/** Reloads on a real host: what runs reads its files again and is not restarted; one that fails puts the files back. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { HostLab } from './host-lab.js';
import { dockerRun, file, httpOn, placement, systemdRun } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

/** The image has its server and nothing else: programs are the host's. */
const programs = [['/usr', '/usr'], ['/usr/lib', '/lib'], ['/usr/lib64', '/lib64']].map(([source = '', target = '']) => ({ kind: 'bind' as const, source, target, read_only: true }));

const web = (version: number, text: string, reload: string[], mounted = '/srv/demo/etc'): DesiredPlacement => placement({
  version, healthcheck: httpOn(8080), allowed: ['host_mounts'], reload_on: ['config', 'content'], files: [file('/srv/demo/etc/app.conf', text, { mode: 0o644 })],
  run: dockerRun({
    ports: [{ ip: '', host_port: 8080, container_port: 8080, protocol: 'tcp' }], reload_command: reload,
    volumes: [{ kind: 'bind', source: mounted, target: mounted.replace('/srv/demo/etc', '/etc/demo'), read_only: true }, { kind: 'bind', source: '/srv/demo/read', target: '/read', read_only: false }, ...programs],
  }),
});

describe('a container', () => {
  const copies = ['/usr/bin/cp', '/etc/demo/app.conf', '/read/what is read'];
  const started = async (): Promise<unknown> => {
    const found = await lab.inspect('maestro-web');
    return [found?.Id, found?.State.StartedAt];
  };

  it('reads its files again by the words of its command, without a shell and without a restart', async () => {
    await lab.apply(web(1, 'one', copies));
    const before = await started();
    const next = web(2, 'two', copies);
    expect((await lab.plan(next))[0]).toMatchObject({ action: 'reload', restart: false, downtime: false, operations: [{ op: 'write_file' }, { op: 'reload_container', name: 'maestro-web' }, { op: 'check_health' }] });
    await lab.apply(next);
    expect(await lab.host.readFile('/srv/demo/read/what is read')).toBe('two');
    expect(await started()).toEqual(before);
    expect((await lab.plan(next))[0]).toMatchObject({ action: 'unchanged', operations: [] });
  }, 60_000);

  it('whose reload fails has its file back and is told to reload once more; what it said is told', async () => {
    const picky = ['/usr/bin/grep', 'one', '/etc/demo/app.conf', '/read'];
    await lab.apply(web(1, 'one', ['/usr/bin/grep', '-s', 'one', '/etc/demo/app.conf']));
    const before = await started();
    expect(await lab.activate(lab.open(web(2, 'two', picky)))).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { message: expect.stringContaining('reload_command exited with code'), output_tail: expect.stringContaining('directory') } });
    expect(await lab.activate(lab.open(web(2, 'two', ['/usr/bin/grep', '-s', 'one', '/etc/demo/app.conf'])))).toMatchObject({ ended: 'failed', failure: { put_back: true, message: 'reload_command exited with code 1' } });
    expect(await lab.host.readFile('/srv/demo/etc/app.conf')).toBe('one');
    expect(await started()).toEqual(before);
  }, 60_000);

  it('is told when one that it depends on has changed, once, also after a kill', async () => {
    const counting = ['/usr/bin/cp', '/etc/demo/app.conf', '/read/told'];
    const after = (version: number, db: string): DesiredPlacement => ({ ...web(version, 'one', counting), reload_on: ['dependencies'], follows: { db } });
    await lab.apply(after(1, 'old'));
    const before = await started();
    const next = after(2, 'new');
    expect((await lab.plan(next))[0]).toMatchObject({
      action: 'reload', restart: false, downtime: false, reasons: ['db, which it depends on, has changed', 'what runs is told to reload; it is not restarted'], operations: [{ op: 'reload_container', name: 'maestro-web' }, { op: 'check_health' }],
    });
    const run = lab.open(next);
    expect(await lab.activate(run, 'web', { fault: 'after:container.reload' })).toBeNull();
    expect(await lab.activate(run, 'web')).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    expect([await started(), await lab.host.readFile('/srv/demo/read/told')]).toEqual([before, 'one']);
    expect((await lab.plan(next))[0]).toMatchObject({ action: 'unchanged', operations: [] });
    expect((await lab.plan(after(3, 'new')))[0]).toMatchObject({ action: 'unchanged', operations: [] });
    expect((await lab.plan(after(3, 'old')))[0]).toMatchObject({ action: 'reload' });
  }, 60_000);

  it('that mounts the very file is started anew, since it would not see another one in its place', async () => {
    await lab.apply(web(1, 'one', copies, '/srv/demo/etc/app.conf'));
    expect((await lab.plan(web(2, 'two', copies, '/srv/demo/etc/app.conf')))[0]).toMatchObject({ action: 'restart', restart: true, downtime: true });
  }, 60_000);
});

describe('a unit', () => {
  const script = '#!/bin/sh\ntrap \'cp /srv/demo/unit/app.conf /srv/demo/read\' HUP\ncp /srv/demo/unit/app.conf /srv/demo/read\nwhile :; do sleep 0.1; done\n';
  const unit = (version: number, text: string, command: string): DesiredPlacement => placement({
    component: 'worker', version, deploy_mode: 'hot', reload_on: ['code', 'config', 'content'],
    run: systemdRun({ command: '/bin/sh /srv/demo/unit/run.sh', reload_command: command }),
    healthcheck: { interval_ms: 200, timeout_ms: 1_000, start_period_ms: 1_000, retries: 3, type: 'command', command: `grep -q '^${text}$' /srv/demo/read` },
    files: [file('/srv/demo/unit/run.sh', script, { mode: 0o755, origin: 'file' }), file('/srv/demo/unit/app.conf', text)],
  });
  const hup = '/bin/kill -HUP $MAINPID';
  const pid = (): Promise<string> => lab.succeed(['systemctl', 'show', '--property=MainPID,InvocationID', 'maestro-worker.service']);

  it('reads its files again without a restart', async () => {
    await lab.apply(unit(1, 'one', hup));
    const before = await pid();
    const next = unit(2, 'two', hup);
    expect((await lab.plan(next))[0]).toMatchObject({ action: 'reload', restart: false, downtime: false, operations: [{ op: 'write_file' }, { op: 'reload_unit', unit: 'maestro-worker.service' }, { op: 'check_health' }] });
    await lab.apply(next);
    expect(await lab.host.readFile('/srv/demo/read')).toBe('two');
    expect(await pid()).toBe(before);
    expect((await lab.plan(next))[0]).toMatchObject({ action: 'unchanged', operations: [] });
  }, 60_000);

  it('whose reload fails has its files back and is told to reload once more; it runs on', async () => {
    // Fails only while the new text is there.
    const picky = `/bin/sh -c "grep -q one /srv/demo/unit/app.conf && kill -HUP $MAINPID"`;
    await lab.apply(unit(1, 'one', picky));
    const before = await pid();
    expect(await lab.activate(lab.open(unit(2, 'two', picky)), 'worker')).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true } });
    expect(await lab.host.readFile('/srv/demo/unit/app.conf')).toBe('one');
    expect(await lab.host.readFile('/srv/demo/read')).toBe('one');
    expect(await pid()).toBe(before);
    expect((await lab.plan(unit(1, 'one', picky)))[0]).toMatchObject({ action: 'unchanged', operations: [] });
  }, 60_000);

  it.each(['before:unit.reload_running', 'after:unit.reload_running', 'after:journal.commit'])('killed %s: the repeated attempt ends well', async (fault) => {
    await lab.apply(unit(1, 'one', hup));
    const before = await pid();
    const run = lab.open(unit(2, 'two', hup));
    expect(await lab.activate(run, 'worker', { fault })).toBeNull();
    expect(await lab.activate(run, 'worker')).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    expect(await lab.host.readFile('/srv/demo/read')).toBe('two');
    expect(await pid()).toBe(before);
  }, 60_000);

  it('whose unit file changes is restarted, and the plan says that this interrupts it', async () => {
    await lab.apply(unit(1, 'one', hup));
    const next = unit(2, 'one', '/bin/kill -s HUP $MAINPID');
    expect((await lab.plan(next))[0]).toMatchObject({ restart: true, downtime: true, reasons: expect.arrayContaining(['this change needs a restart: a reload does not bring it in']) });
    await lab.apply(next);
    expect((await lab.plan(next))[0]).toMatchObject({ action: 'unchanged' });
  }, 60_000);
});

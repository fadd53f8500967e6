/** Units that are replaced while they are asked without a pause, from their own host and from another machine: no request fails, and those under way end. */
import { HostLab } from './host-lab.js';
import { Load } from './load.js';
import { httpOn } from './placements.js';
import { askInside, front, rules, served, single, turning, units } from './turn-host.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const requestsAtLeast = 2_000;
const path = (unit: string): string => `/etc/systemd/system/${unit}`;
const [blue, green] = ['maestro-web-blue.service', 'maestro-web-green.service'];
/** What is there of the component when one of its two units serves. */
const only = (unit: string): string[] => [`${unit} active enabled`, `${front} -> ${path(unit)}`, '1', '1'];
const leadsTo = async (): Promise<string[]> => (await rules(lab)).flatMap((line) => /REDIRECT --to-ports (\d+)/.exec(line)?.[1] ?? []);
const show = async (unit: string, property: string): Promise<string> => (await lab.succeed(['systemctl', 'show', '--value', `--property=${property}`, unit])).trim();

describe('under constant load, with connections kept and new, and slow answers under way', () => {
  it('a switch from one unit to two that take turns, a second one, the way back, and one unit again lose no request', async () => {
    await lab.apply(single(1));
    const load = new Load(lab.host.address, 8080);
    const inside = await askInside(lab);
    await load.answered(200);
    await lab.apply(turning(2));
    await load.answered(200);
    expect(await units(lab)).toEqual(only(blue));
    await lab.apply(turning(3));
    await load.answered(200);
    expect(await units(lab)).toEqual(only(green));
    await lab.apply(turning(2, {}, { version: 4 }));
    await load.answered(Math.max(200, requestsAtLeast - load.visits.answered));
    const told = await inside();
    const { answered, slow, failed, order } = await load.stop();
    expect([failed, told.failed]).toEqual([[], '']);
    expect(answered).toBeGreaterThanOrEqual(requestsAtLeast);
    expect(told.answered).toBeGreaterThan(200);
    expect(slow).toBeGreaterThan(10);
    expect([order, told.order]).toEqual([['1', '2', '3'], 'version=1 version=2 version=3']);
    expect(await served(lab)).toContain('version=2 ');
    await lab.apply(single(5));
    expect(await served(lab)).toBe('version=5 port=8080\n');
    expect([await units(lab), await rules(lab)]).toEqual([[`${front} active enabled`, '1', '1'], []]);
    expect((await lab.plan(single(5)))[0]).toMatchObject({ action: 'unchanged', operations: [] });
    expect(await lab.journal('dpl_aaaaaaaaaaaaaaaa', 'web')).toMatchObject({ units: [front] });
  }, 120_000);
});

describe('the published port', () => {
  it('leads to the unit after a reboot of the host, and after a flush; systemd knows the unit by the name in the document', async () => {
    await lab.apply(turning(1));
    await lab.apply(turning(2));
    await lab.host.reboot();
    await lab.ask([], { keepMs: 3_000 });
    expect(await served(lab)).toContain('version=2 ');
    expect([await show(front, 'Id'), await show(front, 'ActiveState'), await units(lab)]).toEqual([green, 'active', only(green)]);
    await lab.succeed(['iptables', '--table', 'nat', '--flush']);
    expect((await lab.plan(turning(2)))[0]).toMatchObject({ action: 'update', downtime: false, restart: false, fields: [{ field: 'ports', kind: 'changed' }], operations: [{ op: 'publish_ports' }, { op: 'check_health' }] });
    await lab.ask([], { keepMs: 1_500 });
    expect(await served(lab)).toContain('version=2 ');
    await lab.succeed(['iptables', '--table', 'nat', '--flush']);
    await lab.succeed(['sh', '-c', `ln -sfn ${path(blue)} ${path(front)}; rm ${path('multi-user.target.wants')}/${green}; systemctl daemon-reload`]);
    expect((await lab.plan(turning(2)))[0]).toMatchObject({ fields: [{ field: 'unit.enabled' }, { field: 'unit.alias' }, { field: 'ports' }] });
    await lab.apply(turning(2));
    expect([await served(lab), await units(lab)]).toEqual([expect.stringContaining('version=2 '), only(green)]);
    expect((await lab.plan(turning(2)))[0]).toMatchObject({ action: 'unchanged', operations: [] });
  }, 120_000);

  it('is the only way to the program from other machines', async () => {
    await lab.apply(turning(1));
    const [port = ''] = await leadsTo();
    expect(await lab.httpBody(`http://127.0.0.1:${port}/`)).toContain(`port=${port}`);
    await expect(fetch(`http://${lab.host.address}:${port}/`, { signal: AbortSignal.timeout(1_000) })).rejects.toThrow();
    expect(await (await fetch(`http://${lab.host.address}:8080/`)).text()).toContain(`port=${port}`);
  }, 60_000);

  it('and the names of units are not taken from somebody else: a conflict, and nothing is touched', async () => {
    await lab.succeed(['systemd-run', '--unit', 'squatter', 'python3', '-m', 'http.server', '8080', '--directory', '/tmp']);
    expect(await lab.activate(lab.open(turning(1)))).toMatchObject({ ended: 'failed', type: 'conflict', message: expect.stringContaining('port 8080/tcp of this host is taken') });
    await lab.succeed(['systemctl', 'stop', 'squatter']);
    await lab.host.writeFile(path(green), '[Service]\nExecStart=/usr/bin/sleep 4711\n');
    await lab.succeed(['systemctl', 'daemon-reload']);
    expect((await lab.plan(turning(1)))[0]).toMatchObject({ action: 'conflict', reasons: [expect.stringContaining('exists and was not made by this deploy')] });
    expect(await lab.activate(lab.open(turning(1)))).toMatchObject({ ended: 'failed', type: 'conflict' });
    expect(await lab.host.readFile(path(green))).toContain('4711');
    expect(await rules(lab)).toEqual([]);
    await lab.succeed(['sh', '-c', `rm ${path(green)}; systemctl daemon-reload`]);
  }, 60_000);
});

describe('the old unit', () => {
  it('goes on untouched when the new one dies, is not healthy, is cancelled, or does not listen on its port', async () => {
    await lab.apply(turning(1));
    const before = await Promise.all(['InvocationID', 'ActiveEnterTimestamp'].map((property) => show(blue, property)));
    const load = new Load(lab.host.address, 8080);
    const quick = { healthcheck: { ...httpOn(8080, '/health'), start_period_ms: 300, interval_ms: 100 } };
    expect((await lab.plan(turning(2)))[0]).toMatchObject({ action: 'update', downtime: false, operations: [{ op: 'switch_unit', unit: front }, { op: 'check_health' }] });
    expect(await lab.activate(lab.open(turning(2, { env: { VERSION: '2', SICK: '1' } }, quick)))).toMatchObject({ ended: 'failed', type: 'healthcheck_failed', failure: { put_back: true, message: expect.stringContaining('http 503') } });
    expect(await lab.activate(lab.open(turning(2, { command: '/bin/sh -c "echo no such luck ${MAESTRO_PORT}; exit 7"' })))).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true, message: expect.stringContaining(`unit ${green} exited with code 7`), output_tail: expect.stringContaining('no such luck 2') } });
    expect(await lab.activate(lab.open(turning(2, { command: '/usr/bin/python3 /opt/demo/web.py 8099' }, quick)))).toMatchObject({ ended: 'failed', type: 'healthcheck_failed', failure: { put_back: true, message: expect.stringContaining('refused') } });
    const slow = turning(2, { env: { VERSION: '2', SICK: '1' } }, { healthcheck: { ...httpOn(8080, '/health'), start_period_ms: 60_000 } });
    expect(await lab.activate(lab.open(slow), 'web', { cancelAfterMs: 2_000 })).toMatchObject({ ended: 'cancelled' });
    const { failed, order } = await load.stop();
    expect([failed, order]).toEqual([[], ['1']]);
    expect(await Promise.all(['InvocationID', 'ActiveEnterTimestamp'].map((property) => show(blue, property)))).toEqual(before);
    expect(await units(lab)).toEqual(only(blue));
    expect((await lab.plan(turning(1)))[0]).toMatchObject({ action: 'unchanged', operations: [] });
  }, 120_000);

  it('is the one unit from before, and serves again when the way back to one unit fails', async () => {
    await lab.apply(turning(1));
    const failed = await lab.activate(lab.open(single(2, { command: '/bin/sh -c "exit 7"' })));
    expect(failed).toMatchObject({ ended: 'failed', message: `unit ${front} exited with code 7`, failure: { put_back: true } });
    expect([await served(lab), await units(lab), await show(front, 'Id')]).toEqual([expect.stringContaining('version=1 '), only(blue), blue]);
    expect((await lab.plan(turning(1)))[0]).toMatchObject({ action: 'unchanged', operations: [] });
    await lab.apply(single(3));
    expect(await lab.activate(lab.open(turning(4, { command: '/bin/sh -c "exit 7; ${MAESTRO_PORT}"' })))).toMatchObject({ ended: 'failed', failure: { put_back: true } });
    expect([await served(lab), await units(lab), await rules(lab)]).toEqual(['version=3 port=8080\n', [`${front} active enabled`, '1', '1'], []]);
  }, 90_000);

  it('is held beside a new one, until they switch together or the new one is taken back', async () => {
    await lab.apply(turning(1));
    const run = lab.open(turning(2));
    for (const _ of [1, 2]) expect(await lab.activate(run, 'web', { hold: true })).toMatchObject({ ended: 'well', results: [{ changed: false, held: true }] });
    expect([await served(lab), (await units(lab)).slice(0, 2)]).toEqual([expect.stringContaining('version=1 '), [`${blue} active enabled`, `${green} active enabled`]]);
    expect(await lab.activate(run, 'web', { takeBack: true })).toMatchObject({ ended: 'well', results: [{ taken_back: true }] });
    expect([await served(lab), await units(lab)]).toEqual([expect.stringContaining('version=1 '), only(blue)]);
    const next = lab.open(turning(2));
    expect(await lab.activate(next, 'web', { hold: true })).toMatchObject({ results: [{ held: true }] });
    expect(await lab.activate(next)).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    expect([await served(lab), await units(lab)]).toEqual([expect.stringContaining('version=2 '), only(green)]);
  }, 60_000);
});

describe('the unit that serves', () => {
  it('is the one that is stopped, started, and removed with everything that leads to it', async () => {
    await lab.apply(turning(1));
    await lab.apply(turning(2));
    const run = lab.open(turning(2));
    const operate = async (verb: 'stop' | 'start' | 'restart', attempt: number): Promise<string> => {
      const { work } = lab.call('operate', run, 'web', attempt);
      expect(await lab.ask([{ activity: 'operate', work: { ...work, verb } }])).toMatchObject({ ended: 'well', results: [{ ok: true }] });
      return show(green, 'ActiveState');
    };
    expect(await operate('stop', 1)).toBe('inactive');
    expect((await lab.plan(turning(2)))[0]).toMatchObject({ action: 'restart', operations: [{ op: 'start_unit' }, { op: 'check_health' }] });
    expect([await operate('start', 2), await operate('restart', 3)]).toEqual(['active', 'active']);
    expect(await lab.ask([lab.call('prune', lab.open(), '')])).toMatchObject({ ended: 'well', results: [{ placements: [{ component: 'web', whole: true, kept: [] }] }] });
    expect([await units(lab).catch(() => []), await rules(lab)]).toEqual([['maestro-web*.service', '0', '0'], []]);
    expect(JSON.parse(await lab.host.readFile('/var/lib/maestro-test/journal/published.json'))).toMatchObject({ published: [], slots: [] });
  }, 60_000);
});

/** Containers that are replaced while they are asked without a pause, from another machine: no request fails, and those under way end. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { HostLab } from './host-lab.js';
import { Load } from './load.js';
import { dockerRun, httpOn, placement, type PlacementParts } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const requestsAtLeast = 2_000;

function web(version: number, mode: DesiredPlacement['deploy_mode'] | 'cold', run: Parameters<typeof dockerRun>[0] = {}, parts: PlacementParts = {}): DesiredPlacement {
  const image = `demo/web:${String(version % 2 === 0 ? 2 : 1)}`;
  return placement({
    version, healthcheck: httpOn(8080), ...(mode === 'cold' || mode === undefined ? {} : { deploy_mode: mode }),
    run: dockerRun({ image, env: { NAME: `v${String(version)}` }, ports: [{ ip: '', host_port: 8080, container_port: 8080, protocol: 'tcp' }], ...run }), ...parts,
  });
}

const served = (): Promise<string> => lab.httpBody('http://127.0.0.1:8080/');

describe('under constant load, with connections kept and new, and slow answers under way', () => {
  it('a hot and a blue-green switch, the first one from a container that Docker publishes, and the way back lose no request', async () => {
    await lab.apply(web(1, 'cold'));
    const load = new Load(lab.host.address, 8080);
    await load.answered(200);
    await lab.apply(web(2, 'hot'));
    await load.answered(200);
    await lab.apply(web(3, 'blue_green', { networks: ['shop'] }));
    await load.answered(200);
    await lab.apply(web(2, 'blue_green', {}, { version: 4 }));
    await load.answered(Math.max(200, requestsAtLeast - load.visits.answered));
    const { answered, slow, failed, order } = await load.stop();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThanOrEqual(requestsAtLeast);
    expect(slow).toBeGreaterThan(10);
    expect(order).toEqual(['1', '2']);
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect(await served()).toContain('version=2 name=v2');
  }, 120_000);
});

describe('ports that the host publishes', () => {
  it('lead to the container after a reboot of the host, after a flush, and when it comes back under another address; and the switch works back', async () => {
    await lab.apply(web(1, 'blue_green'));
    await lab.apply(web(2, 'blue_green'));
    await lab.host.reboot();
    await lab.ask([], { keepMs: 3_000 });
    expect(await served()).toContain('name=v2');
    await lab.succeed(['iptables', '--table', 'nat', '--flush']);
    await lab.succeed(['iptables', '--flush', 'MAESTRO-FORWARD']);
    expect((await lab.plan(web(2, 'blue_green')))[0]).toMatchObject({ action: 'update', downtime: false, restart: false, fields: [{ field: 'ports', kind: 'changed' }], operations: [{ op: 'publish_ports' }, { op: 'check_health' }] });
    await lab.apply(web(2, 'blue_green'));
    expect(await served()).toContain('name=v2');
    const before = await addressOf('maestro-web');
    await lab.succeed(['docker', 'stop', '--time', '1', 'maestro-web']);
    await lab.succeed(['docker', 'run', '--detach', '--name', 'squatter', 'demo/web:1']);
    await lab.succeed(['docker', 'start', 'maestro-web']);
    expect(await addressOf('maestro-web')).not.toBe(before);
    await lab.ask([], { keepMs: 1_500 });
    expect(await served()).toContain('name=v2');
    const load = new Load(lab.host.address, 8080);
    await load.answered(100);
    await lab.apply(web(1, 'blue_green', {}, { version: 3 }));
    await load.answered(200);
    expect((await load.stop()).failed).toEqual([]);
    expect(await served()).toContain('name=v1');
  }, 180_000);

  it('are reached from the host, from other networks and from neighbours, by name and address, and only where they are published', async () => {
    await lab.apply(web(1, 'blue_green', { networks: ['shop'], ports: [{ ip: '', host_port: 8080, container_port: 8080, protocol: 'tcp' }, { ip: '127.0.0.1', host_port: 8081, container_port: 8080, protocol: 'tcp' }] }));
    await lab.succeed(['iptables', '--policy', 'FORWARD', 'DROP']);
    try {
      const own = lab.host.address;
      for (const url of ['http://127.0.0.1:8080/', 'http://localhost:8080/', `http://${own}:8080/`, 'http://127.0.0.1:8081/']) expect([url, await lab.httpBody(url)]).toEqual([url, expect.stringContaining('name=v1')]);
      for (const [name, network] of [['neighbour', 'shop'], ['stranger', 'bridge']] as const) {
        await lab.succeed(['docker', 'run', '--detach', '--name', name, '--network', network, 'demo/web:1']);
        const pid = String((await lab.inspect(name))?.State.Pid);
        expect([name, await lab.succeed(['nsenter', '--target', pid, '--net', 'curl', '-sS', '-m', '5', `http://${own}:8080/`])]).toEqual([name, expect.stringContaining('name=v1')]);
        expect((await lab.host.exec(['nsenter', '--target', pid, '--net', 'curl', '-sS', '-m', '2', `http://${own}:8081/`])).exitCode).not.toBe(0);
      }
    } finally {
      await lab.succeed(['iptables', '--policy', 'FORWARD', 'ACCEPT']);
    }
  }, 120_000);

  it('are not taken from somebody else: a program or a container that has the port is a conflict', async () => {
    await lab.succeed(['docker', 'run', '--detach', '--name', 'squatter', '--publish', '8080:8080', 'demo/web:1']);
    const answer = await lab.activate(lab.open(web(2, 'hot')));
    expect(answer).toMatchObject({ ended: 'failed', type: 'conflict', final: true, message: expect.stringContaining('port 8080/tcp of this host is taken') });
    expect(await lab.containers()).toEqual(['squatter running']);
    expect(await rules()).toEqual([]);
  }, 60_000);

  it('stay with the old one when the new one dies, is not healthy, or is cancelled; the plan says that nothing is interrupted', async () => {
    await lab.apply(web(1, 'hot'));
    const old = await lab.inspect('maestro-web');
    const load = new Load(lab.host.address, 8080);
    const sick = web(2, 'hot', { image: 'demo/sick:1' }, { healthcheck: { ...httpOn(8080, '/health'), start_period_ms: 300 } });
    expect((await lab.plan(sick))[0]).toMatchObject({ action: 'update', downtime: false, reasons: expect.arrayContaining([expect.stringContaining('without an interruption')]) });
    expect(await lab.activate(lab.open(sick))).toMatchObject({ ended: 'failed', type: 'healthcheck_failed', failure: { put_back: true, message: expect.stringContaining('http 503') } });
    expect(await lab.activate(lab.open(web(2, 'hot', { image: 'demo/broken:1' })))).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true, output_tail: expect.stringContaining('no such luck') } });
    const slow = { ...sick, healthcheck: { ...httpOn(8080, '/health'), start_period_ms: 60_000 } };
    expect(await lab.activate(lab.open(slow), 'web', { cancelAfterMs: 2_500 })).toMatchObject({ ended: 'cancelled' });
    expect((await load.stop()).failed).toEqual([]);
    const now = await lab.inspect('maestro-web');
    expect([now?.Id, now?.State.StartedAt]).toEqual([old?.Id, old?.State.StartedAt]);
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect((await lab.plan(web(1, 'hot')))[0]).toMatchObject({ action: 'unchanged', operations: [] });
  }, 120_000);
});

const addressOf = async (name: string): Promise<string | undefined> => Object.values((await lab.inspect(name))?.NetworkSettings.Networks ?? {})[0]?.IPAddress;
const rules = async (): Promise<string[]> => (await lab.succeed(['iptables-save'])).split('\n').filter((line) => line.includes('MAESTRO'));

describe('killed while switching', () => {
  it.each(['container.start_new', 'publish.record', 'publish.rules', 'container.rename_old', 'journal.commit', 'container.remove_old'])('after %s: the port answers, and the repeated attempt ends well', async (point) => {
    await lab.apply(web(1, 'blue_green'));
    const run = lab.open(web(2, 'blue_green'));
    expect(await lab.ask([lab.call('prepare', run, 'web')])).toMatchObject({ ended: 'well' });
    expect(await lab.activate(run, 'web', { fault: `after:${point}` })).toBeNull();
    expect(await served()).toMatch(/name=v[12]/);
    expect(await lab.activate(run)).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    expect(await served()).toContain('name=v2');
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect((await lab.dockerEvents('create')).filter(({ attempt }) => attempt === `${run}/1`)).toHaveLength(1);
    expect((await rules()).filter((line) => line.includes('DNAT --to'))).toHaveLength(1);
    expect((await lab.plan(web(2, 'blue_green')))[0]).toMatchObject({ action: 'unchanged', operations: [] });
  }, 60_000);
});

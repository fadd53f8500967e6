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

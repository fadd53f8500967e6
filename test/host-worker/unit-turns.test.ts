/** Units that are replaced while they are asked without a pause, from their own host and from another machine: no request fails, and those under way end. */
import { HostLab } from './host-lab.js';
import { Load } from './load.js';
import { front, rules, served, single, turning, units } from './turn-host.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const requestsAtLeast = 2_000;
const path = (unit: string): string => `/etc/systemd/system/${unit}`;

describe('under constant load, with connections kept and new, and slow answers under way', () => {
  it('a switch from one unit to two that take turns, a second one, and the way back lose no request', async () => {
    await lab.apply(single(1));
    const load = new Load(lab.host.address, 8080);
    await load.answered(200);
    await lab.apply(turning(2));
    await load.answered(200);
    expect(await units(lab)).toEqual(['maestro-web-blue.service active enabled', `${front} -> ${path('maestro-web-blue.service')}`, '1', '1']);
    await lab.apply(turning(3));
    await load.answered(200);
    await lab.apply(turning(2, {}, { version: 4 }));
    await load.answered(Math.max(200, requestsAtLeast - load.visits.answered));
    const { answered, slow, failed, order } = await load.stop();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThanOrEqual(requestsAtLeast);
    expect(slow).toBeGreaterThan(10);
    expect(order).toEqual(['1', '2', '3']);
    expect(await served(lab)).toContain('version=2 ');
  }, 120_000);
});

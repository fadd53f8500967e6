/**
 * kill -9 of the worker after every effect of units that take turns, on a real host: of one attempt, which is repeated each
 * time and killed one effect later. Somebody answers at the published port all the time, and in the end nothing is left over.
 */
import type { DesiredPlacement } from '../../spec/desired.js';
import { HostLab } from './host-lab.js';
import { front, rules, served, single, turning, units } from './turn-host.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const [blue, green] = ['maestro-web-blue.service', 'maestro-web-green.service'];
const dying = (version: number): Parameters<typeof turning>[1] => ({ command: '/bin/sh -c "exit 7; ${MAESTRO_PORT}"', env: { VERSION: String(version) } });

/** Answers with the run. Every point has to be hit. */
async function killedAfterEach(wanted: DesiredPlacement, points: readonly string[]): Promise<string> {
  const run = lab.open(wanted);
  expect(await lab.ask([lab.call('prepare', run, 'web')])).toMatchObject({ ended: 'well' });
  for (const point of points) {
    expect([point, await lab.activate(run, 'web', { fault: `after:${point}` })]).toEqual([point, null]);
    expect([point, await served(lab)]).toEqual([point, expect.stringMatching(/^version=[123] /)]);
  }
  return run;
}

async function settled(wanted: DesiredPlacement, unit: string): Promise<void> {
  expect(await served(lab)).toContain(`version=${String(wanted.version)} `);
  expect(await units(lab)).toEqual(unit === front ? [`${front} active enabled`, '1', '1'] : [`${unit} active enabled`, `${front} -> /etc/systemd/system/${unit}`, '1', '1']);
  expect((await rules(lab)).filter((line) => line.includes('REDIRECT'))).toHaveLength(unit === front ? 0 : 1);
  expect(JSON.parse(await lab.host.readFile('/var/lib/maestro-test/journal/published.json'))).toMatchObject(unit === front ? { published: [], slots: [] } : { published: [{ container: unit, draining: null }], slots: [{ component: 'web' }] });
  expect((await lab.journal('dpl_aaaaaaaaaaaaaaaa', 'web')).attempt?.state).toBe('ended');
  expect((await lab.plan(wanted))[0]).toMatchObject({ action: 'unchanged', operations: [], observed_state: 'healthy' });
}

const retiring = ['journal.commit', 'slot.stop_old', 'slot.remove_old', 'slot.reload'];
const naming = ['slot.alias', 'slot.named'];

describe('killed after each effect', () => {
  it('of a switch: the repeated attempt ends well', async () => {
    await lab.apply(turning(1));
    const run = await killedAfterEach(turning(2), ['unit.write', 'unit.enable', 'unit.start', 'publish.record', 'publish.rules', ...retiring, ...naming, 'publish.drained']);
    expect(await lab.activate(run)).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    await settled(turning(2), green);
  }, 90_000);

  it('of putting back: the repeated attempt tells the one failure, and the old one was never away', async () => {
    await lab.apply(turning(1));
    const started = await lab.succeed(['systemctl', 'show', '--value', '--property=InvocationID', blue]);
    const run = await killedAfterEach(turning(2, dying(2)), ['journal.undo', 'undo.publish_rules', 'undo.stop_unit', 'undo.remove_unit', 'undo.reload']);
    expect(await lab.activate(run)).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true } });
    expect(await lab.succeed(['systemctl', 'show', '--value', '--property=InvocationID', blue])).toBe(started);
    await settled(turning(1), blue);
  }, 90_000);

  it('on the way from one unit, and back to one: the repeated attempts end well', async () => {
    await lab.apply(single(1));
    const first = await killedAfterEach(turning(2), ['publish.rules', 'slot.stop_old', 'slot.remove_old', ...naming]);
    expect(await lab.activate(first)).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    await settled(turning(2), blue);
    const back = await killedAfterEach(single(3), ['slot.unalias', 'unit.write', 'unit.start', 'publish.withdraw', 'slot.stop_old', 'slot.give_up']);
    expect(await lab.activate(back)).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    await settled(single(3), front);
  }, 90_000);

  it('of putting back one unit: two take turns again', async () => {
    await lab.apply(turning(1));
    const run = await killedAfterEach(single(2, { command: '/bin/sh -c "exit 7"' }), ['slot.unalias', 'journal.undo', 'undo.reload_names', 'undo.remove_unit', 'slot.alias', 'slot.named']);
    expect(await lab.activate(run)).toMatchObject({ ended: 'failed', failure: { put_back: true } });
    await settled(turning(1), blue);
  }, 90_000);
});

it('an attempt that nobody repeats is settled by the next version, before and after it was decided', async () => {
  await lab.apply(turning(1));
  await killedAfterEach(turning(2), ['publish.rules']);
  await lab.apply(turning(3));
  await settled(turning(3), green);
  await killedAfterEach(turning(2, {}, { version: 4 }), ['slot.stop_old']);
  await lab.apply(turning(5));
  await settled(turning(5), green);
}, 90_000);

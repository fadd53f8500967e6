/** Start, stop and restart of a placement that a rollout is changing: before it or after it, never in between, also when the worker was killed there. */
import type { DesiredPlacement } from '../../spec/desired.js';
import type { OperateVerb } from '../../workflows/shared.js';
import type { DriverAnswer, DriverCall } from './driver/protocol.js';
import { HostLab } from './host-lab.js';
import { dockerRun, httpOn, placement } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const web = (version: number, image = `demo/web:${String(version)}`): DesiredPlacement =>
  placement({ version, healthcheck: httpOn(8080), run: dockerRun({ image, ports: [{ ip: '0.0.0.0', host_port: 8080, container_port: 8080, protocol: 'tcp' }] }) });
const operate = (run: string, verb: OperateVerb): DriverCall => {
  const call = lab.call('operate', run, 'web');
  return { ...call, work: { ...call.work, verb } };
};
const asked = (verb: OperateVerb): Promise<DriverAnswer | null> => lab.ask([operate(lab.open(web(2)), verb)]);
const happened = async (): Promise<number[]> => Promise.all(['start', 'die', 'rename'].map(async (action) => (await lab.dockerEvents(action)).length));

async function begun(wanted: DesiredPlacement): Promise<string> {
  const run = lab.open(wanted);
  expect(await lab.ask([lab.call('prepare', run, 'web')])).toMatchObject({ ended: 'well' });
  return run;
}

async function expectRefused(run: string, ...asking: readonly OperateVerb[]): Promise<void> {
  const before = [await lab.containers(), await happened()];
  for (const verb of asking) expect(await asked(verb)).toMatchObject({ ended: 'failed', type: 'conflict', final: true, message: `web is in the middle of a change on h1, by ${run}` });
  expect([await lab.containers(), await happened()]).toEqual(before);
}

it.each([['after:container.stop_old', 'start'], ['after:container.rename_old', 'restart'], ['after:container.start_new', 'stop']] as const)('%s: who asks then for a %s is refused, nothing is touched, and the change goes on to its end', async (fault, verb) => {
  await lab.apply(web(1));
  const run = await begun(web(2));
  expect(await lab.activate(run, 'web', { fault })).toBeNull();
  await expectRefused(run, verb);
  expect(await lab.activate(run)).toMatchObject({ ended: 'well' });
  expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=2');
  expect(await asked('stop')).toMatchObject({ ended: 'well', results: [{ ok: true, detail: 'stopped' }] });
  expect(await lab.containers()).toEqual(['maestro-web exited']);
}, 60_000);

it('while a failed change is being taken back, too; and once it has only remains to remove, it is done', async () => {
  await lab.apply(web(1));
  const failing = await begun(web(2, 'demo/broken:1'));
  expect(await lab.activate(failing, 'web', { fault: 'after:undo.remove_new' })).toBeNull();
  await expectRefused(failing, 'start', 'stop', 'restart');
  expect(await lab.activate(failing)).toMatchObject({ ended: 'failed', failure: { put_back: true } });
  const run = await begun(web(2));
  expect(await lab.activate(run, 'web', { fault: 'after:journal.commit' })).toBeNull();
  expect(await asked('restart')).toMatchObject({ ended: 'well', results: [{ ok: true, detail: 'running' }] });
  expect(await lab.activate(run)).toMatchObject({ ended: 'well' });
  expect(await lab.containers()).toEqual(['maestro-web running']);
}, 60_000);

it('in one worker all come one after the other, in the order in which they were asked for', async () => {
  await lab.apply(web(1));
  const run = await begun(web(2));
  const calls = [lab.call('activate', run, 'web'), ...(['stop', 'restart', 'stop', 'start'] as const).map((verb) => operate(lab.open(web(2)), verb))];
  expect(await lab.ask(calls)).toMatchObject({ ended: 'well', results: [{ changed: true }, { ok: true, detail: 'stopped' }, { ok: true }, { ok: true, detail: 'stopped' }, { ok: true, detail: 'running' }] });
  expect(await lab.containers()).toEqual(['maestro-web running']);
  expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=2');
  expect((await lab.dockerEvents('create')).length).toBe(2);
}, 60_000);

it.each(['stop', 'restart'] as const)('a %s that was killed is done when it is asked again, and told again without being repeated', async (verb) => {
  await lab.apply(web(1));
  const call = operate(lab.open(web(1)), verb);
  for (const at of ['before', 'after']) expect(await lab.ask([call], { fault: `${at}:operate.${verb}` })).toBeNull();
  const done = await lab.ask([call]);
  expect(done).toMatchObject({ ended: 'well', results: [{ ok: true }] });
  expect(await lab.containers()).toEqual([`maestro-web ${verb === 'stop' ? 'exited' : 'running'}`]);
  const before = await happened();
  expect(await lab.ask([call])).toMatchObject({ ended: 'well', results: (done as { results: unknown[] }).results });
  expect(await happened()).toEqual(before);
}, 60_000);

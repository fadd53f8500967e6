/**
 * kill -9 of the worker around every effect of a replacement and of putting back, on a real host. Each point has
 * to be hit (a point that is never reached fails the test), and whoever comes next has to end well. Docker's own
 * event log says how many containers were made. Before one effect is after the one before it, so that each state
 * of the host comes once; `crash-schedules.test.ts` has all points and their combinations.
 */
import type { DesiredPlacement } from '../../spec/desired.js';
import { HostLab } from './host-lab.js';
import { dockerRun, file, httpOn, placement } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const deployId = 'dpl_aaaaaaaaaaaaaaaa';

function web(version: number, image = `demo/web:${String(version)}`, more: readonly string[] = []): DesiredPlacement {
  return placement({
    version, healthcheck: httpOn(8080),
    run: dockerRun({
      image, ports: [{ ip: '0.0.0.0', host_port: 8080, container_port: 8080, protocol: 'tcp' }], networks: ['shop', ...more], env: { CONFIG: '/etc/demo/app.conf' },
      volumes: [{ kind: 'bind', source: '/srv/demo', target: '/etc/demo', read_only: true }],
    }),
    files: [file('/srv/demo/app.conf', `config ${String(version)}`, { mode: 0o644 })],
  });
}

const after = (...points: string[]): string[] => points.map((point) => `after:${point}`);
const replacing = ['container.create', 'container.stop_old', 'container.rename_old', 'container.rename_new', 'container.start_new', 'journal.commit'];
const forward = ['before:journal.open', ...after('journal.open', 'network.create', 'file.write', ...replacing, 'container.remove_old', 'journal.end')];
const backward = after('journal.undo', 'undo.remove_new', 'undo.restore', 'undo.rename_old', 'undo.start_old', 'journal.end');

async function prepared(wanted: DesiredPlacement): Promise<string> {
  const run = lab.open(wanted);
  expect(await lab.ask([lab.call('prepare', run, 'web')])).toMatchObject({ ended: 'well' });
  return run;
}

const running = async (): Promise<string[]> => (await lab.containers()).filter((line) => line.endsWith(' running'));
const createdBy = async (run: string): Promise<number> => (await lab.dockerEvents('create')).filter(({ attempt }) => attempt === `${run}/1`).length;

async function expectServed(version: number): Promise<void> {
  expect(await lab.containers()).toEqual(['maestro-web running']);
  expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain(`version=${String(version)} `);
  expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain(`config ${String(version)}`);
}

async function expectNothingToDo(wanted: DesiredPlacement): Promise<void> {
  expect((await lab.plan(wanted))[0]).toMatchObject({ action: 'unchanged', operations: [], observed_state: 'healthy' });
  expect((await lab.succeed(['ls', '-A', '/srv/demo'])).trim()).toBe('app.conf');
  expect((await lab.journal(deployId, 'web')).attempt?.state).toBe('ended');
}

describe('killed while replacing', () => {
  it.each(forward)('%s: the repeated attempt ends well, with one container made', async (fault) => {
    await lab.apply(web(1));
    const run = await prepared(web(2, 'demo/web:2', ['shop-two']));
    expect(await lab.activate(run, 'web', { fault })).toBeNull();
    expect((await running()).length).toBeLessThanOrEqual(1);
    expect(await lab.activate(run)).toMatchObject({ ended: 'well' });
    await expectServed(2);
    expect(await createdBy(run)).toBe(1);
    await expectNothingToDo(web(2, 'demo/web:2', ['shop-two']));
    // Once more, as after a lost answer: told again, and nothing is done.
    const events = await lab.dockerEvents('start');
    expect(await lab.activate(run)).toMatchObject({ ended: 'well', results: [{ changed: true }] });
    expect(await lab.dockerEvents('start')).toEqual(events);
  }, 120_000);

  it.each(after(...replacing))('%s: when nobody repeats it, the next version settles it first', async (fault) => {
    await lab.apply(web(1));
    expect(await lab.activate(await prepared(web(2, 'demo/web:2', ['shop-two'])), 'web', { fault })).toBeNull();
    const next = web(3, 'demo/web:1');
    await lab.apply(next);
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toMatch(/version=1 [\s\S]*config 3/);
    await expectNothingToDo(next);
  }, 120_000);
});

describe('killed while putting back', () => {
  it.each(backward)('%s: the repeated attempt goes on putting back and tells the failure', async (fault) => {
    await lab.apply(web(1));
    const run = await prepared(web(2, 'demo/broken:1'));
    expect(await lab.activate(run, 'web', { fault })).toBeNull();
    expect((await running()).length).toBeLessThanOrEqual(1);
    const answer = await lab.activate(run);
    expect(answer).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true, output_tail: expect.stringContaining('no such luck') } });
    await expectServed(1);
    expect(await createdBy(run)).toBe(1);
    await expectNothingToDo(web(1));
    expect(await lab.activate(run)).toEqual(answer);
  }, 120_000);
});

describe('killed while making the first one', () => {
  it.each(after('container.create', 'container.start_new'))('%s: the repeated attempt ends well, with one container made', async (fault) => {
    const run = await prepared(web(1));
    expect(await lab.activate(run, 'web', { fault })).toBeNull();
    expect(await lab.activate(run)).toMatchObject({ ended: 'well' });
    await expectServed(1);
    expect(await createdBy(run)).toBe(1);
    await expectNothingToDo(web(1));
  }, 120_000);
});

describe('an attempt that was overtaken', () => {
  it('has no effect any more', async () => {
    await lab.apply(web(1));
    const run = await prepared(web(2));
    expect(await lab.activate(run, 'web', { attempt: 2 })).toMatchObject({ ended: 'well' });
    const events = await lab.dockerEvents('start');
    expect(await lab.activate(run, 'web', { attempt: 1 })).toMatchObject({ ended: 'failed', type: 'conflict', final: true, message: expect.stringContaining('overtaken by attempt 2') });
    expect(await lab.dockerEvents('start')).toEqual(events);
    await expectServed(2);
  });
});

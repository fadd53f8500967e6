/** The activities themselves: what they refuse, how often they have an effect, and what two at once do. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { HostDeps } from '../../host-worker/activate/host-deps.js';
import { createHostActivities } from '../../host-worker/activities.js';
import type { ActivityScope } from '../../host-worker/activity-scope.js';
import type { HostActivities, OperateVerb, PlacementWork, StepFailure } from '../../workflows/shared.js';
import { MemoryHost } from './memory-host.js';
import { dockerRun, file, placement, quick } from './placements.js';

let host: MemoryHost;
beforeEach(async () => {
  host = await MemoryHost.create();
  for (const image of ['good:1', 'good:2']) host.engine.images.set(image, { id: `sha256:${image}`, behaviour: 'serves' });
  host.engine.images.set('bad:2', { id: 'sha256:bad', behaviour: 'dies' });
});
afterEach(async () => { await host.destroy(); });

/** Red until `heal`ed; the port is closed. */
const neverGreen = { ...quick, type: 'tcp' as const, host: '127.0.0.1', port: 1, start_period_ms: 60_000 };
const web = (image: string, version: number, parts: Parameters<typeof placement>[0] = {}) => placement({
  version, run: dockerRun({ image, ports: [{ ip: '0.0.0.0', host_port: 8080, container_port: 80, protocol: 'tcp' }] }), files: [file(join(host.folder, 'etc/app.conf'), `for ${image}`)], ...parts,
});

const work = (run: string, attempt = 1, component = 'web'): PlacementWork => ({ deploy_id: 'dpl_aaaaaaaaaaaaaaaa', version: 1, host: 'h1', run_id: run, component, attempt });

interface Worker { activities: HostActivities; cancel(): void; leave(): void; heartbeats: number[] }

function worker(deps: HostDeps = host.worker()): Worker {
  const stop = new AbortController();
  const heartbeats: number[] = [];
  let leaving = false;
  const scope: ActivityScope = { signal: stop.signal, heartbeat: () => void heartbeats.push(performance.now()), leaving: () => leaving };
  return {
    activities: createHostActivities(deps, () => scope), heartbeats,
    cancel: () => stop.abort(new CancelledFailure('CANCELLED')),
    leave: () => {
      leaving = true;
      stop.abort(new CancelledFailure('WORKER_SHUTDOWN'));
    },
  };
}

async function failure(attempt: Promise<unknown>): Promise<{ type: string | null | undefined; final: boolean; step: StepFailure }> {
  const error: unknown = await attempt.then(() => new Error('it ended well'), (reason: unknown) => reason);
  if (!(error instanceof ApplicationFailure)) throw error;
  return { type: error.type, final: error.nonRetryable === true, step: error.details?.[0] as StepFailure };
}

const containers = (): string[] => [...host.engine.containers.values()].map(({ name, image, status }) => `${name} ${image} ${status}`).sort();
const config = (): Promise<string> => readFile(join(host.folder, 'etc/app.conf'), 'utf8');

describe('an activity', () => {
  it('refuses work that was meant for another host', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    expect(await failure(worker().activities.activate({ ...work('rol_1'), host: 'h2' }))).toMatchObject({ type: 'internal', final: true, step: { message: 'work for h2 came to h1' } });
    expect(containers()).toEqual([]);
  });

  it('acts only on what the control plane says of this deploy and component', async () => {
    host.runs.set('rol_1', [web('good:1', 1, { deploy_id: 'dpl_bbbbbbbbbbbbbbbb' })]);
    expect(await failure(worker().activities.activate(work('rol_1')))).toMatchObject({ type: 'not_found', final: true });
    expect(await failure(worker().activities.activate(work('rol_closed')))).toMatchObject({ type: 'not_found', final: true });
    expect(await worker().activities.observe({ deploy_id: 'dpl_aaaaaaaaaaaaaaaa', version: 1, host: 'h1', run_id: 'rol_1' })).toMatchObject({ placements: [] });
    expect(containers()).toEqual([]);
  });

  it('sends heartbeats from the start and every two seconds', async () => {
    host.runs.set('rol_1', [web('good:1', 1, { healthcheck: neverGreen })]);
    const one = worker();
    const activation = one.activities.activate(work('rol_1'));
    await sleep(4_500);
    one.cancel();
    await expect(activation).rejects.toThrow(CancelledFailure);
    expect(one.heartbeats.length).toBeGreaterThanOrEqual(3);
    const last = one.heartbeats.length;
    await sleep(2_300);
    expect(one.heartbeats.length).toBe(last);
  }, 20_000);
});

describe('the same attempt, given twice', () => {
  it('at once, to one worker: one does it, both are told the same', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    const { activities } = worker();
    const results = await Promise.all([activities.activate(work('rol_1')), activities.activate(work('rol_1'))]);
    expect(results[0]).toEqual(results[1]);
    expect(host.engine.created).toHaveLength(1);
  });

  it('fails the same way twice, with one container made', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    host.runs.set('rol_2', [web('bad:2', 2)]);
    const { activities } = worker();
    await activities.activate(work('rol_1'));
    const ends = await Promise.all([failure(activities.activate(work('rol_2'))), failure(activities.activate(work('rol_2')))]);
    expect(ends[0]).toEqual(ends[1]);
    expect(ends[0]).toMatchObject({ type: 'runtime_error', step: { put_back: true } });
    expect(host.engine.created).toHaveLength(2);
    expect(containers()).toEqual(['maestro-web good:1 running']);
    expect(await config()).toBe('for good:1');
  });

  it('is given up by one who was cancelled while waiting, without harm to the other', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    const deps = host.worker();
    const [first, second] = [worker(deps), worker(deps)];
    const one = first.activities.activate(work('rol_1'));
    const two = second.activities.activate(work('rol_1'));
    second.cancel();
    await expect(two).rejects.toThrow(CancelledFailure);
    expect(await one).toMatchObject({ changed: true });
  });
});

describe('a newer attempt', () => {
  it('stops an older one that is still waiting for health before its next effect, and takes over', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    const deps = host.worker();
    await worker(deps).activities.activate(work('rol_1'));
    host.runs.set('rol_2', [web('good:2', 2, { healthcheck: { ...neverGreen, start_period_ms: 700, retries: 1 } })]);
    const older = failure(worker(deps).activities.activate(work('rol_2', 1)));
    await sleep(400);
    host.runs.set('rol_2', [web('good:2', 2)]);
    const newer = worker(deps).activities.activate(work('rol_2', 2));
    expect(['conflict', 'healthcheck_failed']).toContain((await older).type);
    expect(await newer).toMatchObject({ changed: true });
    expect(containers()).toEqual(['maestro-web good:2 running']);
    expect(await failure(worker(deps).activities.activate(work('rol_2', 1)))).toMatchObject({ final: true });
    expect(host.engine.violations).toEqual([]);
  });
});

describe('a cancellation', () => {
  it('while waiting for health puts the old one back', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    await worker().activities.activate(work('rol_1'));
    host.runs.set('rol_2', [web('good:2', 2, { healthcheck: neverGreen })]);
    const one = worker();
    const activation = one.activities.activate(work('rol_2'));
    await sleep(500);
    expect(containers()).toEqual(['maestro-web good:2 running', 'maestro-web.maestro-previous good:1 exited']);
    one.cancel();
    await expect(activation).rejects.toThrow(CancelledFailure);
    expect(containers()).toEqual(['maestro-web good:1 running']);
    expect(await config()).toBe('for good:1');
  });

  it('of a worker that goes down leaves everything, and the next worker goes on with the same container', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    await worker().activities.activate(work('rol_1'));
    host.runs.set('rol_2', [web('good:2', 2, { healthcheck: neverGreen })]);
    const leaving = worker();
    const activation = failure(leaving.activities.activate(work('rol_2')));
    await sleep(500);
    leaving.leave();
    expect(await activation).toMatchObject({ type: 'unavailable', final: false });
    expect(containers()).toEqual(['maestro-web good:2 running', 'maestro-web.maestro-previous good:1 exited']);
    // The check is the same; what it looks at is green by now.
    const { createServer } = await import('node:net');
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const now = web('good:2', 2, { healthcheck: { ...neverGreen, port } });
    host.runs.set('rol_2', [{ ...now, hash: web('good:2', 2, { healthcheck: neverGreen }).hash }]);
    expect(await worker().activities.activate(work('rol_2'))).toMatchObject({ changed: true });
    expect(containers()).toEqual(['maestro-web good:2 running']);
    expect(host.engine.created.filter(({ attempt }) => attempt === 'rol_2/1')).toHaveLength(1);
    server.close();
  });
});

describe('a change of configuration', () => {
  const configured = (text: string, version: number, parts: Parameters<typeof placement>[0] = {}) => web('good:1', version, { files: [file(join(host.folder, 'etc/app.conf'), text)], ...parts });
  const startedAt = (): string | undefined => [...host.engine.containers.values()][0]?.startedAt;

  it('restarts the container once, also when the attempt is killed right after it', async () => {
    host.runs.set('rol_1', [configured('one', 1)]);
    await worker().activities.activate(work('rol_1'));
    host.runs.set('rol_2', [configured('two', 2)]);
    const killed = new Promise<void>((resolve) => {
      void worker(host.worker((point) => {
        if (point !== 'after:container.restart') return undefined;
        resolve();
        return new Promise<void>(() => undefined);
      })).activities.activate(work('rol_2'));
    });
    await killed;
    const restarted = startedAt();
    expect(await worker().activities.activate(work('rol_2'))).toMatchObject({ changed: true, operations: [`write_file ${join(host.folder, 'etc/app.conf')}`, 'restart_container maestro-web', 'check_health'] });
    expect(startedAt()).toBe(restarted);
    expect(host.engine.created).toHaveLength(1);
  });

  it('that makes it sick is taken back, with one more restart', async () => {
    host.runs.set('rol_1', [configured('one', 1)]);
    await worker().activities.activate(work('rol_1'));
    host.runs.set('rol_2', [configured('two', 2, { healthcheck: { ...neverGreen, start_period_ms: 0, retries: 1 } })]);
    const before = startedAt();
    expect(await failure(worker().activities.activate(work('rol_2')))).toMatchObject({ type: 'healthcheck_failed', step: { put_back: true, phase: 'health' } });
    expect(await config()).toBe('one');
    expect(startedAt()).not.toBe(before);
    expect(containers()).toEqual(['maestro-web good:1 running']);
  });

  it('that fails before the restart leaves the container running as it was', async () => {
    host.runs.set('rol_1', [configured('one', 1)]);
    await worker().activities.activate(work('rol_1'));
    const before = startedAt();
    host.runs.set('rol_2', [configured('two', 2)]);
    const stumbling = host.worker((point) => {
      if (point === 'before:container.restart') throw new Error('no space for the log');
    });
    expect(await failure(worker(stumbling).activities.activate(work('rol_2')))).toMatchObject({ final: true, step: { phase: 'start', put_back: true } });
    expect(await config()).toBe('one');
    expect(startedAt()).toBe(before);
  });
});

describe('what is refused', () => {
  it('is refused before anything is touched: a foreign file stops the container, too', async () => {
    await writeFile(join(host.folder, 'etc/app.conf'), 'somebody\'s');
    host.runs.set('rol_1', [web('good:1', 1)]);
    expect(await failure(worker().activities.activate(work('rol_1')))).toMatchObject({ type: 'conflict', final: true, step: { put_back: false } });
    expect(containers()).toEqual([]);
    expect(await config()).toBe('somebody\'s');
    expect(await host.journal.placement(work('rol_1'))).toMatchObject({ files: [], attempt: null });
  });

  it('gives back what it had claimed: a file that an undone version brought is not ours afterwards', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    await worker().activities.activate(work('rol_1'));
    const added = join(host.folder, 'etc/added.conf');
    host.runs.set('rol_2', [web('bad:2', 2, { files: [file(join(host.folder, 'etc/app.conf'), 'new'), file(added, 'new')] })]);
    expect(await failure(worker().activities.activate(work('rol_2')))).toMatchObject({ step: { put_back: true } });
    await expect(readFile(added)).rejects.toThrow();
    expect((await host.journal.placement(work('rol_1'))).files).toEqual([join(host.folder, 'etc/app.conf')]);
  });

  it('is content that does not have its hash', async () => {
    const wanted = web('good:1', 1);
    host.runs.set('rol_1', [{ ...wanted, files: wanted.files.map((one) => ({ ...one, content: Buffer.from('tampered').toString('base64') })) }]);
    expect(await failure(worker().activities.activate(work('rol_1')))).toMatchObject({ type: 'fetch_failed', final: true });
    expect(containers()).toEqual([]);
  });
});

describe('an image that is pulled again', () => {
  it('and has not moved is no change', async () => {
    const again = (version: number) => web('good:1', version, { run: dockerRun({ image: 'good:1', pull_policy: 'always' }) });
    host.engine.pulls = [{ events: [] }, { events: [] }];
    host.runs.set('rol_1', [again(1)]);
    for (const run of ['rol_1', 'rol_2']) {
      host.runs.set(run, [again(1)]);
      await worker().activities.prepare(work(run));
    }
    expect(await worker().activities.activate(work('rol_1'))).toMatchObject({ changed: true });
    expect(await worker().activities.activate(work('rol_2'))).toMatchObject({ changed: false });
    expect(host.engine.created).toHaveLength(1);
    expect(host.engine.pulled).toHaveLength(2);
  });

  it('and names another one by now is replaced', async () => {
    const again = web('good:1', 1, { run: dockerRun({ image: 'good:1', pull_policy: 'always' }) });
    host.runs.set('rol_1', [again]);
    await worker().activities.activate(work('rol_1'));
    host.engine.images.set('old name of it', { id: 'sha256:good:1', behaviour: 'serves' });
    host.engine.images.set('good:1', { id: 'sha256:newer', behaviour: 'serves' });
    host.runs.set('rol_2', [again]);
    expect(await worker().activities.activate(work('rol_2'))).toMatchObject({ changed: true, operations: expect.arrayContaining(['replace_container maestro-web']) });
    expect(host.engine.created).toHaveLength(2);
  });
});

describe('operating a container', () => {
  const operate = (run: string, verb: OperateVerb) => worker().activities.operate({ ...work(run), verb });

  it('stops, starts and restarts it, and says how it is', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    await worker().activities.activate(work('rol_1'));
    expect(await operate('op_1', 'stop')).toEqual({ ok: true, detail: 'stopped' });
    expect(containers()).toEqual(['maestro-web good:1 exited']);
    expect(await operate('rol_1', 'healthcheck')).toEqual({ ok: false, detail: 'container maestro-web exited with code 0' });
    expect(await operate('op_2', 'start')).toEqual({ ok: true, detail: 'running' });
    const before = [...host.engine.containers.values()][0]?.startedAt;
    expect(await operate('op_3', 'restart')).toEqual({ ok: true, detail: 'running' });
    const after = [...host.engine.containers.values()][0]?.startedAt;
    expect(after).not.toBe(before);
    // The same request again: told, not done.
    expect(await operate('op_3', 'restart')).toEqual({ ok: true, detail: 'running' });
    expect([...host.engine.containers.values()][0]?.startedAt).toBe(after);
    expect(await operate('rol_1', 'healthcheck')).toEqual({ ok: true, detail: 'running; it has no healthcheck' });
  });

  it('fails when it does not stay up', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    await worker().activities.activate(work('rol_1'));
    host.engine.images.set('good:1', { id: 'sha256:good:1', behaviour: 'dies' });
    expect(await failure(operate('op_1', 'restart'))).toMatchObject({ type: 'runtime_error', step: { message: 'container maestro-web exited with code 1' } });
  });

  it('does not touch one without this deploy\'s mark', async () => {
    host.runs.set('rol_1', [web('good:1', 1)]);
    await worker().activities.activate(work('rol_1'));
    expect(await failure(worker().activities.operate({ ...work('op_1'), deploy_id: 'dpl_bbbbbbbbbbbbbbbb', verb: 'stop' }))).toMatchObject({ type: 'not_found' });
    expect(containers()).toEqual(['maestro-web good:1 running']);
  });
});

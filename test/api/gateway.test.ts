/** The hosts' door: work that is open and the host's own, and nothing else. Who calls is test/gateway's. */
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { watchHosts } from '../../gateway/watch-hosts.js';
import { createPlan } from '../../control/plans/index.js';
import { openRollout, recordRolloutState, type OpenedRollout } from '../../control/rollouts/index.js';
import { systemActor } from '../../control/actor.js';
import { createDeploy } from '../../control/deploys/index.js';
import { binary, template, web, webWithFiles } from './documents.js';
import { useApi, type Answer, type Ask } from './harness.js';

const facts = { docker: true, systemd: false, missing: [] };
const entry = (over: object = {}) => ({ key: 'k1', component: 'web', type: 'step.output', ts: '2026-01-01T10:00:00.000Z', data: { lines: [{ stream: 'stdout', text: 'hello' }] }, ...over });

describe('the hosts\' door', () => {
  const context = useApi();
  const call = (host: string, path: string, options: Ask = {}): Promise<Answer> => context.api.ask(`/host/v1${path}`, { ...options, headers: { ...context.api.hostHeaders(host), ...options.headers } });
  const opened = async (name: string, hosts = ['web-01', 'web-02']): Promise<OpenedRollout & { deploy_id: string }> => {
    const { deploy_id } = await createDeploy(context.api.db, systemActor, { yaml: web(name, hosts), files: [] });
    return { deploy_id, ...(await openRollout(context.api.db, systemActor, { deployId: deploy_id, version: 1, kind: 'apply' })) };
  };
  const events = (rollout: string) => context.api.db.event.findMany({ where: { rollout_id: rollout, type: { in: ['step.output', 'step.phase'] } }, orderBy: { id: 'asc' } });

  it('opens for hosts that are known, and for nobody else', async () => {
    const { api } = context;
    const wrong: Record<string, Record<string, string>> = {
      'no credentials': {},
      "an administrator's key": { ...api.keys.admin, 'x-maestro-node': 'web-01' },
      "an administrator's cookie": { ...api.people.admin, 'x-maestro-node': 'web-01' },
    };
    for (const [what, headers] of Object.entries(wrong)) {
      for (const [path, json] of [['/hello', { facts, version: '1' }], ['/desired?run=rol_00000000000000000000', undefined], ['/report', { run: 'rol_00000000000000000000', entries: [] }], ['/diffs', { run: 'pln_00000000000000000000', files: [] }], ['/nothing', undefined]] as const) {
        const answer = await api.ask(`/host/v1${path}`, { headers, json });
        expect([what, path, answer.status, z.object({ code: z.string() }).parse(answer.body).code]).toEqual([what, path, 401, 'auth_error']);
      }
    }
    expect(await api.db.node.count()).toBe(0);
  });

  it('notes a hello: the host is online, with its facts', async () => {
    expect((await call('web-01', '/hello', { json: { facts, version: '1.2.3' } })).status).toBe(204);
    expect((await context.api.ask('/api/nodes', { as: context.api.people.viewer })).body).toMatchObject({ items: [{ name: 'web-01', online: true, facts, version: '1.2.3', address: '127.0.0.1' }] });
  });

  it('tells once that a host has fallen silent, and once that it is back', async () => {
    const { db } = context.api;
    await call('silent-01', '/hello', { json: { facts, version: '1' } });
    await db.node.update({ where: { name: 'silent-01' }, data: { last_seen_at: new Date(Date.now() - 16_000) } });
    const watches = [watchHosts(db, () => undefined), watchHosts(db, () => undefined)];
    const told = () => db.event.findMany({ where: { type: 'node.state', host: 'silent-01' }, orderBy: { id: 'asc' } });
    for (const end = Date.now() + 10_000; (await told()).length < 2 && Date.now() < end;) await wait(50);
    watches.forEach((stop) => stop());
    await call('silent-01', '/hello', { json: { facts, version: '1' } });
    await call('silent-01', '/hello', { json: { facts, version: '1' } });
    expect((await told()).map(({ data }) => data)).toEqual([expect.objectContaining({ online: true }), expect.objectContaining({ online: false }), expect.objectContaining({ online: true })]);
  });

  it('shows a host its own placements of an open run, and no other host\'s', async () => {
    const { rollout_id: run, deploy_id: id } = await opened('two-hosts');
    for (const host of ['web-01', 'web-02']) {
      const answer = await call(host, `/desired?run=${run}`);
      expect([answer.status, answer.body]).toEqual([200, { placements: [expect.objectContaining({ host, component: 'web', deploy_id: id, version: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })] }]);
      expect(answer.text).not.toContain(host === 'web-01' ? 'web-02' : 'web-01');
    }
    expect((await call('web-03', `/desired?run=${run}`)).status).toBe(404);
    expect((await call('web-01', `/desired?run=${run}&component=db`)).status).toBe(404);
  });

  it('stops showing when the run has ended; unknown, ended and foreign runs look the same', async () => {
    const { rollout_id: run } = await opened('ends');
    await recordRolloutState(context.api.db, run, { state: 'aborted', reason: 'for the test' });
    const answers = [await call('web-01', `/desired?run=${run}`), await call('web-09', `/desired?run=${run}`), await call('web-01', `/desired?run=rol_${'0'.repeat(20)}`), await call('web-01', `/desired?run=pln_${'0'.repeat(20)}`)];
    const told = z.object({ code: z.literal('not_found'), message: z.string() });
    expect(new Set(answers.map(({ body }) => told.parse(body).message)).size).toBe(1);
  });

  it('T-H6: pins what a rollout places on the calling host, once, and nothing in a plan, of another host or of another form', async () => {
    const { db } = context.api;
    const { rollout_id: run, deploy_id: deployId } = await opened('pins');
    const [one, two] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`);
    const pin = (host: string, over: object = {}, id = run) => call(host, '/pin', { json: { run: id, pins: [{ component: 'web', kind: 'image', value: one, ...over }] } });
    expect([(await pin('web-01')).body, (await pin('web-02', { value: two })).body]).toEqual(Array(2).fill({ pins: [{ component: 'web', kind: 'image', value: one }] }));
    expect((await call('web-02', `/desired?run=${run}`)).body).toMatchObject({ placements: [{ run: { pinned: expect.stringMatching(`@${one ?? ''}$`) } }] });
    const plan = await createPlan(db, systemActor, { deployId, version: 1 });
    const refused: [string, Answer, number][] = [
      ['another host', await pin('web-03'), 404], ['another component', await pin('web-01', { component: 'db' }), 404], ['a commit of no repository', await pin('web-01', { kind: 'commit', value: 'c'.repeat(40) }), 404],
      ['another kind', await pin('web-01', { kind: 'secret' }), 422], ['no digest', await pin('web-01', { value: 'latest' }), 422], ['a plan', await pin('web-01', {}, plan), 409], ['no run', await pin('web-01', {}, `rol_${'0'.repeat(20)}`), 404],
    ];
    expect(refused.map(([what, { status }]) => [what, status])).toEqual(refused.map(([what, , status]) => [what, status]));
    await recordRolloutState(db, run, { state: 'aborted', reason: 'for the test' });
    expect((await pin('web-01')).status).toBe(404);
    expect(await db.versionPin.findMany({ select: { value: true, pinned_by: true } })).toEqual([{ value: one, pinned_by: 'web-01' }]);
  });

  it('takes what a host could not send before the end for ten minutes after it, and not for longer', async () => {
    const { rollout_id: run } = await opened('late');
    await recordRolloutState(context.api.db, run, { state: 'failed', reason: 'for the test' });
    const send = (host: string, key: string) => call(host, '/report', { json: { run, entries: [entry({ key })] } });
    expect([(await send('web-01', 'late')).status, (await send('web-09', 'late')).status]).toEqual([204, 404]);
    await context.api.db.rollout.update({ where: { id: run }, data: { ended_at: new Date(Date.now() - 10 * 60_000 - 1000) } });
    expect((await send('web-01', 'too late')).status).toBe(404);
    expect((await call('web-01', '/report', { json: { run: `rol_${'0'.repeat(20)}`, entries: [] } })).body).toMatchObject({ code: 'not_found', message: 'There is no open run of that id on this host' });
    expect(await events(run)).toHaveLength(1);
  });

  it('shows what a plan is about for five minutes', async () => {
    const { db } = context.api;
    const { deploy_id: deployId } = await createDeploy(db, systemActor, { yaml: web('planned'), files: [] });
    const run = await createPlan(db, systemActor, { deployId, version: 1 });
    expect((await call('web-01', `/desired?run=${run}`)).status).toBe(200);
    await db.plan.update({ where: { id: run }, data: { created_at: new Date(Date.now() - 5 * 60_000 - 1000) } });
    expect((await call('web-01', `/desired?run=${run}`)).status).toBe(404);
  });

  it('hands out file contents only when asked for one component', async () => {
    const { db } = context.api;
    const files = [{ path: 'templates/app.conf.j2', bytes: Buffer.from(template) }, { path: 'static/logo.bin', bytes: binary }];
    const { deploy_id: deployId } = await createDeploy(db, systemActor, { yaml: webWithFiles(), files });
    const { rollout_id: run } = await openRollout(db, systemActor, { deployId, version: 1, kind: 'apply' });
    expect((await call('web-01', `/desired?run=${run}`)).text).not.toContain('"content"');
    expect((await call('web-01', `/desired?run=${run}&content=1`)).status).toBe(422);
    const { placements } = z.object({ placements: z.array(z.object({ files: z.array(z.object({ path: z.string(), content: z.string() })) })) }).parse((await call('web-01', `/desired?run=${run}&component=web&content=1`)).body);
    expect(placements[0]?.files.map(({ path, content }) => [path, Buffer.from(content, 'base64').toString('latin1')])).toEqual([
      ['/etc/with-files/app.conf', 'greeting = hello from web-01\n'], ['/etc/with-files/logo.bin', binary.toString('latin1')],
    ]);
  });

  it('turns a report into events, once, however often it is sent', async () => {
    const { rollout_id: run, deploy_id: id } = await opened('reports');
    const entries = [entry({ key: 'a', type: 'step.phase', data: { phase: 'fetch', state: 'started' } }), entry({ key: 'b' }), entry({ key: 'c', type: 'step.phase', data: { phase: 'fetch', state: 'ended', duration_ms: 12 } })];
    for (let times = 0; times < 3; times += 1) expect((await call('web-01', '/report', { json: { run, entries } })).status).toBe(204);
    expect((await call('web-02', '/report', { json: { run, entries: [entry({ key: 'b' })] } })).status).toBe(204);
    expect((await events(run)).map(({ type, host, component, deploy_id, ts, data }) => [type, host, component, deploy_id, ts.toISOString(), data])).toEqual([
      ['step.phase', 'web-01', 'web', id, '2026-01-01T10:00:00.000Z', { phase: 'fetch', state: 'started' }],
      ['step.output', 'web-01', 'web', id, '2026-01-01T10:00:00.000Z', { lines: [{ stream: 'stdout', text: 'hello' }] }],
      ['step.phase', 'web-01', 'web', id, '2026-01-01T10:00:00.000Z', { phase: 'fetch', state: 'ended', duration_ms: 12 }],
      ['step.output', 'web-02', 'web', id, '2026-01-01T10:00:00.000Z', { lines: [{ stream: 'stdout', text: 'hello' }] }],
    ]);
  });

  it('T-H6: takes no report on what is not placed there, and then none of its entries', async () => {
    const { rollout_id: run } = await opened('foreign', ['web-01']);
    expect((await call('web-02', '/report', { json: { run, entries: [entry()] } })).status).toBe(404);
    expect((await call('web-01', '/report', { json: { run, entries: [entry(), entry({ key: 'k2', component: 'db' })] } })).status).toBe(404);
    expect(await events(run)).toEqual([]);
  });

  it('T-H10: refuses what is too large, of another shape, or claims to be another host', async () => {
    const { rollout_id: run } = await opened('hostile');
    const bad: [string, unknown, number][] = [
      ['too large', { run, entries: [entry({ data: { lines: [{ stream: 'stdout', text: 'x'.repeat(300_000) }] } })] }, 413],
      ['too many', { run, entries: Array.from({ length: 1001 }, (_, index) => entry({ key: String(index), data: { lines: [] } })) }, 422],
      ['another type', { run, entries: [entry({ type: 'rollout.state', data: { state: 'succeeded' } })] }, 422],
      ['an unknown phase', { run, entries: [entry({ type: 'step.phase', data: { phase: 'mine', state: 'started' } })] }, 422],
      ['no array', { run, entries: 'x' }, 422],
      ['a run of another form', { run: '../rol', entries: [] }, 422],
      ['nothing', null, 422],
      ['no time', { run, entries: [entry({ ts: 'yesterday' })] }, 422],
    ];
    for (const [what, json, status] of bad) expect([what, (await call('web-01', '/report', { json })).status]).toEqual([what, status]);
    expect((await call('web-01', '/report', { body: '{"run":', type: 'application/json' })).status).toBe(422);
    expect((await call('web-01', '/hello', { json: { facts: { docker: 'yes' }, version: 1 } })).status).toBe(422);
    expect((await call('web-01', '/hello', { json: { facts: { ...facts, missing: ['x'.repeat(20_000)] }, version: '1' } })).status).toBe(413);
    // What a host adds beyond the contract goes nowhere: the event carries the caller's name.
    await call('web-01', '/report', { json: { run, entries: [{ ...entry(), host: 'web-02', deploy_id: 'dpl_other', rollout_id: 'rol_other' }] } });
    expect((await events(run)).map(({ host }) => host)).toEqual(['web-01']);
    expect((await call('web-01', '/nothing')).status).toBe(404);
    expect((await call('web-01', '/hello', { method: 'GET' })).status).toBe(405);
  });

  it('keeps output that a database or terminal would choke on', async () => {
    const { rollout_id: run } = await opened('odd-output');
    expect((await call('web-01', '/report', { json: { run, entries: [entry({ data: { lines: [{ stream: 'stderr', text: 'nul\u0000 half\ud800 ansi\u001b[0m' }] } })] } })).status).toBe(204);
    expect((await events(run))[0]?.data).toEqual({ lines: [{ stream: 'stderr', text: 'nul\ufffd half\ufffd ansi\u001b[0m' }] });
  });
});

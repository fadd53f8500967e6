import { createDeploy, getDeploy, getVersion, submitVersion } from '../../control/deploys/index.js';
import { appendAudit, listAudit } from '../../control/audit/index.js';
import { appendEvents, readEvents, type EventView } from '../../control/events/index.js';
import { getRollout, listRollouts, loadRollout, openRollout, openRollouts, pendingRollouts, recordRolloutState, recordSteps, rolloutLog, startRollout, type StepRecord } from '../../control/rollouts/index.js';
import { openRun } from '../../control/runs.js';
import { openRolloutStates, rolloutStates } from '../../spec/words.js';
import { countQueries, databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor, manyPlacements, shop, twoComponents } from './documents.js';

describe.each(databaseKinds)('rollouts on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); });
  afterEach(() => fresh.close());

  const open = async (deployId: string, version = 1): Promise<string> => (await openRollout(fresh.db, actor, { deployId, version, kind: 'apply' })).rollout_id;
  const started = async (): Promise<{ deployId: string; id: string }> => {
    const deployId = await shop(fresh.db);
    const id = await open(deployId);
    await startRollout(fresh.db, id);
    return { deployId, id };
  };
  const events = async (type?: string): Promise<EventView[]> => (await readEvents(fresh.db, { limit: 1000 })).filter((event) => type === undefined || event.type === type);

  test('how the tests of a step ended is kept, shown and told; a new attempt begins without', async () => {
    const { db } = fresh;
    const { id } = await started();
    const [{ step } = { step: '' }] = (await getRollout(db, id)).steps;
    const view = async () => (await getRollout(db, id)).steps.find((one) => one.step === step);
    const tests = [{ name: 'smoke', when: 'post_deploy' as const, state: 'failed' as const, blocking: false, duration_ms: 12, detail: 'http 500' }];
    expect(await view()).toMatchObject({ tests: [] });
    await recordSteps(db, id, [{ step, state: 'running', attempt: 1 }]);
    await recordSteps(db, id, [{ step, state: 'succeeded', attempt: 1, tests }]);
    expect(await view()).toMatchObject({ state: 'succeeded', tests });
    const told = (await events('step.state')).map(({ data }) => data as { state: string; tests?: unknown });
    expect(told.map(({ state, tests: of }) => [state, of])).toEqual([['running', undefined], ['succeeded', tests]]);
    await recordSteps(db, id, [{ step, state: 'running', attempt: 2 }]);
    expect(await view()).toMatchObject({ state: 'running', tests: [] });
  });

  test('opening makes the row, the audit entry and the event, or none of them', async () => {
    const { db } = fresh;
    const deployId = await shop(db);
    const { rollout_id, version } = await openRollout(db, actor, { deployId, version: 1, kind: 'apply' });
    expect(version).toBe(1);
    expect(await events('rollout.state')).toEqual([expect.objectContaining({ rollout_id, deploy_id: deployId, data: { state: 'pending', reason: '', version: 1, kind: 'apply' } })]);
    expect((await listAudit(db)).items[0]).toMatchObject({ action: 'rollout.apply', target: rollout_id, details: { deploy_id: deployId, version: 1 } });
    await recordRolloutState(db, rollout_id, { state: 'aborted', reason: '' });
    await db.$executeRaw`ALTER TABLE events ADD CONSTRAINT no_more CHECK (id < 0) NOT VALID`;
    await expect(open(deployId)).rejects.toThrow();
    expect(await db.rollout.count()).toBe(1);
    expect(await db.auditEntry.count()).toBe(2);
  });

  test('of two concurrent applies exactly one wins, and the other hears of it by id', async () => {
    const { db } = fresh;
    for (let round = 0; round < 10; round += 1) {
      const deployId = await shop(db, `shop-${round}`);
      const results = await Promise.allSettled([open(deployId), open(deployId)]);
      const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(won).toHaveLength(1);
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'conflict', details: { rollout_id: won[0], deploy_id: deployId } } });
    }
    expect(await db.rollout.count()).toBe(10);
  });

  test('the database itself refuses a second open rollout and an end without a final state', async () => {
    const { db } = fresh;
    const deployId = await shop(db);
    await open(deployId);
    const row = { deploy_id: deployId, version: 1, kind: 'apply' as const, started_by: 'x', started_by_id: 'x' };
    await expect(db.rollout.create({ data: { id: 'rol_second', ...row } })).rejects.toMatchObject({ code: 'P2002' });
    await expect(db.rollout.updateMany({ data: { ended_at: new Date() } })).rejects.toThrow(/rollouts_ended_when_final/);
    await expect(db.rollout.updateMany({ data: { state: 'succeeded' } })).rejects.toThrow(/rollouts_ended_when_final/);
  });

  test('unknown deploys and versions are not found; a stale expected version is a conflict', async () => {
    const { db } = fresh;
    const deployId = await shop(db);
    await expect(open('dpl_none')).rejects.toMatchObject({ code: 'not_found' });
    await expect(open(deployId, 2)).rejects.toMatchObject({ code: 'not_found' });
    await expect(openRollout(db, actor, { deployId, version: 1, kind: 'apply', expectedVersion: 3 })).rejects.toMatchObject({ code: 'conflict', details: { current_version: 1 } });
  });

  test('a rollback makes a new version with the old content and its parent, in the same transaction', async () => {
    const { db } = fresh;
    const files = [{ path: 'a.txt', bytes: Buffer.from('one'), mode: 0o600 }];
    const { deploy_id: deployId } = await createDeploy(db, actor, { yaml: twoComponents(), files });
    await submitVersion(db, actor, { deployId, yaml: twoComponents('shop', 'bad'), files: [] });
    const { rollout_id, version } = await openRollout(db, actor, { deployId, version: 1, kind: 'rollback' });
    expect(version).toBe(3);
    const [first, third] = [await getVersion(db, deployId, 1), await getVersion(db, deployId, 3)];
    expect(third).toMatchObject({ kind: 'rollback', parent: 1, yaml: first.yaml, files: first.files, rollouts: [{ rollout_id }] });
    expect((await getVersion(db, deployId, 2)).yaml).toBe(twoComponents('shop', 'bad'));
    expect(await loadRollout(db, rollout_id)).toMatchObject({ version: 3, kind: 'rollback', deploy_id: deployId });
    await expect(openRollout(db, actor, { deployId, version: 1, kind: 'rollback' })).rejects.toMatchObject({ code: 'conflict' });
    expect((await getDeploy(db, deployId)).latest_version).toBe(3);
  });

  test('starting makes a row per placement, once, however often and by however many', async () => {
    const { db } = fresh;
    const deployId = await shop(db);
    const id = await open(deployId);
    expect((await getRollout(db, id)).steps.map(({ step, state }) => [step, state])).toEqual([['web-01/db', 'pending'], ['web-01/web', 'pending']]);
    const answers = await Promise.all(Array.from({ length: 8 }, () => startRollout(db, id)));
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
    expect(answers.every(({ state }) => state === 'running')).toBe(true);
    expect(await db.step.count()).toBe(2);
    expect((await events('rollout.state')).map(({ data }) => data['state'])).toEqual(['pending', 'running']);
  });

  test('the graph of a rollout comes from its version', async () => {
    const { id } = await started();
    const { graph } = await loadRollout(fresh.db, id);
    expect(graph.steps.map((step) => step.id)).toEqual(['web-01/db', 'web-01/web']);
    expect(graph.steps[1]?.waits_for).toEqual([expect.objectContaining({ from: 'web-01/db', needs_green: true })]);
    expect((await getRollout(fresh.db, id)).graph).toEqual(graph);
  });

  test('recording steps is idempotent under repetition and in parallel', async () => {
    const { db } = fresh;
    const { id } = await started();
    const records: StepRecord[] = [
      { step: 'web-01/web', state: 'blocked', attempt: 0, reason: 'waiting for db on web-01', blocked_by: ['web-01/db'] },
      { step: 'web-01/db', state: 'running', attempt: 1 },
    ];
    await Promise.all(Array.from({ length: 10 }, (_, index) => recordSteps(db, id, index % 2 ? records : [...records].reverse())));
    const recorded = await events('step.state');
    expect(recorded.map(({ host, component, data }) => [host, component, data['state'], data['attempt'], data['reason'], data['blocked_by']]).sort()).toEqual([
      ['web-01', 'db', 'running', 1, '', []],
      ['web-01', 'web', 'blocked', 0, 'waiting for db on web-01', ['web-01/db']],
    ]);
    const before = await getRollout(db, id);
    await recordSteps(db, id, records);
    expect(await getRollout(db, id)).toEqual(before);
  });

  test('the way that a step has gone is told once, however often its record is repeated', async () => {
    const { db } = fresh;
    const { id } = await started();
    const step = 'web-01/db';
    const way: StepRecord[] = [{ step, state: 'pending', attempt: 1, reason: 'asked' }, { step, state: 'waiting', attempt: 1, reason: 'waits' }, { step, state: 'running', attempt: 1 }];
    for (let times = 0; times < 3; times += 1) await recordSteps(db, id, way);
    expect((await events('step.state')).map(({ data }) => data['state'])).toEqual(['pending', 'waiting', 'running']);
    const retried: StepRecord[] = [{ step, state: 'failed', attempt: 1, reason: 'http 503' }, { step, state: 'pending', attempt: 2 }, { step, state: 'running', attempt: 2 }];
    for (let times = 0; times < 3; times += 1) await recordSteps(db, id, retried);
    expect((await events('step.state')).slice(3).map(({ data }) => [data['state'], data['attempt']])).toEqual([['failed', 1], ['pending', 2], ['running', 2]]);
  });

  test('a step keeps what a later record leaves out, a new attempt starts clean, and a late one changes nothing', async () => {
    const { db } = fresh;
    const { id } = await started();
    const step = 'web-01/db';
    const plan = { component: 'db', action: 'create' as const, restart: false, downtime: false, reasons: ['new'], fields: [], files: [], operations: [], observed_state: 'missing' as const, needs_prepare: true };
    const failure = { code: 'healthcheck_failed' as const, message: 'http 503', fix: 'look', phase: 'health' as const, put_back: true, output_tail: 'a\u0000b\ud800c', phases: [{ phase: 'start' as const, duration_ms: 12 }] };
    const view = async () => (await getRollout(db, id)).steps[0];
    await recordSteps(db, id, [{ step, state: 'waiting', attempt: 0, plan, action: 'create' }]);
    await recordSteps(db, id, [{ step, state: 'running', attempt: 1 }]);
    await recordSteps(db, id, [{ step, state: 'failed', attempt: 1, reason: 'http 503', failure, phases: failure.phases, operations: ['start_container'] }]);
    expect(await view()).toMatchObject({
      state: 'failed', phase: 'health', attempt: 1, reason: 'http 503', action: 'create', plan, phases: failure.phases, operations: ['start_container'],
      failure: { ...failure, output_tail: 'a\ufffdb\ufffdc' }, started_at: expect.any(String), ended_at: expect.any(String),
    });
    await recordSteps(db, id, [{ step, state: 'running', attempt: 1 }]);
    expect(await view()).toMatchObject({ state: 'failed', attempt: 1 });
    await recordSteps(db, id, [{ step, state: 'running', attempt: 2 }]);
    expect(await view()).toMatchObject({ state: 'running', attempt: 2, failure: null, phases: [], operations: [], plan, ended_at: null });
    await recordSteps(db, id, [{ step, state: 'succeeded', attempt: 1 }]);
    expect(await view()).toMatchObject({ state: 'running', attempt: 2 });
    await recordSteps(db, id, [{ step, state: 'succeeded', attempt: 2, phases: [{ phase: 'start', duration_ms: 5 }] }]);
    expect(await view()).toMatchObject({ state: 'succeeded', phase: null, phases: [{ phase: 'start', duration_ms: 5 }] });
    expect((await events('step.state')).map(({ data }) => data['state'])).toEqual(['waiting', 'running', 'failed', 'running', 'succeeded']);
  });

  test('steps that the rollout does not have are refused, and nothing of the batch is stored', async () => {
    const { db } = fresh;
    const { id } = await started();
    await expect(recordSteps(db, id, [{ step: 'web-01/db', state: 'running', attempt: 1 }, { step: 'web-01/nope', state: 'running', attempt: 1 }])).rejects.toMatchObject({ code: 'internal' });
    expect((await getRollout(db, id)).steps[0]?.state).toBe('pending');
    await expect(recordSteps(db, 'rol_none', [{ step: 'a/b', state: 'running', attempt: 1 }])).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a running step shows the phase its host reported last', async () => {
    const { db } = fresh;
    const { id } = await started();
    await recordSteps(db, id, [{ step: 'web-01/db', state: 'running', attempt: 1 }]);
    const report = (phase: string, state: string) => db.$transaction((tx) => appendEvents(tx, [{ type: 'step.phase', rollout_id: id, host: 'web-01', component: 'db', data: { phase, state } }]));
    const phase = async () => (await getRollout(db, id)).steps[0]?.phase;
    expect(await phase()).toBeNull();
    await report('fetch', 'started');
    expect(await phase()).toBe('fetch');
    await report('fetch', 'ended');
    expect(await phase()).toBeNull();
    await report('health', 'started');
    expect(await phase()).toBe('health');
    await recordSteps(db, id, [{ step: 'web-01/db', state: 'succeeded', attempt: 1 }]);
    expect(await phase()).toBeNull();
  });

  const finals = rolloutStates.filter((state) => !(openRolloutStates as readonly string[]).includes(state));
  test.each(finals)('%s is final: nothing overwrites it, and only succeeded moves the active version', async (final) => {
    const { db } = fresh;
    const { deployId, id } = await started();
    expect(await recordRolloutState(db, id, { state: final, reason: 'the end' })).toEqual({ state: final, changed: true });
    for (const state of rolloutStates) expect(await recordRolloutState(db, id, { state, reason: 'later' })).toEqual({ state: final, changed: false });
    expect(await startRollout(db, id)).toEqual({ state: final, changed: false });
    expect(await getRollout(db, id)).toMatchObject({ state: final, reason: 'the end', ended_at: expect.any(String) });
    const deploy = await db.deploy.findUniqueOrThrow({ where: { id: deployId }, include: { versions: true } });
    expect(deploy).toMatchObject({ active_version: final === 'succeeded' ? 1 : null, current_version: null });
    expect(deploy.versions[0]?.applied_at === null).toBe(final !== 'succeeded');
    expect((await events('rollout.state')).map(({ data }) => data['state'])).toEqual(['pending', 'running', final]);
    expect(await openRun(db, id)).toBeNull();
  });

  test('many that end one rollout differently agree on one end', async () => {
    const { db } = fresh;
    const { deployId, id } = await started();
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => recordRolloutState(db, id, { state: finals[index % finals.length] ?? 'failed', reason: `${index}` })));
    const winners = answers.filter(({ changed }) => changed);
    expect(winners).toHaveLength(1);
    const { state } = await getRollout(db, id);
    expect(answers.every((answer) => answer.state === state)).toBe(true);
    expect((await getDeploy(db, deployId)).active_version).toBe(state === 'succeeded' ? 1 : null);
  });

  test('a pause and its answer are events; saying the same again is not', async () => {
    const { db } = fresh;
    const { id } = await started();
    await recordRolloutState(db, id, { state: 'paused', reason: 'db failed' });
    await recordRolloutState(db, id, { state: 'paused', reason: 'db failed' });
    await recordRolloutState(db, id, { state: 'running', reason: 'retried by tess' });
    expect((await events('rollout.state')).map(({ data }) => [data['state'], data['reason']])).toEqual([['pending', ''], ['running', ''], ['paused', 'db failed'], ['running', 'retried by tess']]);
    expect(await openRun(db, id)).toMatchObject({ run_id: id, version: 1 });
  });

  test('the sweeper finds what stayed pending, the reconciler all that is open', async () => {
    const { db } = fresh;
    const [one, two, three] = [await open(await shop(db, 'one')), await open(await shop(db, 'two')), await open(await shop(db, 'three'))];
    await startRollout(db, two);
    await recordRolloutState(db, three, { state: 'failed', reason: '' });
    await db.$executeRaw`UPDATE rollouts SET created_at = now() - interval '1 minute' WHERE id = ${one}`;
    await open(await shop(db, 'four'));
    expect((await pendingRollouts(db, 30_000)).map(({ rollout_id }) => rollout_id)).toEqual([one]);
    expect(await pendingRollouts(db, 0)).toHaveLength(2);
    expect((await openRollouts(db)).map(({ state }) => state)).toEqual(['pending', 'running', 'pending']);
  });

  test('rollouts are listed newest first, of one deploy or of all, page by page', async () => {
    const { db } = fresh;
    const [a, b] = [await shop(db, 'a'), await shop(db, 'b')];
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      const id = await open(index % 2 ? b : a);
      await recordRolloutState(db, id, { state: 'aborted', reason: '' });
      made.unshift(id);
    }
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await listRollouts(db, { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map(({ rollout_id }) => rollout_id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(made);
    expect((await listRollouts(db, { deployId: b })).items.map(({ deploy_name }) => deploy_name)).toEqual(['b', 'b', 'b']);
  });

  test('the log is every event of the rollout in order, and nothing else', async () => {
    const { db } = fresh;
    const { id } = await started();
    await shop(db, 'noise');
    const lines = Array.from({ length: 1234 }, (_, index) => ({ type: 'step.output' as const, rollout_id: id, host: 'web-01', component: 'db', data: { lines: [{ stream: 'stdout', text: `${index}` }] } }));
    await db.$transaction((tx) => appendEvents(tx, lines));
    const log: EventView[] = [];
    for await (const event of rolloutLog(db, id)) log.push(event);
    expect(log).toHaveLength(2 + lines.length);
    expect(log.slice(2).map(({ data }) => data)).toEqual(lines.map(({ data }) => data));
    expect(log.map((event) => event.id)).toEqual(log.map((event) => event.id).sort((a, b) => a - b));
    const rest: EventView[] = [];
    for await (const event of rolloutLog(db, id, log[600]?.id)) rest.push(event);
    expect(rest).toEqual(log.slice(601));
    await expect(rolloutLog(db, 'rol_none').next()).rejects.toMatchObject({ code: 'not_found' });
  });

  test('tells who answered, in order; what was refused, was asked of another, or opened it, is no answer', async () => {
    const { db } = fresh;
    const { id } = await started();
    const answer = (action: string, result: 'ok' | 'refused', details: Record<string, unknown>, target = id) =>
      db.$transaction((tx) => appendAudit(tx, { actor: { ...actor, name: 'ada' }, action, target, result, details }));
    await answer('rollout.rollback', 'ok', { rollback_of: 'rol_before' });
    await answer('rollout.retry', 'ok', { step: 'web-01/db', version: 2 });
    await answer('rollout.skip', 'refused', { step: 'web-01/db', note: 'no' });
    await answer('rollout.approve', 'ok', { binding: 1 }, 'rol_other');
    await answer('rollout.skip', 'ok', { step: 'web-01/db', note: 'served elsewhere', step_too: 1 });
    await answer('rollout.approve', 'ok', { binding: 0 });
    expect((await getRollout(db, id)).answers.map(({ at, ...told }) => ({ ...told, at: Date.parse(at) > 0 }))).toEqual([
      { verb: 'retry', by: 'ada', step: 'web-01/db', note: null, binding: null, version: 2, at: true },
      { verb: 'skip', by: 'ada', step: 'web-01/db', note: 'served elsewhere', binding: null, version: null, at: true },
      { verb: 'approve', by: 'ada', step: null, note: null, binding: 0, version: null, at: true },
    ]);
  });

  test('200 placements are recorded in one go, and shown in as many queries as two', async () => {
    const { db, url } = fresh;
    const { deploy_id: deployId } = await createDeploy(db, actor, { yaml: manyPlacements(10, 20), files: [] });
    const id = await open(deployId);
    await startRollout(db, id);
    const { graph } = await loadRollout(db, id);
    const steps = graph.steps.map((step) => step.id);
    expect(steps).toHaveLength(200);
    await recordSteps(db, id, steps.map((step) => ({ step, state: 'unchanged' as const, attempt: 0, action: 'unchanged' as const })));
    const view = await getRollout(db, id, { temporalUrl: (workflow) => `http://temporal/${encodeURIComponent(workflow)}` });
    expect(view.steps.map(({ step }) => step)).toEqual(steps);
    expect(view.steps.every(({ state }) => state === 'unchanged')).toBe(true);
    expect(view.temporal_url).toBe(`http://temporal/deploy%2F${deployId}`);
    expect(view.bindings).toEqual([{ index: 0, hosts: expect.arrayContaining(['host-01', 'host-10']), components: expect.arrayContaining(['app-01']), strategy: 'parallel' }]);
    const small = await open(await shop(db));
    expect(await countQueries(url, (one) => getRollout(one, id))).toBe(await countQueries(url, (one) => getRollout(one, small)));
  });
});

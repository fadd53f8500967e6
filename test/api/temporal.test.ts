/** With a real Temporal server: what the API starts, and how it talks to what runs. The host is a stand-in on the host's own queue. */
import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { z } from 'zod';
import { createOrchestrator } from '../../api/temporal.js';
import { createControlActivities } from '../../activities/index.js';
import { recordRolloutState } from '../../control/rollouts/index.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { controlQueue, hostQueue, rolloutWorkflowId } from '../../spec/words.js';
import { abortUpdate, workflowTypes, type HostActivities, type StepFailure } from '../../workflows/shared.js';
import { startDatabase, type DatabaseServer } from '../control/database.js';
import { startTemporal, type Temporal } from '../workflows/temporal.js';
import { web } from './documents.js';
import { startApi, type Answer, type Api, type Ask } from './harness.js';

const started = z.object({ rollout_id: z.string(), version: z.number(), workflow_id: z.string() });
const problem = z.object({ code: z.string(), message: z.string(), suggested_fix: z.string() });

const placement: PlacementPlan = {
  component: 'web', action: 'create', restart: false, downtime: false, reasons: ['there is no container yet'], fields: [], files: [],
  operations: [{ op: 'create_container', name: 'web' }], observed_state: 'missing', needs_prepare: false,
};
const failure: StepFailure = { code: 'runtime_error', message: 'web did not start', fix: 'Look at its output.', phase: 'start', put_back: false, output_tail: '', phases: [] };

/** Plans a create, and fails to do it. */
const host: HostActivities = {
  observe: () => Promise.resolve({ facts: { docker: true, systemd: true, missing: [] }, placements: [placement] }),
  prepare: () => Promise.resolve({ phases: [] }),
  activate: () => Promise.reject(ApplicationFailure.create({ type: failure.code, message: failure.message, nonRetryable: true, details: [failure] })),
  verify: () => Promise.resolve({ phases: [] }),
  operate: ({ verb, component }) => Promise.resolve({ ok: verb !== 'healthcheck', detail: `${verb} ${component}` }),
};

describe('with Temporal', () => {
  let temporal: Temporal;
  let server: DatabaseServer;
  let api: Api;

  beforeAll(async () => {
    [temporal, server] = await Promise.all([startTemporal(), startDatabase()]);
    api = await startApi(server, { temporalAddress: temporal.env.address });
    await api.enroll('web-01');
  });
  afterAll(async () => {
    await api.close();
    await Promise.all([temporal.stop(), server.stop()]);
  });

  const post = (path: string, options: Ask = {}): Promise<Answer> => api.ask(path, { method: 'POST', as: api.people.operator, ...options });
  const deploy = async (name: string): Promise<string> => z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', { body: web(name), type: 'text/yaml' })).body).deploy_id;
  const apply = async (id: string): Promise<z.infer<typeof started>> => {
    const answer = await post(`/api/deploys/${id}/apply`, { json: {} });
    expect([answer.status, answer.body]).toEqual([202, expect.objectContaining({ workflow_id: `deploy/${id}` })]);
    return started.parse(answer.body);
  };
  const handle = (id: string) => temporal.env.client.workflow.getHandle(rolloutWorkflowId(id));

  /** A workflow that holds the deploy's id, as the one before does until it has closed. */
  const holdLock = (id: string) => temporal.env.client.workflow.start(workflowTypes.rollout, {
    taskQueue: 'nobody', workflowId: rolloutWorkflowId(id), args: [{ rollout_id: 'rol_before', deploy_id: id }], memo: { rollout_id: 'rol_before' },
  });

  it('is ready', async () => {
    expect((await api.ask('/readyz')).body).toEqual({ ready: true, parts: { database: true, temporal: true }, down: [] });
  });

  it('an apply starts the workflow whose id is the deploy\'s lock, and names the rollout in its memo', async () => {
    const id = await deploy('starts');
    const { rollout_id: rollout } = await apply(id);
    const { status, memo, taskQueue, type } = await handle(id).describe();
    expect([status.name, memo, taskQueue, type]).toEqual(['RUNNING', { rollout_id: rollout }, controlQueue, 'rollout']);
    await handle(id).terminate();
  });

  it('an apply right after the rollout before waits for its workflow to close', async () => {
    const id = await deploy('right-after');
    const before = await holdLock(id);
    const ended = wait(500).then(() => before.terminate());
    const { rollout_id: rollout } = await apply(id);
    await ended;
    expect((await handle(id).describe()).memo).toEqual({ rollout_id: rollout });
    await handle(id).terminate();
  });

  it('an apply whose start is not possible now is still taken, within seconds', async () => {
    const id = await deploy('held');
    const before = await holdLock(id);
    const startedAt = Date.now();
    const { rollout_id: rollout } = await apply(id);
    expect(Date.now() - startedAt).toBeLessThan(8_000);
    expect(await api.db.rollout.findUnique({ where: { id: rollout } })).toMatchObject({ state: 'pending' });
    expect(api.log.join('')).toContain('rollout stays pending until the sweeper starts it');
    // Answers meant for this rollout do not reach the other one's workflow.
    const answer = await post(`/api/rollouts/${rollout}/abort`);
    expect([answer.status, problem.parse(answer.body).code]).toEqual([409, 'conflict']);
    expect((await before.describe()).status.name).toBe('RUNNING');
    await before.terminate();
  });

  it('answers are refused when no workflow runs', async () => {
    const id = await deploy('gone');
    const { rollout_id: rollout } = await apply(id);
    await handle(id).terminate();
    const answer = await post(`/api/rollouts/${rollout}/resume`);
    expect([answer.status, problem.parse(answer.body)]).toEqual([409, expect.objectContaining({ code: 'conflict', message: 'No workflow runs for this rollout' })]);
    await recordRolloutState(api.db, rollout, { state: 'failed', reason: 'for the test' });
  });

  it('an answer that no worker takes ends with the time limit, and with what to check', async () => {
    const id = await deploy('no-worker');
    const input = { rollout_id: (await apply(id)).rollout_id, deploy_id: id };
    const impatient = createOrchestrator({ address: temporal.env.address, namespace: 'default', updateTimeoutMs: 300 });
    await expect(impatient.update(input, abortUpdate, { actor: 'tess' }, 'upd_1')).rejects.toMatchObject({ code: 'timeout', fix: expect.stringContaining('worker') });
    await impatient.close();
    await handle(id).terminate();
  });

  describe('and workers', () => {
    let workers: Worker[] = [];
    let running: Promise<unknown>;

    beforeAll(async () => {
      const connection = temporal.env.nativeConnection;
      workers = await Promise.all([
        Worker.create({ connection, taskQueue: controlQueue, workflowsPath: new URL('../../workflows/index.ts', import.meta.url).pathname, activities: createControlActivities({ db: api.db }) }),
        Worker.create({ connection, taskQueue: hostQueue('web-01'), activities: { ...host } }),
      ]);
      running = Promise.all(workers.map((worker) => worker.run()));
    }, 120_000);
    afterAll(async () => {
      for (const worker of workers) worker.shutdown();
      await running;
    });

    const until = async (rollout: string, state: string): Promise<void> => {
      for (const end = Date.now() + 30_000; ; await wait(50)) {
        const row = await api.db.rollout.findUnique({ where: { id: rollout } });
        if (row?.state === state) return;
        if (Date.now() > end) throw new Error(`the rollout is ${row?.state ?? 'missing'}, not ${state}`);
      }
    };

    it('a diff shows what every host would do, and writes nothing but the plan', async () => {
      const id = await deploy('diffed');
      const answer = await post(`/api/deploys/${id}/diff`, { json: {} });
      expect([answer.status, answer.body]).toEqual([200, {
        plan_id: expect.stringMatching(/^pln_/), plan_digest: expect.stringMatching(/^[0-9a-f]{64}$/), expires_at: expect.any(String), version: 1, component: null, component_from: null,
        summary: { create: 1, update: 0, restart: 0, reload: 0, unchanged: 0, remove: 0, conflict: 0 },
        hosts: [{ host: 'web-01', reachable: true, detail: '', fingerprint: null, components: [placement] }],
      }]);
      expect((await post(`/api/deploys/${id}/rollback/1?dry_run=true`)).body).toMatchObject({ version: 1, summary: { create: 1 } });
      expect(await api.db.rollout.count({ where: { deploy_id: id } })).toBe(0);
    });

    it('a paused rollout takes the answers its state allows, and says why not to the others', async () => {
      const id = await deploy('paused');
      const { rollout_id: rollout } = await apply(id);
      await until(rollout, 'paused');
      expect((await api.ask(`/api/rollouts/${rollout}`, { as: api.people.viewer })).body).toMatchObject({
        state: 'paused', steps: [{ step: 'web-01/web', state: 'failed', action: 'create', failure: { code: 'runtime_error', message: 'web did not start' } }],
      });
      expect((await api.ask(`/api/deploys/${id}`, { as: api.people.viewer })).body).toMatchObject({ state: 'paused' });
      const refused = await post(`/api/rollouts/${rollout}/retry`, { json: { step: 'web-01/db' } });
      expect([refused.status, problem.parse(refused.body)]).toEqual([409, expect.objectContaining({ code: 'conflict', message: expect.stringContaining('web-01/db') })]);
      expect([(await post(`/api/rollouts/${rollout}/retry`, { json: { step: 'web-01/web' } })).status, await until(rollout, 'paused')]).toEqual([200, undefined]);
      const skipped = await post(`/api/rollouts/${rollout}/skip`, { json: { step: 'web-01/web', note: 'done by hand' } });
      expect([skipped.status, skipped.body]).toEqual([200, { rollout_id: rollout, state: expect.any(String) }]);
      await until(rollout, 'succeeded');
      expect(await api.db.auditEntry.findFirst({ where: { action: 'rollout.skip', target: rollout } })).toMatchObject({ result: 'ok', actor_name: 'operator', details: { step: 'web-01/web', note: 'done by hand' } });
      const late = await post(`/api/rollouts/${rollout}/abort`);
      expect([late.status, problem.parse(late.body).message]).toEqual([409, expect.stringContaining('succeeded')]);
    });

    it('an answer that was taken, and whose sender did not hear of it, counts as given when it is sent again under its key', async () => {
      const id = await deploy('unheard');
      const { rollout_id: rollout } = await apply(id);
      await until(rollout, 'paused');
      const send = (verb: string, key: string) => post(`/api/rollouts/${rollout}/${verb}`, { headers: { 'idempotency-key': key } });
      /** As if the API had died between the workflow's yes and its own. */
      const forget = (key: string) => api.db.idempotencyKey.deleteMany({ where: { key } });
      expect((await send('retry', 'k1')).status).toBe(200);
      await until(rollout, 'paused');
      const { attempt } = await api.db.step.findFirstOrThrow({ where: { rollout_id: rollout } });
      await forget('k1');
      expect((await send('retry', 'k1')).status).toBe(200);
      expect(await api.db.step.findFirstOrThrow({ where: { rollout_id: rollout } })).toMatchObject({ state: 'failed', attempt });
      expect((await send('abort', 'k2')).status).toBe(200);
      await until(rollout, 'aborted');
      await forget('k2');
      expect((await send('abort', 'k2')).status).toBe(200);
      expect((await send('abort', 'k3')).status).toBe(409);
    });

    it('a component is operated on its hosts, which answer one by one', async () => {
      const { deploy_id: id } = z.object({ deploy_id: z.string() }).parse(await api.db.deploy.findFirstOrThrow({ where: { name: 'paused' } }).then((row) => ({ deploy_id: row.id })));
      const restarted = await post(`/api/deploys/${id}/components/web/restart`);
      expect([restarted.status, restarted.body]).toEqual([200, { component: 'web', version: 1, ok: true, hosts: [{ host: 'web-01', ok: true, detail: 'restart web' }] }]);
      expect((await post(`/api/deploys/${id}/components/web/healthcheck?host=web-01`)).body).toMatchObject({ ok: false, hosts: [{ ok: false, detail: 'healthcheck web' }] });
      expect(await api.db.auditEntry.findFirst({ where: { action: 'component.restart', target: id } })).toMatchObject({ result: 'ok', details: { component: 'web', hosts: ['web-01'], version: 1 } });
    });
  });
});

/** Temporal does what it is asked to and every other time nobody hears of it: what is asked for happens once. */
import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { z } from 'zod';
import { createControlActivities } from '../../activities/index.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { controlQueue, hostQueue } from '../../spec/words.js';
import type { HostActivities, StepFailure } from '../../workflows/shared.js';
import { web } from '../api/documents.js';
import { startApi, type Answer, type Api, type Ask } from '../api/harness.js';
import { startDatabase, type DatabaseServer } from '../control/database.js';
import { startTemporal, type Temporal } from '../workflows/temporal.js';
import { Chance } from './chance.js';
import type { Proxy } from './postgres-proxy.js';
import { proxyTemporal } from './temporal-proxy.js';

const placement: PlacementPlan = {
  component: 'web', action: 'create', restart: false, downtime: false, reasons: ['there is no container yet'], fields: [], files: [],
  operations: [{ op: 'create_container', name: 'web' }], observed_state: 'missing', needs_prepare: false,
};
const failure: StepFailure = { code: 'runtime_error', message: 'web did not start', fix: 'Look at its output.', phase: 'start', put_back: false, output_tail: '', phases: [] };
const operated: string[] = [];
let fails = true;

const host: HostActivities = {
  observe: () => Promise.resolve({ facts: { docker: true, systemd: true, missing: [] }, placements: [placement] }),
  prepare: () => Promise.resolve({ phases: [] }),
  activate: () => (fails ? Promise.reject(ApplicationFailure.create({ type: failure.code, message: failure.message, nonRetryable: true, details: [failure] })) : Promise.resolve({ changed: true, operations: [], phases: [] })),
  verify: () => Promise.resolve({ phases: [] }),
  operate: ({ verb }) => {
    operated.push(verb);
    return Promise.resolve({ ok: true, detail: verb });
  },
};

let temporal: Temporal;
let server: DatabaseServer;
let api: Api;
let proxy: Proxy;
let workers: Worker[] = [];
let running: Promise<unknown>;
const chance = new Chance(3, 0.5);

beforeAll(async () => {
  [temporal, server] = await Promise.all([startTemporal(), startDatabase()]);
  proxy = await proxyTemporal(Number(temporal.env.address.split(':').at(-1)), chance);
  api = await startApi(server, { temporalAddress: `127.0.0.1:${String(proxy.port)}` });
  await api.enroll('web-01');
  const connection = temporal.env.nativeConnection;
  workers = await Promise.all([
    Worker.create({ connection, taskQueue: controlQueue, workflowsPath: new URL('../../workflows/index.ts', import.meta.url).pathname, activities: createControlActivities({ db: api.db }) }),
    Worker.create({ connection, taskQueue: hostQueue('web-01'), activities: { ...host } }),
  ]);
  running = Promise.all(workers.map((worker) => worker.run()));
  chance.armed = true;
}, 120_000);
afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await running;
  await api?.close();
  await proxy?.stop();
  await Promise.all([temporal?.stop(), server?.stop()]);
}, 60_000);

const post = (path: string, options: Ask = {}): Promise<Answer> => api.ask(path, { method: 'POST', as: api.people.operator, ...options });
const until = async (rollout: string, state: string): Promise<void> => {
  for (const end = Date.now() + 30_000; ; await wait(50)) {
    const row = await api.db.rollout.findUnique({ where: { id: rollout } });
    if (row?.state === state) return;
    if (Date.now() > end) throw new Error(`the rollout is ${row?.state ?? 'missing'}, not ${state}`);
  }
};
const attempt = async (rollout: string): Promise<number> => (await api.db.step.findFirstOrThrow({ where: { rollout_id: rollout } })).attempt;

test('rollouts are started, answered and operated once each', async () => {
  const { deploy_id: id } = z.object({ deploy_id: z.string() }).parse((await post('/api/deploys', { body: web('halved'), type: 'text/yaml' })).body);
  const { rollout_id: rollout } = z.object({ rollout_id: z.string() }).parse((await post(`/api/deploys/${id}/apply`, { json: {} })).body);
  await until(rollout, 'paused');
  for (let times = 1; times <= 6; times += 1) {
    expect([(await post(`/api/rollouts/${rollout}/retry`)).status, times]).toEqual([200, times]);
    await until(rollout, 'paused');
    expect(await attempt(rollout)).toBe(times + 1);
  }
  fails = false;
  expect((await post(`/api/rollouts/${rollout}/retry`)).status).toBe(200);
  await until(rollout, 'succeeded');
  for (let times = 1; times <= 6; times += 1) {
    expect([(await post(`/api/deploys/${id}/components/web/restart`)).status, operated.length]).toEqual([200, times]);
  }
  expect(await api.db.auditEntry.count({ where: { action: 'rollout.retry', result: 'ok' } })).toBe(7);
  const { StartWorkflowExecution: starts, UpdateWorkflowExecution: updates } = chance.counts;
  expect([(starts?.lost ?? 0) >= 2, (updates?.lost ?? 0) >= 2]).toEqual([true, true]);
}, 110_000);

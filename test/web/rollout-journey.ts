/** A rollout with a failure, a retry and an end, as events; and the snapshot it starts from. */
import type { Event, Rollout, Step } from '../../web/src/api/types.js';

const started = Date.parse('2026-11-23T03:00:00.000Z');
export const rolloutId = 'rol_0123456789abcdef';

const split = (step: string): { host: string; component: string } => {
  const [host = '', component = ''] = step.split('/');
  return { host, component };
};

/** Events tell their time by their id: one a second. */
export const event = (id: number, type: Event['type'], data: unknown, step?: string): Event => ({
  id, type, ts: new Date(started + id * 1_000).toISOString(), deploy_id: 'dpl_0123456789abcdef', rollout_id: rolloutId, data, ...(step ? split(step) : {}),
});

export const stateEvent = (id: number, step: string, data: object): Event => event(id, 'step.state', { attempt: 1, ...data }, step);
export const phaseEvent = (id: number, step: string, data: object): Event => event(id, 'step.phase', data, step);

export const stepRow = (step: string, told: Partial<Step> = {}): Step => ({
  step, ...split(step), binding: step === 'db-01/db' ? 0 : 1, state: 'pending', phase: null, attempt: 1, reason: '', blocked_by: [],
  action: null, plan: null, failure: null, phases: [], operations: [], tests: [], started_at: null, ended_at: null, ...told,
});

export const snapshot = (told: Partial<Rollout> = {}): Rollout => ({
  rollout_id: rolloutId, deploy_id: 'dpl_0123456789abcdef', deploy_name: 'shop', version: 2, kind: 'apply', state: 'running', reason: '',
  started_at: new Date(started).toISOString(), ended_at: null, started_by: 'ada', created_at: new Date(started).toISOString(), workflow_id: 'deploy/dpl_0123456789abcdef', temporal_url: null,
  rollback_of: null, cause: null, rolled_back_by: null, answers: [],
  graph: { steps: [
    { id: 'db-01/db', host: 'db-01', component: 'db', binding: 0, waits_for: [] },
    { id: 'api-01/api', host: 'api-01', component: 'api', binding: 1, waits_for: [{ from: 'db-01/db', reason: 'depends_on', needs_green: true }] },
  ] },
  bindings: [
    { index: 0, hosts: ['db-01'], components: ['db'], strategy: 'sequential' },
    { index: 1, hosts: ['api-01'], components: ['api'], strategy: 'sequential' },
  ],
  steps: [stepRow('db-01/db'), stepRow('api-01/api')],
  ...told,
});

const failure = { code: 'healthcheck_failed', message: 'http 503', fix: 'Look at the output.', phase: 'health', put_back: true, output_tail: 'no database', phases: [] };

export const journey: Event[] = [
  event(1, 'rollout.state', { state: 'running', reason: null }),
  stateEvent(2, 'db-01/db', { state: 'unchanged', action: 'unchanged' }),
  stateEvent(3, 'api-01/api', { state: 'running', action: 'update' }),
  phaseEvent(4, 'api-01/api', { phase: 'fetch', state: 'started' }),
  event(5, 'step.output', { lines: [{ stream: 'info', text: 'pulling' }, { stream: 'stdout', text: 'pulled' }] }, 'api-01/api'),
  phaseEvent(6, 'api-01/api', { phase: 'fetch', state: 'ended', duration_ms: 2_000 }),
  phaseEvent(7, 'api-01/api', { phase: 'health', state: 'started', detail: '1 of 3, http 503' }),
  phaseEvent(8, 'api-01/api', { phase: 'health', state: 'started', detail: '2 of 3, http 503' }),
  stateEvent(9, 'api-01/api', { state: 'failed', failure, phases: [{ phase: 'fetch', duration_ms: 1_987 }] }),
  event(10, 'rollout.state', { state: 'paused', reason: '1 failed' }),
  event(11, 'rollout.state', { state: 'running', reason: 'retry' }),
  stateEvent(12, 'api-01/api', { state: 'running', attempt: 2 }),
  event(13, 'step.output', { lines: [{ stream: 'stderr', text: 'ready' }] }, 'api-01/api'),
  stateEvent(14, 'api-01/api', { state: 'succeeded', attempt: 2, phases: [{ phase: 'health', duration_ms: 300 }], operations: ['replaced the container'] }),
  event(15, 'rollout.state', { state: 'succeeded', reason: null }),
];

/** The step rows at the end of the journey. */
export const finished: Step[] = [
  stepRow('db-01/db', { state: 'unchanged', action: 'unchanged' }),
  stepRow('api-01/api', { state: 'succeeded', attempt: 2, action: 'update' }),
];

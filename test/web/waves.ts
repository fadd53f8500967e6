/** A rollout over eight hosts, told as its workflow and hosts tell theirs: a database, a canary of five hosts that stops in its second wave, and two that wait behind it. */
import { systemActor } from '../../control/actor.js';
import { createDeploy } from '../../control/deploys/index.js';
import { appendEvents, type EventInput } from '../../control/events/index.js';
import { openRollout, startRollout } from '../../control/rollouts/index.js';
import type { PrismaClient } from '../../prisma/client.js';

export const apiHosts = ['api-01', 'api-02', 'api-03', 'api-04', 'api-05'];
const hosts = ['db-01', ...apiHosts, 'web-01', 'web-02'];

const document = `api_version: maestro/v1
project: wave-shop
hosts: { ${hosts.map((host) => `${host}: {}`).join(', ')} }
components:
  db:
    source: { type: docker, image: postgres, tag: "16" }
    run: { type: docker, container_name: wave-db }
  api:
    source: { type: docker, image: ghcr.io/acme/api, tag: "v2" }
    run: { type: docker, container_name: wave-api }
    depends_on: [db]
  worker:
    source: { type: docker, image: ghcr.io/acme/worker, tag: "v2" }
    run: { type: docker, container_name: wave-worker }
    depends_on: [api]
  web:
    source: { type: docker, image: ghcr.io/acme/web, tag: "v2" }
    run: { type: docker, container_name: wave-web }
    depends_on: [api]
deployment:
  - { host: db-01, components: [db] }
  - { hosts: [${apiHosts.join(', ')}], components: [api, worker], strategy: canary, canary: { initial_fraction: 20%, step_fraction: 40%, verify_duration: 20s } }
  - { hosts: [web-01, web-02], components: [web], strategy: parallel, depends_on_hosts: [api-05] }
`;

export interface Told { rolloutId: string; deployId: string; tell: (second: number, place: string | null, type: EventInput['type'], data: object) => EventInput; say: (events: EventInput[]) => Promise<void>; beganMs: number }

/** Opened and begun so many seconds ago; nothing has been told of its placements. */
export async function beginWaves(db: PrismaClient, secondsAgo: number): Promise<Told> {
  const { deploy_id: deployId } = await createDeploy(db, systemActor, { name: 'wave-shop', yaml: document, files: [] });
  const { rollout_id: rolloutId } = await openRollout(db, { ...systemActor, name: 'ada' }, { deployId, version: 1, kind: 'apply' });
  await startRollout(db, rolloutId);
  const beganMs = Date.now() - secondsAgo * 1_000;
  await db.rollout.update({ where: { id: rolloutId }, data: { started_at: new Date(beganMs) } });
  await db.event.updateMany({ where: { rollout_id: rolloutId }, data: { ts: new Date(beganMs) } });
  const tell: Told['tell'] = (second, place, type, data) => {
    const [host, component] = place?.split('/') ?? [];
    return { type, ts: new Date(beganMs + second * 1_000).toISOString(), deploy_id: deployId, rollout_id: rolloutId, ...(host === undefined || component === undefined ? {} : { host, component }), data };
  };
  return { rolloutId, deployId, beganMs, tell, say: (events) => appendEvents(db, events) };
}

const phases = [['fetch', 6], ['files', 1], ['start', 3], ['health', 8]] as const;

/** One placement's way through its phases, from the second it began with. */
export function way({ tell }: Told, place: string, from: number, ending: 'succeeded' | 'failed' | 'running', attempt = 1): EventInput[] {
  const events = [tell(from, place, 'step.state', { step: place, state: 'running', attempt, action: 'update', reason: '', blocked_by: [] })];
  let at = from;
  for (const [phase, seconds] of phases) {
    events.push(tell(at, place, 'step.phase', { phase, state: 'started' }), tell(at + 1, place, 'step.output', { lines: [{ stream: 'info', text: `${phase} of ${place}` }, { stream: 'stdout', text: `${phase}: done so far` }] }));
    at += seconds;
    if (phase === 'health' && ending === 'running') return [...events, tell(at - 4, place, 'step.phase', { phase, state: 'started', detail: '1 of 3, http 503' })];
    events.push(tell(at, place, 'step.phase', { phase, state: 'ended', duration_ms: seconds * 1_000 }));
  }
  const failure = { code: 'healthcheck_failed', message: 'http://localhost:8080/healthz answered 503, 3 times of 3', fix: 'Look at the output; the service answers, but says that it is not ready.', phase: 'health', put_back: true, output_tail: 'error: no route to db-01:5432', phases: [] };
  const told = ending === 'failed' ? { failure, reason: failure.message } : { reason: '' };
  return [...events, tell(at, place, 'step.output', { lines: ending === 'failed' ? [{ stream: 'stderr', text: 'error: no route to db-01:5432' }] : [{ stream: 'stdout', text: 'ready' }] }), tell(at, place, 'step.state', { step: place, state: ending, attempt, action: 'update', ...told })];
}

const waits = ({ tell }: Told, second: number, places: string[], reason: string, state = 'waiting', by: string[] = []): EventInput[] =>
  places.map((place) => tell(second, place, 'step.state', { step: place, state, attempt: 1, reason, blocked_by: by }));

/** Up to the rest in the second wave. */
export function untilPaused(told: Told): EventInput[] {
  const { tell } = told;
  const later = apiHosts.slice(1).map((host) => `${host}/api`);
  const workers = apiHosts.map((host) => `${host}/worker`);
  const webs = ['web-01/web', 'web-02/web'];
  return [
    ...way(told, 'db-01/db', 1, 'succeeded'),
    ...waits(told, 1, ['api-01/api'], 'waiting for db on db-01'), ...waits(told, 1, later, 'waiting for api on api-01'), ...waits(told, 1, [...workers, ...webs], 'waiting for api on api-01: waiting for db on db-01'),
    ...way(told, 'api-01/api', 20, 'succeeded'), ...way(told, 'api-01/worker', 40, 'succeeded'),
    ...way(told, 'api-02/api', 62, 'succeeded'), ...way(told, 'api-03/api', 62, 'failed'), ...way(told, 'api-02/worker', 82, 'succeeded'),
    ...waits(told, 81, ['api-03/worker', 'api-04/api', 'api-04/worker', 'api-05/api', 'api-05/worker', ...webs], 'waiting for api on api-03: http://localhost:8080/healthz answered 503, 3 times of 3', 'blocked', ['api-03/api']),
    tell(101, null, 'rollout.state', { state: 'paused', reason: '1 failed, 7 blocked by it: api-03: api – http 503' }),
  ].sort((left, right) => Date.parse(left.ts ?? '') - Date.parse(right.ts ?? ''));
}

/** Retried after an hour's rest, and through to the end. */
export function untilTheEnd(told: Told, from: number): EventInput[] {
  const { tell } = told;
  const places = ['api-03/worker', 'api-04/api', 'api-05/api', 'api-04/worker', 'api-05/worker', 'web-01/web', 'web-02/web'];
  return [
    tell(from, null, 'rollout.state', { state: 'running', reason: '' }), tell(from, 'api-03/api', 'step.state', { step: 'api-03/api', state: 'pending', attempt: 2, reason: '' }),
    ...way(told, 'api-03/api', from + 2, 'succeeded', 2),
    ...places.flatMap((place, index) => way(told, place, from + 21 + Math.floor(index / 2) * 19, 'succeeded')),
    tell(from + 120, null, 'rollout.state', { state: 'succeeded', reason: '' }),
  ].sort((left, right) => Date.parse(left.ts ?? '') - Date.parse(right.ts ?? ''));
}

/** Rollouts: watching them and answering the ones that wait. */
import { z } from 'zod';
import { spendHostsNow, type Scope } from '../../control/access/index.js';
import { getRollout, listRollouts, prepareRetarget, rolloutLog } from '../../control/rollouts/index.js';
import { MaestroError } from '../../spec/errors.js';
import { isOpenRollout } from '../../spec/words.js';
import { abortUpdate, approveUpdate, pauseUpdate, resumeUpdate, retryUpdate, rollbackUpdate, skipUpdate } from '../../workflows/shared.js';
import { workflowUrl, type ApiContext } from '../context.js';
import { jsonBody } from '../http/body.js';
import { route, Streamed, type Call } from '../route.js';
import { idOf, named, pageOf, pageQuery } from '../schemas/common.js';
import { rolloutAnswer, rolloutDetail, rolloutItem } from '../schemas/rollouts.js';
import { checkVersion, versionNumber } from './check-version.js';
import { logLine } from './rollout-log.js';

const ofRollout = z.strictObject({ id: idOf('rol') });
const stepName = z.string().min(3).max(127).regex(/^[^/]+\/[^/]+$/, 'Not of the form <host>/<component>');

type UpdateName = 'retry' | 'resume' | 'pause' | 'skip' | 'approve' | 'rollback' | 'abort';
type Target = { rollout_id: string; deploy_id: string };

/** A rollout that still waits for answers; `conflict` for one that has ended. */
async function openTarget({ db }: ApiContext, rolloutId: string): Promise<Target> {
  const { rollout_id, deploy_id, state } = await getRollout(db, rolloutId);
  if (isOpenRollout(state)) return { rollout_id, deploy_id };
  throw new MaestroError('conflict', `The rollout has ended: it is ${state}`, { fix: 'Apply again, or roll back to another version.', details: { rollout_id, state } });
}

/** `goesOn`: hosts may have to do something because of it. */
async function answered<B extends object>(call: Call<{ id: string }, unknown, B>, ask: (target: Target, actor: string) => Promise<void>, goesOn = true): Promise<z.input<typeof rolloutAnswer>> {
  const { context, params, actor, body, request } = call;
  request.note(Object.fromEntries(Object.entries(body)));
  try {
    const target = await openTarget(context, params.id);
    request.note({ deploy_id: target.deploy_id });
    if (goesOn) await spendHostsNow(context.db, actor, { deployId: target.deploy_id });
    await ask(target, actor.name);
  } catch (error) {
    // What is not possible any more may be so because this very request was taken, and its answer got lost.
    if (!(error instanceof MaestroError && error.code === 'conflict' && request.repeatable && await context.temporal.hasTaken(await getRollout(context.db, params.id), request.mark))) throw error;
  }
  const { rollout_id, state } = await getRollout(context.db, params.id);
  return { rollout_id, state };
}

/** Another version for a paused rollout is checked like one that is applied. */
async function prepareVersion(context: ApiContext, scope: Scope | undefined, { deploy_id: deployId, rollout_id: rolloutId }: Target, version: number): Promise<void> {
  const { state } = await getRollout(context.db, rolloutId);
  if (state !== 'paused') throw new MaestroError('conflict', `The rollout is ${state}; it takes another version only while it is paused`, { fix: 'Pause it first, or wait until it rests.', details: { rollout_id: rolloutId, state } });
  await prepareRetarget(context.db, { deployId, version, scope, ...(await checkVersion(context, deployId, version)) });
}

/** What the answers to an open rollout have in common. */
const answerRow = (name: UpdateName, summary: string, right: 'deploy.apply' | 'deploy.rollback' | 'deploy.approve' = 'deploy.apply') => ({
  method: 'post' as const, path: `/api/rollouts/{id}/${name}`, operationId: `${name}Rollout`, tag: 'rollouts', summary, right,
  audit: { action: `rollout.${name}`, by: 'router' as const }, idempotent: true, errors: ['conflict', 'timeout'] as const, params: ofRollout, response: rolloutAnswer,
});

async function* lines(events: AsyncIterable<Parameters<typeof logLine>[0]>, format: 'ndjson' | 'text'): AsyncGenerator<string> {
  for await (const event of events) yield format === 'ndjson' ? `${JSON.stringify(event)}\n` : logLine(event);
}

export const rolloutRoutes = [
  route({
    method: 'get', path: '/api/rollouts', operationId: 'listRollouts', tag: 'rollouts', summary: 'Rollouts, newest first', right: 'deploy.read',
    narrowed: 'query', query: z.strictObject({ ...pageQuery, deploy_id: idOf('dpl').optional() }), response: named('RolloutPage', pageOf(rolloutItem)),
    handler: ({ actor, context: { db }, query: { deploy_id: deployId, ...page } }) => listRollouts(db, { ...page, deployId }, actor.scope),
  }),
  route({
    method: 'get', path: '/api/rollouts/{id}', operationId: 'getRollout', tag: 'rollouts', summary: 'A rollout with its steps: phases, what blocks them, timings, failures', right: 'deploy.read',
    params: ofRollout, response: rolloutDetail,
    handler: ({ context, params }) => getRollout(context.db, params.id, { temporalUrl: (workflowId) => workflowUrl(context.settings, workflowId) }),
  }),
  route({
    method: 'get', path: '/api/rollouts/{id}/log', operationId: 'getRolloutLog', tag: 'rollouts', summary: 'Everything a rollout did and said, in order', right: 'deploy.read',
    params: ofRollout, query: z.strictObject({ format: z.enum(['ndjson', 'text']).default('ndjson'), after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('Only events with a higher id') }), response: null, produces: ['application/x-ndjson', 'text/plain'],
    handler: async ({ context: { db }, params, query }) => {
      await getRollout(db, params.id);
      return new Streamed(query.format === 'text' ? 'text/plain; charset=utf-8' : 'application/x-ndjson', lines(rolloutLog(db, params.id, query.after), query.format));
    },
  }),
  route({
    ...answerRow('retry', 'Try one failed step again, or all of them; with version, do with that one what is not done yet'),
    body: jsonBody(z.strictObject({ step: stepName.optional(), version: versionNumber.optional().describe('Only while the rollout is paused') }), { required: false }),
    handler: (call) => answered(call, async (target, actor) => {
      const { context, body } = call;
      if (body.version !== undefined) await prepareVersion(context, call.actor.scope, target, body.version);
      await context.temporal.update(target, retryUpdate, { ...body, actor }, call.request.mark);
    }),
  }),
  route({
    ...answerRow('resume', 'Go on after a pause'),
    body: jsonBody(z.strictObject({}), { required: false }),
    handler: (call) => answered(call, (target, actor) => call.context.temporal.update(target, resumeUpdate, { actor }, call.request.mark)),
  }),
  route({
    ...answerRow('pause', 'Start nothing more; what runs is finished'),
    body: jsonBody(z.strictObject({}), { required: false }),
    handler: (call) => answered(call, (target, actor) => call.context.temporal.update(target, pauseUpdate, { actor }, call.request.mark), false),
  }),
  route({
    ...answerRow('approve', 'Let a binding start that waits for approval, or all of them', 'deploy.approve'),
    body: jsonBody(z.strictObject({ binding: z.int().min(0).max(100_000).optional().describe('Index in deployment') }), { required: false }),
    handler: (call) => answered(call, (target, actor) => call.context.temporal.update(target, approveUpdate, { ...call.body, actor }, call.request.mark)),
  }),
  route({
    ...answerRow('rollback', 'Take back what the rollout has changed: the active version comes back', 'deploy.rollback'),
    body: jsonBody(z.strictObject({}), { required: false }),
    handler: (call) => answered(call, (target, actor) => call.context.temporal.update(target, rollbackUpdate, { actor }, call.request.mark)),
  }),
  route({
    ...answerRow('skip', 'Count a step as done without doing it; says why'),
    body: jsonBody(z.strictObject({ step: stepName, note: z.string().trim().min(1).max(1000) })),
    handler: (call) => answered(call, (target, actor) => call.context.temporal.update(target, skipUpdate, { ...call.body, actor }, call.request.mark)),
  }),
  route({
    ...answerRow('abort', 'End the rollout; what is done stays'),
    body: jsonBody(z.strictObject({}), { required: false }),
    handler: (call) => answered(call, (target, actor) => call.context.temporal.update(target, abortUpdate, { actor }, call.request.mark), false),
  }),
];

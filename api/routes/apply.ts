/** Diff, apply and rollback: the three ways from a version to the hosts. */
import { z } from 'zod';
import { findDeploy, type DeployHead } from '../../control/deploys/index.js';
import { assertApplicable } from '../../control/documents/validate.js';
import { createPlan, getPlan, loadPlan, type PlanRequest } from '../../control/plans/index.js';
import { openRollout, type OpenRolloutRequest } from '../../control/rollouts/index.js';
import { MaestroError } from '../../spec/errors.js';
import { rolloutWorkflowId, type RolloutKind } from '../../spec/words.js';
import { workflowUrl, type ApiContext } from '../context.js';
import { versionOf } from '../documents/versions.js';
import { jsonBody } from '../http/body.js';
import { route, type Call } from '../route.js';
import { flag, idOf } from '../schemas/common.js';
import { plan, rolloutStarted } from '../schemas/rollouts.js';
import { checkVersion, refuseDemands, secretsUsed, type Checked, versionNumber } from './check-version.js';
import { expectedVersion } from './expected-version.js';
import { needRight } from './need-right.js';

type Plan = z.input<typeof plan>;
type Started = z.input<typeof rolloutStarted>;

const ofDeploy = z.strictObject({ id: idOf('dpl') });

export const planId = idOf('pln').optional().describe('Carry out exactly this plan, once, or refuse');

const applyBody = z.strictObject({
  version: versionNumber.optional().describe('Default: that of the plan, or the latest'),
  expected_version: versionNumber.optional().describe('Refuse unless this is the latest version'),
  prune: z.boolean().optional().describe('At the end, remove what this deploy made and the version does not have any more; needs component.remove'),
  remove_volumes: z.boolean().optional().describe('With prune: volumes, too; else they stay'),
  plan_id: planId,
});

function pruneOf({ prune, remove_volumes: volumes }: { prune?: boolean | undefined; remove_volumes?: boolean | undefined }): { volumes: boolean } | undefined {
  if (prune === true) return { volumes: volumes === true };
  if (volumes === true) throw new MaestroError('validation_error', 'Volumes are removed by a prune alone', { fix: 'Ask for prune too, or leave remove_volumes out.' });
  return undefined;
}

/** The version that a plan is of; `not_found` for a plan of another deploy. */
async function versionOfPlan({ db }: ApiContext, deployId: string, id: string): Promise<number> {
  const found = await loadPlan(db, id);
  if (found.deploy_id === deployId) return found.version;
  throw new MaestroError('not_found', `There is no plan "${id}" of this deploy.`, { fix: 'Check the id, or diff again.', details: { id } });
}

export const planOf = (id: string | undefined, { hashes }: Checked): Pick<OpenRolloutRequest, 'plan'> => (id === undefined ? {} : { plan: { planId: id, hashes } });

interface Opening extends Pick<OpenRolloutRequest, 'plan' | 'claims' | 'secrets' | 'prune' | 'only'> { deploy: DeployHead; version: number; kind: RolloutKind; expectedVersion: number | undefined }

/** The row first, in one transaction; a workflow that could not be started now is started by the sweeper. */
export async function openAndStart({ actor, context }: Pick<Call<never, never, never>, 'actor' | 'context'>, { deploy, ...opening }: Opening): Promise<Started> {
  const opened = await openRollout(context.db, actor, { deployId: deploy.deploy_id, ...opening });
  const input = { rollout_id: opened.rollout_id, deploy_id: deploy.deploy_id, ...(opening.prune === undefined ? {} : { prune: true }) };
  const started = await context.temporal.startRollout(input).catch((error: unknown) => {
    context.log.error({ err: error, rollout_id: opened.rollout_id }, 'workflow could not be started');
    return false;
  });
  if (!started) context.log.warn({ rollout_id: opened.rollout_id }, 'rollout stays pending until the sweeper starts it');
  const workflowId = rolloutWorkflowId(deploy.deploy_id);
  return { ...opened, workflow_id: workflowId, temporal_url: workflowUrl(context.settings, workflowId) };
}

export async function makePlan({ actor, context }: Pick<Call<never, never, never>, 'actor' | 'context'>, request: PlanRequest): Promise<Plan> {
  const { deployId, version, prune } = request;
  const id = await createPlan(context.db, actor, request);
  await context.temporal.runPlan({ plan_id: id, deploy_id: deployId, version, ...(prune === undefined ? {} : { prune: true }) });
  return getPlan(context.db, id);
}

export const applyRoutes = [
  route({
    method: 'post', path: '/api/deploys/{id}/diff', operationId: 'diffDeploy', tag: 'deploys', summary: 'Ask every host what a version would change; nothing is changed', right: 'deploy.write',
    audit: { action: 'plan.create', by: 'control' }, errors: ['timeout'],
    params: ofDeploy, body: jsonBody(z.strictObject({ version: versionNumber.optional(), prune: z.boolean().optional().describe('Also what a prune would remove'), remove_volumes: z.boolean().optional() }), { required: false }), response: plan,
    handler: async (call) => {
      const { context, params, body } = call;
      const version = await versionOf(context.db, await findDeploy(context.db, params.id), body.version);
      const validation = await context.renderer.version(params.id, version);
      assertApplicable(validation);
      await refuseDemands(context, params.id, version, validation);
      return makePlan(call, { deployId: params.id, version, secrets: secretsUsed(validation), prune: pruneOf(body) });
    },
  }),
  route({
    method: 'post', path: '/api/deploys/{id}/apply', operationId: 'applyDeploy', tag: 'deploys', summary: 'Bring a version to its hosts', right: 'deploy.apply',
    audit: { action: 'rollout.apply', by: 'control' }, idempotent: true, ifMatch: true, errors: ['conflict', 'plan_stale', 'plan_used', 'plan_expired', 'unsupported_feature'],
    params: ofDeploy, body: jsonBody(applyBody, { required: false }), status: 202, response: rolloutStarted,
    handler: async (call) => {
      const { context, params, body, request } = call;
      const prune = pruneOf(body);
      if (prune !== undefined) needRight(call.actor, 'component.remove');
      const deploy = await findDeploy(context.db, params.id);
      const version = await versionOf(context.db, deploy, body.version ?? (body.plan_id === undefined ? undefined : await versionOfPlan(context, params.id, body.plan_id)));
      const checked = await checkVersion(context, params.id, version);
      return openAndStart(call, { deploy, version, kind: 'apply', ...checked, ...planOf(body.plan_id, checked), prune, expectedVersion: expectedVersion(request.ifMatch, body.expected_version) });
    },
  }),
  route({
    method: 'post', path: '/api/deploys/{id}/rollback/{n}', operationId: 'rollbackDeploy', tag: 'deploys', summary: 'Bring back the content of version n as a new version; with dry_run, its plan', right: 'deploy.rollback',
    audit: { action: 'rollout.rollback', by: 'control' }, idempotent: true, ifMatch: true, errors: ['conflict', 'plan_stale', 'plan_used', 'plan_expired', 'unsupported_feature', 'timeout'],
    params: ofDeploy.extend({ n: z.coerce.number().int().min(1).max(1_000_000_000) }), query: z.strictObject({ dry_run: flag }),
    body: jsonBody(z.strictObject({ expected_version: versionNumber.optional(), plan_id: planId }), { required: false }),
    status: 202, alsoAnswers: { 200: 'The plan of a dry run' }, response: z.union([rolloutStarted, plan]),
    handler: async (call) => {
      const { context, params, query, body, request } = call;
      const deploy = await findDeploy(context.db, params.id);
      const version = await versionOf(context.db, deploy, params.n);
      const checked = await checkVersion(context, params.id, version);
      if (query.dry_run) {
        request.setStatus(200);
        return makePlan(call, { deployId: params.id, version, kind: 'rollback', secrets: checked.secrets });
      }
      return openAndStart(call, { deploy, version, kind: 'rollback', ...checked, ...planOf(body.plan_id, checked), expectedVersion: expectedVersion(request.ifMatch, body.expected_version) });
    },
  }),
];

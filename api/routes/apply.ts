/** Diff, apply and rollback: the three ways from a version to the hosts. */
import { z } from 'zod';
import { findDeploy, type DeployHead } from '../../control/deploys/index.js';
import { assertApplicable } from '../../control/documents/validate.js';
import { createPlan, getPlan } from '../../control/plans/index.js';
import { openRollout } from '../../control/rollouts/index.js';
import { MaestroError } from '../../spec/errors.js';
import { rolloutWorkflowId, type RolloutKind } from '../../spec/words.js';
import { workflowUrl } from '../context.js';
import { versionOf } from '../documents/versions.js';
import { jsonBody } from '../http/body.js';
import { route, type Call } from '../route.js';
import { flag, idOf } from '../schemas/common.js';
import { plan, rolloutStarted } from '../schemas/rollouts.js';
import { checkVersion, versionNumber, type Checked } from './check-version.js';
import { expectedVersion } from './expected-version.js';

type Plan = z.input<typeof plan>;
type Started = z.input<typeof rolloutStarted>;

const ofDeploy = z.strictObject({ id: idOf('dpl') });

const applyBody = z.strictObject({
  version: versionNumber.optional().describe('Default: the latest'),
  expected_version: versionNumber.optional().describe('Refuse unless this is the latest version'),
  prune: z.boolean().optional(),
  plan_id: z.string().optional(),
});

function refuseUnsupported({ prune, plan_id: planId }: z.infer<typeof applyBody>): void {
  if (prune === true) throw new MaestroError('unsupported_feature', 'Pruning is not supported yet', { fix: 'Apply without prune; remove what is left over on the hosts.' });
  if (planId !== undefined) throw new MaestroError('unsupported_feature', 'Applying a stored plan is not supported yet', { fix: 'Apply the version itself, without plan_id.' });
}

interface Opening extends Checked { deploy: DeployHead; version: number; kind: RolloutKind; expectedVersion: number | undefined }

/** The row first, in one transaction; a workflow that could not be started now is started by the sweeper. */
async function openAndStart({ actor, context }: Pick<Call<never, never, never>, 'actor' | 'context'>, { deploy, ...opening }: Opening): Promise<Started> {
  const opened = await openRollout(context.db, actor, { deployId: deploy.deploy_id, ...opening });
  const input = { rollout_id: opened.rollout_id, deploy_id: deploy.deploy_id };
  const started = await context.temporal.startRollout(input).catch((error: unknown) => {
    context.log.error({ err: error, rollout_id: opened.rollout_id }, 'workflow could not be started');
    return false;
  });
  if (!started) context.log.warn({ rollout_id: opened.rollout_id }, 'rollout stays pending until the sweeper starts it');
  const workflowId = rolloutWorkflowId(deploy.deploy_id);
  return { ...opened, workflow_id: workflowId, temporal_url: workflowUrl(context.settings, workflowId) };
}

async function makePlan({ actor, context }: Pick<Call<never, never, never>, 'actor' | 'context'>, deployId: string, version: number): Promise<Plan> {
  const planId = await createPlan(context.db, actor, { deployId, version });
  await context.temporal.runPlan({ plan_id: planId, deploy_id: deployId, version });
  return getPlan(context.db, planId);
}

export const applyRoutes = [
  route({
    method: 'post', path: '/api/deploys/{id}/diff', operationId: 'diffDeploy', tag: 'deploys', summary: 'Ask every host what a version would change; nothing is changed', right: 'deploy.write',
    audit: { action: 'plan.create', by: 'control' }, errors: ['timeout'],
    params: ofDeploy, body: jsonBody(z.strictObject({ version: versionNumber.optional() }), { required: false }), response: plan,
    handler: async (call) => {
      const { context, params, body } = call;
      const version = await versionOf(context.db, await findDeploy(context.db, params.id), body.version);
      assertApplicable(await context.renderer.version(params.id, version));
      return makePlan(call, params.id, version);
    },
  }),
  route({
    method: 'post', path: '/api/deploys/{id}/apply', operationId: 'applyDeploy', tag: 'deploys', summary: 'Bring a version to its hosts', right: 'deploy.apply',
    audit: { action: 'rollout.apply', by: 'control' }, idempotent: true, ifMatch: true, errors: ['conflict', 'unsupported_feature'],
    params: ofDeploy, body: jsonBody(applyBody, { required: false }), status: 202, response: rolloutStarted,
    handler: async (call) => {
      const { context, params, body, request } = call;
      refuseUnsupported(body);
      const deploy = await findDeploy(context.db, params.id);
      const version = await versionOf(context.db, deploy, body.version);
      const checked = await checkVersion(context, params.id, version);
      return openAndStart(call, { deploy, version, kind: 'apply', ...checked, expectedVersion: expectedVersion(request.ifMatch, body.expected_version) });
    },
  }),
  route({
    method: 'post', path: '/api/deploys/{id}/rollback/{n}', operationId: 'rollbackDeploy', tag: 'deploys', summary: 'Bring back the content of version n as a new version; with dry_run, its plan', right: 'deploy.rollback',
    audit: { action: 'rollout.rollback', by: 'control' }, idempotent: true, ifMatch: true, errors: ['conflict', 'unsupported_feature', 'timeout'],
    params: ofDeploy.extend({ n: z.coerce.number().int().min(1).max(1_000_000_000) }), query: z.strictObject({ dry_run: flag }),
    body: jsonBody(z.strictObject({ expected_version: versionNumber.optional() }), { required: false }),
    status: 202, alsoAnswers: { 200: 'The plan of a dry run' }, response: z.union([rolloutStarted, plan]),
    handler: async (call) => {
      const { context, params, query, body, request } = call;
      const deploy = await findDeploy(context.db, params.id);
      const version = await versionOf(context.db, deploy, params.n);
      const checked = await checkVersion(context, params.id, version);
      if (query.dry_run) {
        request.setStatus(200);
        return makePlan(call, params.id, version);
      }
      return openAndStart(call, { deploy, version, kind: 'rollback', ...checked, expectedVersion: expectedVersion(request.ifMatch, body.expected_version) });
    },
  }),
];

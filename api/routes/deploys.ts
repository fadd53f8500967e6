/** Deploys and their versions: submitting, reading, retiring. */
import { z } from 'zod';
import { createDeploy, getDeploy, getVersion, listDeploys, listVersions, submitVersion, tombstoneDeploy, type Submitted } from '../../control/deploys/index.js';
import { openTeardown } from '../../control/removals/index.js';
import { rolloutWorkflowId } from '../../spec/words.js';
import { teardownWorkflowType } from '../../workflows/shared-removals.js';
import { bundleBody } from '../bundle/bundle-body.js';
import { workflowUrl, type ApiContext } from '../context.js';
import { route, type Call } from '../route.js';
import { flag, idOf, named, pageOf, pageQuery } from '../schemas/common.js';
import { deployDetail, deployItem, versionCreated, versionDetail, versionItem } from '../schemas/deploys.js';
import { rolloutStarted } from '../schemas/rollouts.js';
import { needRight } from './need-right.js';
import { expectedVersion } from './expected-version.js';

const ofDeploy = z.strictObject({ id: idOf('dpl') });
const ofVersion = z.strictObject({ id: idOf('dpl'), n: z.coerce.number().int().min(1).max(1_000_000_000) });

/** Whoever submits a version asks next what it would change, or applies it: by then it is rendered. Its errors are theirs to hear. */
function renderAhead({ renderer, log }: ApiContext, submitted: Submitted): Submitted {
  renderer.version(submitted.deploy_id, submitted.version).catch((error: unknown) => log.debug({ err: error, ...submitted }, 'could not be rendered ahead'));
  return submitted;
}

/** Null: there is nothing to remove anywhere. A workflow that could not be started now is started by the sweeper. */
async function startTeardown({ actor, context }: Pick<Call<never, never, never>, 'actor' | 'context'>, deployId: string, volumes: boolean): Promise<z.input<typeof rolloutStarted> | null> {
  needRight(actor, 'component.remove');
  const opened = await openTeardown(context.db, actor, { deployId, volumes });
  if (opened === null) return null;
  const started = await context.temporal.startRollout({ rollout_id: opened.rollout_id, deploy_id: deployId }, teardownWorkflowType).catch(() => false);
  if (!started) context.log.warn({ rollout_id: opened.rollout_id }, 'teardown stays pending until the sweeper starts it');
  const workflowId = rolloutWorkflowId(deployId);
  return { ...opened, workflow_id: workflowId, temporal_url: workflowUrl(context.settings, workflowId) };
}

export const deployRoutes = [
  route({
    method: 'get', path: '/api/deploys', operationId: 'listDeploys', tag: 'deploys', summary: 'Deploys by name, with state and last rollout', right: 'deploy.read',
    narrowed: 'query', query: z.strictObject(pageQuery), response: named('DeployPage', pageOf(deployItem)),
    handler: ({ actor, context: { db }, query }) => listDeploys(db, query, actor.scope),
  }),
  route({
    method: 'post', path: '/api/deploys', operationId: 'createDeploy', tag: 'deploys', summary: 'Submit the first version of a new deploy', right: 'deploy.write',
    narrowed: 'query', audit: { action: 'deploy.create', by: 'control' }, idempotent: true, errors: ['conflict'],
    query: z.strictObject({ name: z.string().min(1).max(128).optional().describe('Defaults to `project`') }),
    body: bundleBody('create'), status: 201, response: versionCreated,
    handler: async ({ actor, context, query, body: { name, yaml, files } }) =>
      renderAhead(context, await createDeploy(context.db, actor, { name: name ?? query.name, yaml, files: files ?? [] })),
  }),
  route({
    method: 'get', path: '/api/deploys/{id}', operationId: 'getDeploy', tag: 'deploys', summary: 'A deploy with its versions and their rollouts', right: 'deploy.read',
    params: ofDeploy, response: deployDetail,
    handler: ({ context: { db }, params }) => getDeploy(db, params.id),
  }),
  route({
    method: 'delete', path: '/api/deploys/{id}', operationId: 'deleteDeploy', tag: 'deploys', summary: 'Retire a deploy; hosts are left alone, unless a teardown is asked for', right: 'deploy.write',
    audit: { action: 'deploy.delete', by: 'control' }, idempotent: true, errors: ['conflict'],
    params: ofDeploy, status: 204, alsoAnswers: { 202: 'The rollout that removes what the deploy owns from every host, and then the deploy' }, response: rolloutStarted.nullable(),
    query: z.strictObject({ teardown: flag.describe('First remove what it owns on its hosts; needs component.remove'), volumes: flag.describe('With teardown: volumes, too; else they stay') }),
    handler: async (call) => {
      const { actor, context, params, query, request } = call;
      // It takes a deploy out of sight of everything that looks after it.
      if (actor.limits?.plan_only === true) needRight(actor, 'component.remove');
      const started = query.teardown ? await startTeardown(call, params.id, query.volumes) : null;
      if (started === null) await tombstoneDeploy(context.db, actor, params.id);
      else request.setStatus(202);
      return started;
    },
  }),
  route({
    method: 'get', path: '/api/deploys/{id}/versions', operationId: 'listVersions', tag: 'deploys', summary: 'Versions, newest first', right: 'deploy.read',
    params: ofDeploy, query: z.strictObject(pageQuery), response: named('VersionPage', pageOf(versionItem)),
    handler: ({ context: { db }, params, query }) => listVersions(db, params.id, query),
  }),
  route({
    method: 'post', path: '/api/deploys/{id}/versions', operationId: 'submitVersion', tag: 'deploys', summary: 'Submit the next version; nothing is applied', right: 'deploy.write',
    audit: { action: 'deploy.submit', by: 'control' }, idempotent: true, ifMatch: true, errors: ['conflict'],
    params: ofDeploy, query: z.strictObject({ expected_version: z.coerce.number().int().positive().optional() }),
    body: bundleBody('version'), status: 201, response: versionCreated,
    handler: async ({ actor, context, params, query, request, body: { yaml, files, expectedVersion: expected } }) =>
      renderAhead(context, await submitVersion(context.db, actor, { deployId: params.id, yaml, files, expectedVersion: expectedVersion(request.ifMatch, expected, query.expected_version) })),
  }),
  route({
    method: 'get', path: '/api/deploys/{id}/versions/{n}', operationId: 'getVersion', tag: 'deploys', summary: 'A version: its YAML as written and its bundle', right: 'deploy.read',
    params: ofVersion, response: versionDetail,
    handler: ({ context: { db }, params }) => getVersion(db, params.id, params.n),
  }),
];

/** Taking one component back to what it was in another version; everything else of the active version stays. */
import { z } from 'zod';
import { findDeploy, type DeployHead, type OneComponent } from '../../control/deploys/index.js';
import { MaestroError } from '../../spec/errors.js';
import { stepId } from '../../spec/graph-types.js';
import type { ApiContext } from '../context.js';
import { versionOf } from '../documents/versions.js';
import { jsonBody } from '../http/body.js';
import { route } from '../route.js';
import { flag, idOf } from '../schemas/common.js';
import { plan, rolloutStarted } from '../schemas/rollouts.js';
import { makePlan, openAndStart, planId, planOf } from './apply.js';
import { checkVersion, versionNumber, type Checked } from './check-version.js';
import { expectedVersion } from './expected-version.js';

const name = z.string().min(1).max(63);

async function oneOf({ db }: ApiContext, deploy: DeployHead, { component, version }: { component: string; version: number }): Promise<OneComponent> {
  const from = await versionOf(db, deploy, version);
  if (deploy.active_version !== null) return { base: deploy.active_version, component, from };
  throw new MaestroError('conflict', `${deploy.name} has no active version: there is nothing for ${component} to come back into`, { fix: 'Apply a version first.' });
}

/** As far as the control plane knows. Throws conflict when placements of other components would be another thing, too: they draw on this one. */
async function checkOne(context: ApiContext, deployId: string, only: OneComponent): Promise<Checked> {
  const [checked, now] = await Promise.all([checkVersion(context, deployId, only), context.renderer.version(deployId, only.base)]);
  const before = new Map((now.rendered?.placements ?? []).map(({ host, component, hash }) => [stepId(host, component), hash]));
  const own = new Map([...checked.hashes].filter(([step]) => step.endsWith(`/${only.component}`)));
  const others = [...new Set([...checked.hashes].flatMap(([step, hash]) => (own.has(step) || before.get(step) === hash ? [] : [step.slice(step.indexOf('/') + 1)])))];
  if (others.length === 0) return { ...checked, hashes: own };
  throw new MaestroError('conflict', `${only.component} cannot be taken back alone: ${others.join(', ')} would change with it, since what ${others.length === 1 ? 'it is' : 'they are'} rendered from is part of ${only.component}`, {
    fix: 'Roll back the whole deploy, or submit a new version.', details: { component: only.component, changed: others },
  });
}

function refuseHost(component: string, host: string | undefined): void {
  if (host === undefined) return;
  throw new MaestroError('unsupported_feature', `A rollback of ${component} on ${host} alone cannot be expressed: a version is the same on all of its hosts`, { fix: 'Leave host out, or submit a version that places another component there.', details: { host } });
}

export const componentRollbackRoutes = [
  route({
    method: 'post', path: '/api/deploys/{id}/components/{cid}/rollback', operationId: 'rollbackComponent', tag: 'components', right: 'deploy.rollback',
    summary: 'Bring one component back to what it was in a version, as a new version that is the active one in all else; with dry_run, its plan',
    audit: { action: 'rollout.rollback', by: 'control' }, idempotent: true, ifMatch: true, errors: ['conflict', 'dependency_missing', 'plan_stale', 'plan_used', 'plan_expired', 'unsupported_feature', 'timeout'],
    params: z.strictObject({ id: idOf('dpl'), cid: name }), query: z.strictObject({ dry_run: flag, host: name.optional().describe('Refused: a version is the same on all of its hosts') }),
    body: jsonBody(z.strictObject({ version: versionNumber.describe('The version that it was in'), expected_version: versionNumber.optional().describe('Refuse unless this is the latest version'), plan_id: planId })),
    status: 202, alsoAnswers: { 200: 'The plan of a dry run' }, response: z.union([rolloutStarted, plan]),
    handler: async (call) => {
      const { context, params: { id, cid }, query, body, request } = call;
      refuseHost(cid, query.host);
      const deploy = await findDeploy(context.db, id);
      const only = await oneOf(context, deploy, { component: cid, version: body.version });
      const checked = await checkOne(context, id, only);
      if (query.dry_run) {
        request.setStatus(200);
        return makePlan(call, { deployId: id, version: only.base, only, kind: 'rollback', secrets: checked.secrets });
      }
      return openAndStart(call, { deploy, version: only.base, only, kind: 'rollback', ...checked, ...planOf(body.plan_id, checked), expectedVersion: expectedVersion(request.ifMatch, body.expected_version) });
    },
  }),
];

/** What makes a rollout exist: one transaction, before any workflow. */
import { documentHosts } from '../../spec/document/index.js';
import { MaestroError } from '../../spec/errors.js';
import type { RolloutKind } from '../../spec/words.js';
import type { Actor } from '../actor.js';
import { spendDeployHosts, spendHosts } from '../access/index.js';
import { appendAudit } from '../audit/index.js';
import { occupy, type DeployClaims } from '../claims/index.js';
import { isUniqueViolation, notFound, type Db, type Reader, type Tx } from '../database.js';
import { lockDeploy, type LockedDeploy } from '../deploys/lock.js';
import { entriesOfVersion, guardVersion, insertVersion, versionEvent } from '../deploys/submit.js';
import { storedDocument } from '../documents/stored-document.js';
import { appendEvents, type EventInput } from '../events/index.js';
import { effectOnce } from '../idempotency/index.js';
import { newId } from '../ids.js';
import { holdPlan, refuseStalePlan, type PlannedNow } from '../plans/index.js';
import { pinSecrets, type SecretPins } from '../secrets/pins.js';

export interface OpenRolloutRequest {
  deployId: string;
  /** `apply`: the version to apply. `rollback`: the version whose content comes back. */
  version: number;
  kind: RolloutKind;
  /** Recorded as the new version's parent in a rollback; default: `version`. */
  parent?: number;
  /** Refuse unless this is still the latest version. */
  expectedVersion?: number;
  /** What the version takes on its hosts; refused when another deploy has some of it. Absent: nobody is asked. */
  claims?: DeployClaims;
  /** The versions of the secrets that `version` was rendered with; from now on they are those it uses. */
  secrets?: SecretPins;
  /** At the end, remove what the deploy made and the version does not have any more; with `volumes`, those too. */
  prune?: { volumes: boolean } | undefined;
  /** The plan that is carried out, once and only if it still holds; `hashes` are those of `version` as it was rendered. */
  plan?: { planId: string } & Pick<PlannedNow, 'hashes'>;
}
/** `version` is what will run: for a rollback the new version that was made. */
export interface OpenedRollout { rollout_id: string; version: number }

/**
 * Opens a rollout in state `pending`, with its audit entry and event, or throws `conflict` with the id of the one that
 * is open, or with everything that other deploys have taken already; of a plan it throws why it cannot be carried out
 * (holdPlan, refuseStalePlan). A rollback makes a new version with the old one's YAML and files in the same transaction.
 */
export async function openRollout(db: Db, actor: Actor, request: OpenRolloutRequest): Promise<OpenedRollout> {
  try {
    return await effectOnce(db, (tx) => open(tx, actor, request));
  } catch (error) {
    if (isUniqueViolation(error)) await refuseOpenRollout(db, { id: request.deployId, name: request.deployId });
    throw error;
  }
}

async function open(tx: Tx, actor: Actor, { deployId, version: wanted, kind, parent = wanted, expectedVersion, claims, secrets = {}, prune, plan: asked }: OpenRolloutRequest): Promise<OpenedRollout> {
  const deploy = await lockDeploy(tx, deployId);
  // First: whoever repeats the apply of a plan is told that it went through, not that a rollout is in the way.
  const plan = asked === undefined ? null : await holdPlan(tx, asked.planId, { deployId, kind });
  guardVersion(deploy, expectedVersion);
  await refuseOpenRollout(tx, deploy);
  const source = await tx.version.findUnique({ where: { deploy_id_number: { deploy_id: deployId, number: wanted } }, select: { yaml: true } });
  if (!source) throw notFound('version', `${deployId}/v${wanted}`);
  await (prune === undefined ? spendHosts(tx, actor, () => hostsOf(source.yaml, `${deployId}/v${wanted}`)) : spendDeployHosts(tx, actor, deployId));
  if (plan !== null && asked !== undefined) await refuseStalePlan(tx, plan, { deployId, version: wanted, yaml: source.yaml, secrets, prune, hashes: asked.hashes });
  const events: EventInput[] = [];
  let version = wanted;
  if (kind === 'rollback') {
    version = deploy.latest_version + 1;
    await insertVersion(tx, { deploy_id: deployId, number: version, kind, parent, yaml: source.yaml }, await entriesOfVersion(tx, deployId, wanted), actor);
    events.push(versionEvent(deployId, version, kind, parent, actor));
  }
  const rollout = { id: newId('rollout'), deploy_id: deployId, version, kind };
  await tx.rollout.create({ data: { ...rollout, prune: prune !== undefined, prune_volumes: prune?.volumes ?? false, plan_id: plan?.id ?? null, started_by: actor.name, started_by_id: actor.id } });
  await tx.deploy.update({ where: { id: deployId }, data: { current_version: version, latest_version: Math.max(version, deploy.latest_version) } });
  await pinSecrets(tx, deployId, version, secrets);
  if (claims) await occupy(tx, { deployId, version, yaml: source.yaml, claims, scope: actor.scope });
  await appendAudit(tx, { actor, action: `rollout.${kind}`, target: rollout.id, result: 'ok', details: { deploy_id: deployId, version, ...(kind === 'rollback' ? { parent } : {}), ...(plan === null ? {} : { plan_id: plan.id, plan_digest: plan.digest }) } });
  events.push(rolloutEvent(rollout, 'pending', ''));
  await appendEvents(tx, events);
  return { rollout_id: rollout.id, version };
}

const hostsOf = (yaml: string, name: string): string[] => documentHosts(storedDocument(yaml, name));

export const rolloutEvent = (rollout: { id: string; deploy_id: string; version: number; kind: RolloutKind }, state: string, reason: string): EventInput =>
  ({ type: 'rollout.state', deploy_id: rollout.deploy_id, rollout_id: rollout.id, data: { state, reason, version: rollout.version, kind: rollout.kind } });

/** `conflict` that names the deploy's open rollout, when there is one. */
export async function refuseOpenRollout(db: Reader, deploy: Pick<LockedDeploy, 'id' | 'name'>): Promise<void> {
  const other = await db.rollout.findFirst({ where: { deploy_id: deploy.id, ended_at: null }, select: { id: true, state: true, version: true } });
  if (!other) return;
  throw new MaestroError('conflict', `${deploy.name} has a rollout of version ${other.version} that is ${other.state}: ${other.id}.`, {
    fix: 'Wait until it has ended, or answer it: retry, resume, skip or abort.',
    details: { deploy_id: deploy.id, rollout_id: other.id, state: other.state },
  });
}

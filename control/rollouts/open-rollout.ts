/** What makes a rollout exist: one transaction, before any workflow. */
import { documentHosts } from '../../spec/document/index.js';
import { MaestroError } from '../../spec/errors.js';
import type { RolloutKind } from '../../spec/words.js';
import type { Actor } from '../actor.js';
import { spendDeployHosts, spendHosts } from '../access/index.js';
import { appendAudit } from '../audit/index.js';
import { occupy, type DeployClaims } from '../claims/index.js';
import { isUniqueViolation, type Db, type Reader, type Tx } from '../database.js';
import { loadContent, type OneComponent } from '../deploys/content.js';
import { loadBundle, type LoadedBundle } from '../deploys/load-bundle.js';
import { lockDeploy, type LockedDeploy } from '../deploys/lock.js';
import { guardVersion, insertVersion, versionEvent } from '../deploys/submit.js';
import { storedDocument } from '../documents/stored-document.js';
import { appendEvents, type EventInput } from '../events/index.js';
import { effectOnce } from '../idempotency/index.js';
import { newId } from '../ids.js';
import { holdPlan, refuseStalePlan, type PlannedNow } from '../plans/index.js';
import { pinsOfContent, pinSecrets, type ContentPins, type SecretPins } from '../secrets/pins.js';

export interface OpenRolloutRequest {
  deployId: string;
  /** `apply`: the version to apply. `rollback`: the version whose content comes back. */
  version: number;
  kind: RolloutKind;
  /** Of a rollback: this component alone comes back, into `version`; placements of others are not touched. */
  only?: OneComponent | undefined;
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
  // What takes time to put together never changes, and is not made while the deploy is locked.
  const spliced = request.only === undefined ? null : await loadContent(db, request.deployId, request.only);
  try {
    return await effectOnce(db, (tx) => open(tx, actor, request, spliced));
  } catch (error) {
    if (isUniqueViolation(error)) await refuseOpenRollout(db, { id: request.deployId, name: request.deployId });
    throw error;
  }
}

async function open(tx: Tx, actor: Actor, { deployId, version: wanted, kind, only, expectedVersion, claims, secrets = {}, prune, plan: asked }: OpenRolloutRequest, spliced: LoadedBundle | null): Promise<OpenedRollout> {
  const deploy = await lockDeploy(tx, deployId);
  // First: whoever repeats the apply of a plan is told that it went through, not that a rollout is in the way.
  const plan = asked === undefined ? null : await holdPlan(tx, asked.planId, { deployId, kind });
  guardVersion(deploy, expectedVersion);
  await refuseOpenRollout(tx, deploy);
  if (only !== undefined) refuseOtherBase(deploy, only);
  const source = spliced ?? (await loadBundle(tx, deployId, wanted));
  await (prune === undefined ? spendHosts(tx, actor, () => hostsOf(source.yaml, `${deployId}/v${wanted}`)) : spendDeployHosts(tx, actor, deployId));
  if (plan !== null && asked !== undefined) await refuseStalePlan(tx, plan, { deployId, content: only ?? wanted, yaml: source.yaml, secrets, prune, hashes: asked.hashes });
  const events: EventInput[] = [];
  let version = wanted;
  const one = only === undefined ? {} : { component: only.component, component_from: only.from };
  if (kind === 'rollback') {
    version = deploy.latest_version + 1;
    await insertVersion(tx, { deploy_id: deployId, number: version, kind, parent: wanted, ...one, yaml: source.yaml }, source.files.map(({ path, sha256, mode }) => ({ path, sha256, mode })), actor);
    events.push(versionEvent(deployId, version, kind, wanted, actor));
  }
  const rollout = { id: newId('rollout'), deploy_id: deployId, version, kind };
  await tx.rollout.create({ data: { ...rollout, prune: prune !== undefined, prune_volumes: prune?.volumes ?? false, plan_id: plan?.id ?? null, started_by: actor.name, started_by_id: actor.id } });
  await tx.deploy.update({ where: { id: deployId }, data: { current_version: version, latest_version: Math.max(version, deploy.latest_version) } });
  await pinSecrets(tx, deployId, version, secrets, kind === 'rollback' ? ownSecrets(await pinsOfContent(tx, deployId, only ?? wanted), secrets) : {});
  if (claims) await occupy(tx, { deployId, version, yaml: source.yaml, claims, scope: actor.scope });
  await appendAudit(tx, { actor, action: `rollout.${kind}`, target: rollout.id, result: 'ok', details: { deploy_id: deployId, version, ...(kind === 'rollback' ? { parent: wanted, ...one } : {}), ...(plan === null ? {} : { plan_id: plan.id, plan_digest: plan.digest }) } });
  events.push(rolloutEvent(rollout, 'pending', ''));
  await appendEvents(tx, events);
  return { rollout_id: rollout.id, version };
}

const hostsOf = (yaml: string, name: string): string[] => documentHosts(storedDocument(yaml, name));

/** What has no version yet is used in the version that it is rendered with now. */
const ownSecrets = ({ own }: ContentPins, secrets: SecretPins): ContentPins['own'] =>
  Object.fromEntries(Object.entries(own).map(([component, wanted]) => [component, { ...secrets, ...wanted }]));

/** What it was made of and checked against is the active version; whoever rolls out another one meanwhile comes first. */
function refuseOtherBase({ name, active_version: active }: LockedDeploy, { base, component }: OneComponent): void {
  if (active === base) return;
  throw new MaestroError('conflict', `${name} has version ${active ?? 'none'} as its active one by now, not ${base}`, { fix: `Ask again to take ${component} back.`, details: { active_version: active } });
}

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

/** A plan before its hosts have answered. */
import type { RolloutKind } from '../../spec/words.js';
import type { Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, notFound, type Db } from '../database.js';
import { loadContent, type OneComponent } from '../deploys/content.js';
import { newId } from '../ids.js';
import { storableObject } from '../json.js';
import type { SecretPins } from '../secrets/pins.js';
import { orderDigest, type PlanBasis } from './basis.js';
import { dropOldDiffs } from './diffs.js';

export interface PlanRequest {
  deployId: string;
  version: number;
  /** A component that comes back into `version`, of which the plan then is. */
  only?: OneComponent | undefined;
  /** What it is to be applied as; default: `apply`. */
  kind?: RolloutKind;
  /** The versions of the secrets that `version` is rendered with now. */
  secrets?: SecretPins;
  /** What a prune would remove is asked for, too. */
  prune?: { volumes: boolean } | undefined;
}

/** An empty plan of an existing version; the hosts' answers come by recordPlan. */
export async function createPlan(db: Db, actor: Actor, { deployId, version, only, kind = 'apply', secrets = {}, prune }: PlanRequest): Promise<string> {
  const found = await db.version.findFirst({ where: { deploy_id: deployId, number: version, deploy: { deleted_at: null } }, select: { yaml: true } });
  if (!found) throw notFound('version', `${deployId}/v${version}`);
  const one = only === undefined ? {} : { component: only.component, component_from: only.from };
  const order = orderDigest(only === undefined ? found.yaml : (await loadContent(db, deployId, only)).yaml, `${deployId}/v${version}`);
  const id = newId('plan');
  await inTransaction(db, async (tx) => {
    const open = await tx.rollout.findFirst({ where: { deploy_id: deployId, ended_at: null }, select: { id: true } });
    const basis: PlanBasis = { secrets: { ...secrets }, order, rollouts: await tx.rollout.count({ where: { deploy_id: deployId } }), open_rollout: open?.id ?? null };
    await tx.plan.create({ data: { id, deploy_id: deployId, version, ...one, kind, basis: storableObject(basis), prune: prune !== undefined, prune_volumes: prune?.volumes ?? false, created_by: actor.name, created_by_id: actor.id } });
    await dropOldDiffs(tx, deployId);
    await appendAudit(tx, { actor, action: 'plan.create', target: id, result: 'ok', details: { deploy_id: deployId, version, ...one } });
  });
  return id;
}

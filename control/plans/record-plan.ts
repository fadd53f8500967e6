/** A plan is what every host answered to a diff, kept with its digest. */
import { canonicalJson, sha256Hex } from '../../spec/hash.js';
import type { PlacementPlan } from '../../spec/plan.js';
import type { Action } from '../../spec/words.js';
import type { Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, notFound, type Db } from '../database.js';
import { appendEvents } from '../events/index.js';
import { newId } from '../ids.js';
import { storable, storableObject, stored } from '../json.js';

/** `detail`: why it could not be asked; empty when it answered. */
export interface PlanHost { host: string; reachable: boolean; detail: string; components: PlacementPlan[] }
export type PlanSummary = Record<Action, number>;
export interface RecordedPlan { plan_id: string; digest: string; expires_at: string }

export const planLifetimeMs = 15 * 60 * 1000;

/** An empty plan of an existing version; the hosts' answers come by recordPlan. */
export async function createPlan(db: Db, actor: Actor, { deployId, version, prune }: { deployId: string; version: number; /** What a prune would remove is asked for, too. */ prune?: { volumes: boolean } | undefined }): Promise<string> {
  const found = await db.version.findFirst({ where: { deploy_id: deployId, number: version, deploy: { deleted_at: null } }, select: { id: true } });
  if (!found) throw notFound('version', `${deployId}/v${version}`);
  const id = newId('plan');
  await inTransaction(db, async (tx) => {
    await tx.plan.create({ data: { id, deploy_id: deployId, version, prune: prune !== undefined, prune_volumes: prune?.volumes ?? false, created_by: actor.name, created_by_id: actor.id } });
    await appendAudit(tx, { actor, action: 'plan.create', target: id, result: 'ok', details: { deploy_id: deployId, version } });
  });
  return id;
}

export const planSummary = (hosts: readonly PlanHost[]): PlanSummary => {
  const count = (action: Action): number => hosts.flatMap(({ components }) => components).filter((component) => component.action === action).length;
  return { create: count('create'), update: count('update'), restart: count('restart'), reload: count('reload'), unchanged: count('unchanged'), remove: count('remove'), conflict: count('conflict') };
};

/** Over the version and everything that was shown; the order in which hosts answered does not matter. */
export const planDigest = (deployId: string, version: number, hosts: readonly PlanHost[]): string =>
  sha256Hex(canonicalJson({ deploy_id: deployId, version, hosts: [...hosts].sort((a, b) => (a.host < b.host ? -1 : 1)) }));

/** The first record of a plan stands; repeating it, even with other answers, returns the first. Good for 15 minutes. */
export async function recordPlan(db: Db, planId: string, answer: { hosts: readonly PlanHost[] }): Promise<RecordedPlan> {
  const hosts = stored<PlanHost[]>(storable(answer.hosts)); // the digest is over what is kept
  return inTransaction(db, async (tx) => {
    await tx.$executeRaw`SELECT 1 FROM plans WHERE id = ${planId} FOR UPDATE`;
    const plan = await tx.plan.findUnique({ where: { id: planId } });
    if (!plan) throw notFound('plan', planId);
    if (plan.digest !== null && plan.expires_at) return { plan_id: planId, digest: plan.digest, expires_at: plan.expires_at.toISOString() };
    const digest = planDigest(plan.deploy_id, plan.version, hosts);
    const expires_at = new Date(Date.now() + planLifetimeMs);
    const summary = planSummary(hosts);
    await tx.plan.update({ where: { id: planId }, data: { digest, expires_at, summary: storableObject(summary), hosts: storable(hosts) ?? [] } });
    await appendEvents(tx, [{ type: 'plan.created', deploy_id: plan.deploy_id, data: { plan_id: planId, version: plan.version, digest, summary, expires_at } }]);
    return { plan_id: planId, digest, expires_at: expires_at.toISOString() };
  });
}

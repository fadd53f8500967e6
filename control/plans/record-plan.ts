/** A plan is what every host answered to a diff, kept with its digest. */
import { hostFingerprint } from '../../spec/fingerprint.js';
import type { PlacementBasis } from '../../spec/planned.js';
import { canonicalJson, sha256Hex } from '../../spec/hash.js';
import type { PlacementPlan } from '../../spec/plan.js';
import type { Action, RolloutKind } from '../../spec/words.js';
import { inTransaction, notFound, type Db, type Tx } from '../database.js';
import { appendEvents } from '../events/index.js';
import { storable, storableObject, stored } from '../json.js';
import { readBasis, type PlanBasis } from './basis.js';

/** `detail`: why it could not be asked; empty when it answered. `fingerprint`: of what it has seen of this deploy; null or absent: nothing. */
export interface PlanHost { host: string; reachable: boolean; detail: string; fingerprint?: string | null; components: PlacementPlan[] }
/** `basis`: what the host has decided on, by which it can tell later whether it still is so. */
export type HostAnswer = Omit<PlanHost, 'fingerprint'> & { basis?: PlacementBasis[] };
export type PlanSummary = Record<Action, number>;
export interface RecordedPlan { plan_id: string; digest: string; expires_at: string }

export const planLifetimeMs = 15 * 60 * 1000;

export const planSummary = (hosts: readonly Pick<PlanHost, 'components'>[]): PlanSummary => {
  const count = (action: Action): number => hosts.flatMap(({ components }) => components).filter((component) => component.action === action).length;
  return { create: count('create'), update: count('update'), restart: count('restart'), reload: count('reload'), unchanged: count('unchanged'), remove: count('remove'), conflict: count('conflict') };
};

interface Planned { deploy_id: string; version: number; component?: string | null; component_from?: number | null; kind: RolloutKind | null; basis: PlanBasis | null }

/**
 * Over the version, its order, the versions of its secrets, what each placement shall be (component_hash) and how it was
 * seen, and everything that was shown; the order in which hosts answered does not matter.
 */
export function planDigest({ deploy_id, version, component, component_from, kind, basis }: Planned, answers: readonly HostAnswer[]): string {
  const hosts = [...answers].sort((a, b) => (a.host < b.host ? -1 : 1));
  return sha256Hex(canonicalJson({ deploy_id, version, component: component ?? undefined, component_from: component_from ?? undefined, kind, secrets: basis?.secrets, order: basis?.order, hosts }));
}

/** The first record of a plan stands; repeating it, even with other answers, returns the first. Good for 15 minutes. */
export async function recordPlan(db: Db, planId: string, answer: { hosts: readonly HostAnswer[] }): Promise<RecordedPlan> {
  const answers = stored<HostAnswer[]>(storable(answer.hosts)); // the digest is over what is kept
  return inTransaction(db, async (tx) => {
    await tx.$executeRaw`SELECT 1 FROM plans WHERE id = ${planId} FOR UPDATE`;
    const plan = await tx.plan.findUnique({ where: { id: planId } });
    if (!plan) throw notFound('plan', planId);
    if (plan.digest !== null && plan.expires_at) return { plan_id: planId, digest: plan.digest, expires_at: plan.expires_at.toISOString() };
    const { deploy_id, version, component, component_from, kind } = plan;
    const digest = planDigest({ deploy_id, version, component, component_from, kind, basis: readBasis(plan.basis) }, answers);
    const expires_at = new Date(Date.now() + planLifetimeMs);
    const summary = planSummary(answers);
    await keepBases(tx, planId, answers);
    await tx.plan.update({ where: { id: planId }, data: { digest, expires_at, summary: storableObject(summary), hosts: storable(answers.map(shown)) ?? [] } });
    await appendEvents(tx, [{ type: 'plan.created', deploy_id, data: { plan_id: planId, version, digest, summary, expires_at } }]);
    return { plan_id: planId, digest, expires_at: expires_at.toISOString() };
  });
}

const shown = ({ basis, ...host }: HostAnswer): PlanHost => ({ ...host, fingerprint: basis === undefined || basis.length === 0 ? null : hostFingerprint(basis) });

/** In one statement; beside what hosts have sent of their files. */
async function keepBases(tx: Tx, planId: string, answers: readonly HostAnswer[]): Promise<void> {
  const rows = answers.flatMap(({ host, basis = [] }) => (basis.length === 0 ? [] : [{ host, basis: Object.fromEntries(basis.map(({ component, hash, fingerprint }) => [component, { hash, fingerprint }])) }]));
  await tx.$executeRaw`
    INSERT INTO plan_hosts (plan_id, host, basis) SELECT ${planId}, r.host, r.basis FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(host text, basis jsonb)
    ON CONFLICT (plan_id, host) DO UPDATE SET basis = excluded.basis`;
}

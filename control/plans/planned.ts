/** How a host saw its placements in the plan that a rollout carries out. */
import { z } from 'zod';
import type { Fingerprint } from '../../spec/planned.js';
import type { RolloutKind } from '../../spec/words.js';
import type { Reader } from '../database.js';

export const plannedPlacements = z.record(z.string(), z.object({ hash: z.string(), fingerprint: z.object({ digest: z.string(), parts: z.record(z.string(), z.string()) }) }));

/** Matches nothing that can be seen. */
export const unplanned: Fingerprint = { digest: '', parts: {} };

/**
 * By component; null: the rollout carries out no plan, or not any more, since a person gave it another version than the one
 * that was planned. A host that the plan does not know has an empty one.
 */
export async function plannedFingerprints(db: Reader, rolloutId: string, host: string): Promise<ReadonlyMap<string, Fingerprint> | null> {
  const rollout = await db.rollout.findUnique({ where: { id: rolloutId }, select: { plan_id: true, plan: { select: { version: true, component: true, component_from: true } }, content: { select: { number: true, kind: true, parent: true, component: true, component_from: true } } } });
  if (rollout?.plan_id == null) return null;
  if (rollout.plan === null || !isOf(rollout.content, rollout.plan)) return null;
  const row = await db.planHost.findUnique({ where: { plan_id_host: { plan_id: rollout.plan_id, host } }, select: { basis: true } });
  const planned = row?.basis == null ? {} : plannedPlacements.parse(row.basis);
  return new Map(Object.entries(planned).map(([component, { fingerprint }]) => [component, fingerprint]));
}

type One = { component: string | null; component_from: number | null };

/** The version is the one that was planned, or the one that the rollback of the plan has made. */
function isOf({ number, kind, parent, ...one }: One & { number: number; kind: RolloutKind; parent: number | null }, plan: One & { version: number }): boolean {
  if (number === plan.version && plan.component === null) return true;
  return kind === 'rollback' && parent === plan.version && one.component === plan.component && one.component_from === plan.component_from;
}

/** How a host saw its placements in the plan that a rollout carries out. */
import { z } from 'zod';
import type { Fingerprint } from '../../spec/planned.js';
import type { Reader } from '../database.js';

export const plannedPlacements = z.record(z.string(), z.object({ hash: z.string(), fingerprint: z.object({ digest: z.string(), parts: z.record(z.string(), z.string()) }) }));

/** Matches nothing that can be seen. */
export const unplanned: Fingerprint = { digest: '', parts: {} };

/**
 * By component; null: the rollout carries out no plan, or not any more, since a person gave it another version than the one
 * that was planned. A host that the plan does not know has an empty one.
 */
export async function plannedFingerprints(db: Reader, rolloutId: string, host: string): Promise<ReadonlyMap<string, Fingerprint> | null> {
  const rollout = await db.rollout.findUnique({ where: { id: rolloutId }, select: { plan_id: true, plan: { select: { version: true } }, content: { select: { number: true, kind: true, parent: true } } } });
  if (rollout?.plan_id == null) return null;
  const { number, kind, parent } = rollout.content;
  if (number !== rollout.plan?.version && !(kind === 'rollback' && parent === rollout.plan?.version)) return null;
  const row = await db.planHost.findUnique({ where: { plan_id_host: { plan_id: rollout.plan_id, host } }, select: { basis: true } });
  const planned = row?.basis == null ? {} : plannedPlacements.parse(row.basis);
  return new Map(Object.entries(planned).map(([component, { fingerprint }]) => [component, fingerprint]));
}

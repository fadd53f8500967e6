import type { Rollout } from '../../prisma/generated/client.js';
import { notFound, type Tx } from '../database.js';

/** The rollout, with its row locked until the transaction ends. */
export async function lockRollout(tx: Tx, rolloutId: string): Promise<Rollout> {
  await tx.$executeRaw`SELECT 1 FROM rollouts WHERE id = ${rolloutId} FOR NO KEY UPDATE`;
  const rollout = await tx.rollout.findUnique({ where: { id: rolloutId } });
  if (!rollout) throw notFound('rollout', rolloutId);
  return rollout;
}

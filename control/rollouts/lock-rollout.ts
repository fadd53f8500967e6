import type { Rollout } from '../../prisma/generated/client.js';
import { notFound, type Tx } from '../database.js';

/** The rollout, with its row locked until the transaction ends. */
export async function lockRollout(tx: Tx, rolloutId: string): Promise<Rollout> {
  const [rollout] = await tx.$queryRaw<Rollout[]>`SELECT * FROM rollouts WHERE id = ${rolloutId} FOR NO KEY UPDATE`;
  if (rollout === undefined) throw notFound('rollout', rolloutId);
  return rollout;
}

import { notFound, type Tx } from '../database.js';

export interface LockedDeploy { id: string; name: string; latest_version: number; active_version: number | null }

/** The living deploy, with its row locked until the transaction ends: what changes a deploy does so one at a time. */
export async function lockDeploy(tx: Tx, id: string): Promise<LockedDeploy> {
  const [deploy] = await tx.$queryRaw<LockedDeploy[]>`
    SELECT id, name, latest_version, active_version FROM deploys WHERE id = ${id} AND deleted_at IS NULL FOR NO KEY UPDATE`;
  if (!deploy) throw notFound('deploy', id);
  return deploy;
}

import type { Reader } from '../database.js';

/** The version whose content a version has: itself, or for a rollback (also for one of a rollback) the first one. */
export async function contentVersionOf(db: Reader, deployId: string, number: number): Promise<number> {
  const rollbacks = await db.version.findMany({ where: { deploy_id: deployId, number: { lte: number }, kind: 'rollback' }, select: { number: true, parent: true } });
  const parents = new Map(rollbacks.map((version) => [version.number, version.parent]));
  let content = number;
  // A parent is always older than its rollback.
  for (let parent = parents.get(content); parent != null && parent < content; parent = parents.get(content)) content = parent;
  return content;
}

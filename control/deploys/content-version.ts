import type { Reader } from '../database.js';
import { baseOf, type Content } from './content.js';

/** By component: the version that its content is of. */
export type ContentVersions = (component: string) => number;

/** The version whose content a version has: itself, or for a rollback (also for one of a rollback) the first one; of a component that was taken back alone, that of its own. */
export async function contentVersionsOf(db: Reader, deployId: string, content: Content): Promise<ContentVersions> {
  const newest = typeof content === 'number' ? content : Math.max(content.base, content.from);
  const rollbacks = await db.version.findMany({ where: { deploy_id: deployId, number: { lte: newest }, kind: 'rollback' }, select: { number: true, parent: true, component: true, component_from: true } });
  const rows = new Map(rollbacks.map((version) => [version.number, version]));
  return (component) => {
    const parentOf = (at: number): number | null => {
      const row = rows.get(at);
      return row?.component === component ? row.component_from : row?.parent ?? null;
    };
    let at = typeof content !== 'number' && content.component === component ? content.from : baseOf(content);
    // A parent is always older than its rollback.
    for (let parent = parentOf(at); parent !== null && parent < at; parent = parentOf(at)) at = parent;
    return at;
  };
}

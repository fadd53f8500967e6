/** One host with all that is deployed to it. */
import type { Actor } from '../actor.js';
import { amongDeploys, getHostTags } from '../access/index.js';
import { notFound, type Reader } from '../database.js';
import { getNode, type NodeView } from '../nodes/index.js';
import { placementState, type PlacementState } from './views.js';

export interface NodeComponent extends Omit<PlacementState, 'fields'> { deploy_id: string; deploy: string }
export interface NodeDetail extends NodeView { enrolled_at: string | null; generation: number; certificate_expires_at: string | null; tags: string[]; components: NodeComponent[] }

/** not_found for one that is revoked. Components are those of deploys that the actor may read. */
export async function getNodeDetail(db: Reader, actor: Pick<Actor, 'rights' | 'scope'>, id: string): Promise<NodeDetail> {
  const node = await getNode(db, id);
  const [row, { tags }, components] = await Promise.all([
    db.node.findUnique({ where: { id }, select: { enrolled_at: true, generation: true, certificate_expires_at: true, last_seen_at: true } }),
    getHostTags(db, id),
    actor.rights.includes('deploy.read') ? componentsOn(db, node, actor.scope) : [],
  ]);
  if (row === null) throw notFound('node', id);
  return { ...node, enrolled_at: row.enrolled_at?.toISOString() ?? null, generation: row.generation, certificate_expires_at: row.certificate_expires_at?.toISOString() ?? null, tags, components };
}

async function componentsOn(db: Reader, { name: host, last_seen_at }: NodeView, scope: Actor['scope']): Promise<NodeComponent[]> {
  const rows = await db.componentState.findMany({
    where: { host, deploy: { deleted_at: null, AND: amongDeploys(scope).map((deploy) => ({ id: deploy })) } },
    orderBy: [{ deploy: { name: 'asc' } }, { component: 'asc' }], include: { deploy: { select: { name: true } } },
  });
  const seen = last_seen_at === null ? null : new Date(last_seen_at);
  return rows.map(({ deploy, ...row }) => {
    const { fields: _, ...state } = placementState({ ...row, last_seen_at: seen }, Date.now());
    return { ...state, deploy_id: row.deploy_id, deploy: deploy.name };
  });
}

/** What the workflow and the reconcilers ask. */
import { documentGraph } from '../../spec/graph.js';
import type { RolloutGraph } from '../../spec/graph-types.js';
import { graphOfComponent } from '../../spec/component-graph.js';
import type { RolloutKind, RolloutState } from '../../spec/words.js';
import { notFound, type Reader } from '../database.js';
import { storedDocument } from '../documents/stored-document.js';
import { scopeOf } from './open-rollback.js';

/** `automatic`: it takes another rollout back, and is not taken back itself. */
export interface LoadedRollout { rollout_id: string; deploy_id: string; version: number; kind: RolloutKind; graph: RolloutGraph; automatic: boolean }
export interface OpenRollout { rollout_id: string; deploy_id: string; kind: RolloutKind; prune: boolean; state: RolloutState; updated_at: string }

/** The same answer every time: a version never changes. */
export async function loadRollout(db: Reader, rolloutId: string): Promise<LoadedRollout> {
  const rollout = await db.rollout.findUnique({ where: { id: rolloutId }, select: graphFields });
  if (!rollout) throw notFound('rollout', rolloutId);
  const { deploy_id, version, kind, taken_back } = rollout;
  return { rollout_id: rolloutId, deploy_id, version, kind, graph: await graphOfRollout(db, rollout), automatic: taken_back !== null };
}

/** What `graphOfRollout` needs to know. */
export const graphFields = { deploy_id: true, version: true, kind: true, content: { select: { yaml: true, component: true } }, taken_back: { select: { id: true, version: true } } } as const;
interface GraphSource { deploy_id: string; version: number; kind: RolloutKind; content: { yaml: string; component: string | null }; taken_back: { id: string; version: number } | null }

/** Of the document; or, for one that takes another rollout back, of what that one changed; or, for one that takes a component back, of that. */
export async function graphOfRollout(db: Reader, { deploy_id, version, kind, content, taken_back }: GraphSource): Promise<RolloutGraph> {
  if (taken_back !== null) return (await scopeOf(db, { deployId: deploy_id, target: version, failed: taken_back })).graph;
  const graph = documentGraph(storedDocument(content.yaml, `${deploy_id}/v${version}`));
  return kind === 'rollback' && content.component !== null ? graphOfComponent(graph, content.component) : graph;
}

/** Rollouts still `pending` this long after they were opened: the start of their workflow may have been lost. Oldest first. */
export async function pendingRollouts(db: Reader, olderThanMs: number, limit = 100): Promise<OpenRollout[]> {
  const before = new Date(Date.now() - olderThanMs);
  const rows = await db.rollout.findMany({ where: { state: 'pending', created_at: { lte: before } }, orderBy: { created_at: 'asc' }, take: limit });
  return rows.map(openView);
}

/** Every rollout that a live workflow should stand behind. Oldest first. */
export async function openRollouts(db: Reader): Promise<OpenRollout[]> {
  const rows = await db.rollout.findMany({ where: { ended_at: null }, orderBy: { created_at: 'asc' } });
  return rows.map(openView);
}

const openView = ({ id, deploy_id, kind, prune, state, updated_at }: { id: string; deploy_id: string; kind: RolloutKind; prune: boolean; state: RolloutState; updated_at: Date }): OpenRollout =>
  ({ rollout_id: id, deploy_id, kind, prune, state, updated_at: updated_at.toISOString() });

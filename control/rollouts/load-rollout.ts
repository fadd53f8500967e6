/** What the workflow and the reconcilers ask. */
import { documentGraph } from '../../spec/graph.js';
import type { RolloutGraph } from '../../spec/graph-types.js';
import type { RolloutKind, RolloutState } from '../../spec/words.js';
import { notFound, type Reader } from '../database.js';
import { storedDocument } from '../documents/stored-document.js';

/** `prune`: at the end, what the version does not have any more is removed. */
export interface LoadedRollout { rollout_id: string; deploy_id: string; version: number; kind: RolloutKind; prune?: boolean; graph: RolloutGraph }
export interface OpenRollout { rollout_id: string; deploy_id: string; kind: RolloutKind; state: RolloutState; updated_at: string }

/** The same answer every time: a version never changes. */
export async function loadRollout(db: Reader, rolloutId: string): Promise<LoadedRollout> {
  const rollout = await db.rollout.findUnique({ where: { id: rolloutId }, select: { deploy_id: true, version: true, kind: true, prune: true, content: { select: { yaml: true } } } });
  if (!rollout) throw notFound('rollout', rolloutId);
  const { deploy_id, version, kind, prune, content } = rollout;
  return { rollout_id: rolloutId, deploy_id, version, kind, prune, graph: documentGraph(storedDocument(content.yaml, `${deploy_id}/v${version}`)) };
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

const openView = ({ id, deploy_id, kind, state, updated_at }: { id: string; deploy_id: string; kind: RolloutKind; state: RolloutState; updated_at: Date }): OpenRollout =>
  ({ rollout_id: id, deploy_id, kind, state, updated_at: updated_at.toISOString() });

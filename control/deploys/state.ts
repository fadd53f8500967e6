import { placementsNotWell } from '../../spec/not-well.js';
import type { RolloutState } from '../../spec/words.js';
import type { ObservedSummary } from '../observed/index.js';

export type DeployState = 'never_applied' | 'in_sync' | 'drifted' | 'rolling_out' | 'paused' | 'failed';

/**
 * What the last rollout left behind, as far as it is still so. An aborted rollout counts as failed: hosts may hold a part
 * of it. A rolled back one put the active version back, so there must be one to be in sync with.
 */
export function deployState(lastRollout: RolloutState | null, activeVersion: number | null, seen: ObservedSummary = { drift: { placements: 0, kinds: [] }, observed: {} }): DeployState {
  const asApplied = placementsNotWell(seen) === 0 ? 'in_sync' : 'drifted';
  switch (lastRollout) {
    case null: return 'never_applied';
    case 'pending':
    case 'running': return 'rolling_out';
    case 'paused':
    case 'awaiting_approval': return 'paused';
    case 'succeeded': return asApplied;
    case 'rolled_back': return activeVersion === null ? 'failed' : asApplied;
    case 'failed':
    case 'aborted': return 'failed';
  }
}

import type { RolloutState } from '../../spec/words.js';

export type DeployState = 'never_applied' | 'in_sync' | 'rolling_out' | 'paused' | 'failed';

/**
 * What the last rollout left behind. An aborted rollout counts as failed: hosts may hold a part of it. A rolled back
 * one put the active version back, so there must be one to be in sync with.
 */
export function deployState(lastRollout: RolloutState | null, activeVersion: number | null): DeployState {
  switch (lastRollout) {
    case null: return 'never_applied';
    case 'pending':
    case 'running': return 'rolling_out';
    case 'paused':
    case 'awaiting_approval': return 'paused';
    case 'succeeded': return 'in_sync';
    case 'rolled_back': return activeVersion === null ? 'failed' : 'in_sync';
    case 'failed':
    case 'aborted': return 'failed';
  }
}

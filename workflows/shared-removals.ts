/** What crosses the wire for removing what a deploy has left on a host; see shared.ts. */
import type { PlacementPlan } from '../spec/plan.js';
import type { HostWork } from './shared.js';

export const teardownWorkflowType = 'teardown';

/** What was done for one component; `kept`: what is not as this deploy made it any more, or is in use, and why it stays. */
export interface RemovedPlacement { component: string; whole: boolean; removed: string[]; kept: string[] }
export interface PruneResult { placements: RemovedPlacement[] }

/** The host asks what stays at the moment of use, and decides by its own marks. */
export interface RemovalActivities {
  prune(work: HostWork): Promise<PruneResult>;
  previewPrune(work: HostWork): Promise<{ placements: PlacementPlan[] }>;
}

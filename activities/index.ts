/**
 * Control-plane activities: what a workflow needs of the database. Each is small, idempotent, and safe to repeat;
 * the workflows run them as local activities, since they cost a few milliseconds.
 */
import type { PrismaClient } from '../prisma/client.js';
import type { RolloutGraph } from '../spec/graph-types.js';
import type { PlacementPlan } from '../spec/plan.js';
import type { Action, RolloutKind, RolloutState, StepState } from '../spec/words.js';
import type { PhaseTiming, StepFailure } from '../workflows/shared.js';
import { loadRollout, recordRolloutState, recordSteps, startRollout } from '../control/rollouts/index.js';
import { loadPlan, recordPlan } from '../control/plans/index.js';

export interface StepRecord {
  step: string;
  state: StepState;
  attempt: number;
  reason?: string;
  blocked_by?: string[];
  action?: Action;
  plan?: PlacementPlan;
  failure?: StepFailure;
  phases?: PhaseTiming[];
  operations?: string[];
}
export interface RolloutOutline { rollout_id: string; deploy_id: string; version: number; kind: RolloutKind; graph: RolloutGraph }
export interface PlannedHost { host: string; reachable: boolean; detail: string; components: PlacementPlan[] }

export function createControlActivities({ db }: { db: PrismaClient }) {
  return {
    /** Marks the rollout as running and answers its graph: ids and reasons only. */
    async beginRollout(rolloutId: string): Promise<RolloutOutline> {
      await startRollout(db, rolloutId);
      return loadRollout(db, rolloutId);
    },
    /** Step rows and their events in one transaction; a state of the rollout that goes with them comes after them. */
    async record(rolloutId: string, steps: StepRecord[], rollout?: { state: RolloutState; reason: string }): Promise<void> {
      if (steps.length > 0) await recordSteps(db, rolloutId, steps);
      if (rollout !== undefined) await recordRolloutState(db, rolloutId, rollout);
    },
    /** The hosts a plan asks. */
    async planHosts(planId: string): Promise<string[]> {
      return (await loadPlan(db, planId)).hosts;
    },
    async recordPlan(planId: string, hosts: PlannedHost[]): Promise<void> {
      await recordPlan(db, planId, { hosts });
    },
  };
}
export type ControlActivities = ReturnType<typeof createControlActivities>;

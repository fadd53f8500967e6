/**
 * Control-plane activities: what a workflow needs of the database. Each is small, idempotent, and safe to repeat;
 * the workflows run them as local activities, since they cost a few milliseconds.
 */
import { loadContent } from '../control/deploys/content.js';
import { storedDocument } from '../control/documents/stored-document.js';
import { loadPlan, recordPlan, type HostAnswer } from '../control/plans/index.js';
import { loadRollout, openRollback, recordRolloutState, recordSteps, retargetRollout, startLoaded, type LoadedRollout, type OpenedRollback, type RollbackCause, type StepRecord } from '../control/rollouts/index.js';
import type { PrismaClient } from '../prisma/client.js';
import { documentHosts, placements } from '../spec/document/index.js';
import type { RolloutGraph } from '../spec/graph-types.js';
import { packGraph, type PackedGraph } from '../spec/packed-graph.js';
import type { RolloutState } from '../spec/words.js';

export type { OpenedRollback, HostAnswer, RollbackCause, StepRecord };
/** The graph travels packed: it may have hundreds of thousands of edges. */
export interface BegunRollout extends Omit<LoadedRollout, 'graph'> { state: RolloutState; graph: PackedGraph | RolloutGraph }

export type RetargetedRollout = { version: number; graph: PackedGraph | RolloutGraph } | { refused: string };

export function createControlActivities({ db }: { db: PrismaClient }) {
  return {
    /** Marks a pending rollout as running and answers its graph, ids and reasons only, and the state it is in now. */
    async beginRollout(rolloutId: string): Promise<BegunRollout> {
      const loaded = await loadRollout(db, rolloutId);
      const { state } = await startLoaded(db, loaded);
      return { ...loaded, graph: packGraph(loaded.graph), state };
    },
    /** Step rows and their events in one transaction; a state of the rollout that goes with them comes after them. */
    async record(rolloutId: string, steps: StepRecord[], rollout?: { state: RolloutState; reason: string }): Promise<void> {
      if (steps.length > 0) await recordSteps(db, rolloutId, steps);
      if (rollout !== undefined) await recordRolloutState(db, rolloutId, rollout);
    },
    /** Ends a rollout as failed and opens the one that takes it back, in one transaction; repeating it answers the same. */
    openRollback: (rolloutId: string, cause: RollbackCause): Promise<OpenedRollback> => openRollback(db, rolloutId, cause),
    /** From now on the rollout is of another version. */
    async retargetRollout(rolloutId: string, version: number, actor: string): Promise<RetargetedRollout> {
      const answer = await retargetRollout(db, rolloutId, version, actor);
      return 'refused' in answer ? answer : { ...answer, graph: packGraph(answer.graph) };
    },
    /** The hosts a plan asks. */
    async planHosts(planId: string): Promise<string[]> {
      const { deploy_id: deployId, version, content } = await loadPlan(db, planId);
      const document = storedDocument((await loadContent(db, deployId, content)).yaml, `${deployId}/v${version}`);
      if (typeof content === 'number') return documentHosts(document);
      return placements(document).filter(({ component }) => component === content.component).map(({ host }) => host);
    },
    async recordPlan(planId: string, hosts: HostAnswer[]): Promise<void> {
      await recordPlan(db, planId, { hosts });
    },
  };
}
export type ControlActivities = ReturnType<typeof createControlActivities>;

/** Activities of removing: what goes where, and what came of it. Small and safe to repeat, like the others. */
import { loadPlan } from '../control/plans/index.js';
import { beginRemovals, hostsOf, recordRemovals, recordRemoving, startTeardown, type BegunRemovals, type RemovalOutcome } from '../control/removals/index.js';
import type { PrismaClient } from '../prisma/client.js';

export type { BegunRemovals };

export function createRemovalActivities({ db }: { db: PrismaClient }) {
  return {
    /** Every host that the plan's deploy may have left something on. */
    async pruneHosts(planId: string): Promise<string[]> {
      return hostsOf(db, (await loadPlan(db, planId)).deploy_id);
    },
    /** A step for every placement that goes, and all hosts that may have something of the deploy. */
    async beginRemovals(rolloutId: string): Promise<BegunRemovals> {
      return beginRemovals(db, rolloutId);
    },
    async beginTeardown(rolloutId: string): Promise<BegunRemovals & { state: string }> {
      const { state } = await startTeardown(db, rolloutId);
      return { state, ...(await beginRemovals(db, rolloutId)) };
    },
    async recordRemoving(rolloutId: string, host: string, components: string[]): Promise<void> {
      await recordRemoving(db, rolloutId, host, components);
    },
    async recordRemovals(rolloutId: string, host: string, outcome: RemovalOutcome): Promise<void> {
      await recordRemovals(db, rolloutId, host, outcome);
    },
  };
}
export type RemovalRecordActivities = ReturnType<typeof createRemovalActivities>;

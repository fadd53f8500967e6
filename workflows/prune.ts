/**
 * The last thing a rollout does when it was asked for: every host removes what this deploy made there and the version
 * does not have any more. What cannot be removed now stays and is told; it holds nothing up.
 */
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { BegunRemovals, RemovalRecordActivities } from '../activities/removals.js';
import { hostQueue } from '../spec/words.js';
import { toStepFailure } from './failures.js';
import type { HostWork } from './shared.js';
import type { RemovalActivities } from './shared-removals.js';

/** As the other writes to the database: retried until it is back. */
export const removalRecords = proxyLocalActivities<RemovalRecordActivities>({
  startToCloseTimeout: '20s', localRetryThreshold: '30s', retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

/** A host that does not answer keeps what it has: another prune, or a teardown, comes by. */
const pruning = (host: string): RemovalActivities => proxyActivities<RemovalActivities>({
  taskQueue: hostQueue(host), startToCloseTimeout: '30m', scheduleToStartTimeout: '20s', heartbeatTimeout: '12s', scheduleToCloseTimeout: '1h',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '5s', maximumAttempts: 100 }, cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** What of the rollout's deploy is not in its version any more goes. Answers why something of it stayed; empty when nothing did. */
export async function pruneRollout(work: Omit<HostWork, 'host'>): Promise<string> {
  return removeOn(work, await removalRecords.beginRemovals(work.run_id));
}

const namedMax = 3;

export async function removeOn(work: Omit<HostWork, 'host'>, { hosts, steps }: BegunRemovals): Promise<string> {
  const troubles = (await Promise.all(hosts.map((host) => removeOnHost({ ...work, host }, steps[host] ?? [])))).filter((trouble) => trouble !== null);
  return troubles.length === 0 ? '' : `not everything could be removed: ${troubles.slice(0, namedMax).join('; ')}${troubles.length > namedMax ? ` and on ${troubles.length - namedMax} more hosts` : ''}`;
}

async function removeOnHost(work: HostWork, components: string[]): Promise<string | null> {
  const { run_id: rolloutId, host } = work;
  await removalRecords.recordRemoving(rolloutId, host, components);
  try {
    const { placements } = await pruning(host).prune(work);
    await removalRecords.recordRemovals(rolloutId, host, { components, placements, failure: null });
    return null;
  } catch (error) {
    const failure = toStepFailure(error, host);
    await removalRecords.recordRemovals(rolloutId, host, { components, placements: [], failure });
    return `${host}: ${failure.message}`;
  }
}

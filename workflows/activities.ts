/** The activities workflows call, with their limits. Every wait has an end; after it, a person is asked. */
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../activities/index.js';
import { hostQueue } from '../spec/words.js';
import type { HostActivities } from './shared.js';

/** Database writes: retried until the database is back, since a rollout must outlive it. */
export const control = proxyLocalActivities<ControlActivities>({
  startToCloseTimeout: '20s',
  localRetryThreshold: '30s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

const retry = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '5s' };

/** Reading a host: waits for an offline host up to its deadline. */
export const observing = (host: string, deadlineMs: number): Pick<HostActivities, 'observe'> =>
  proxyActivities<HostActivities>({
    taskQueue: hostQueue(host), startToCloseTimeout: '60s', heartbeatTimeout: '12s', scheduleToCloseTimeout: deadlineMs, retry,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

/** Asking a host for a plan: an answer that takes long is worth nothing. */
export const glancing = (host: string): Pick<HostActivities, 'observe'> =>
  proxyActivities<HostActivities>({ taskQueue: hostQueue(host), startToCloseTimeout: '30s', scheduleToCloseTimeout: '35s', scheduleToStartTimeout: '5s', retry: { ...retry, maximumAttempts: 3 } });

/**
 * Changing a host. A lost worker is noticed by its heartbeat and the activity is given again, to the same queue:
 * the host finds its own marks. A failure of the deploy itself is not retried: it needs a decision.
 */
export const changing = (host: string): Pick<HostActivities, 'prepare' | 'activate' | 'operate'> =>
  proxyActivities<HostActivities>({
    taskQueue: hostQueue(host), startToCloseTimeout: '30m', heartbeatTimeout: '12s', scheduleToCloseTimeout: '2h', retry,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

/** Clearing up behind an attempt that was stopped while its host did not answer: whoever stopped it does not wait for long. */
export const settling = (host: string): Pick<HostActivities, 'activate'> =>
  proxyActivities<HostActivities>({ taskQueue: hostQueue(host), startToCloseTimeout: '10m', heartbeatTimeout: '12s', scheduleToStartTimeout: '30s', scheduleToCloseTimeout: '10m', retry });

/** Watching a host for a while; the watch begins anew when the host worker is lost meanwhile. */
export const watching = (host: string, durationMs: number): Pick<HostActivities, 'verify'> =>
  proxyActivities<HostActivities>({
    taskQueue: hostQueue(host), startToCloseTimeout: durationMs + 60_000, heartbeatTimeout: '12s', scheduleToCloseTimeout: 2 * durationMs + 3_600_000, retry,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

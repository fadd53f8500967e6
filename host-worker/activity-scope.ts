/** What an activity knows of its surroundings; Temporal's context, or a test's. */
import { Context } from '@temporalio/activity';
import type { ActivityCancellationDetails } from '@temporalio/common';

export interface ActivityScope {
  /** Aborted when the activity is cancelled, timed out, or its worker goes down; `reason` is a CancelledFailure. */
  signal: AbortSignal;
  heartbeat(): void;
  /** Aborted because this worker goes down, or was not heard of in time: the attempt is to be gone on with, not undone. */
  leaving(): boolean;
}

export function temporalScope(): ActivityScope {
  const context = Context.current();
  return {
    signal: context.cancellationSignal,
    heartbeat: () => context.heartbeat(),
    leaving: () => context.cancellationSignal.aborted && isLeft(context.cancellationDetails),
  };
}

export const heartbeatMs = 2_000;

/** Heartbeats bring cancellations, and tell the control plane that this host is alive. */
export async function withHeartbeat<T>(scope: ActivityScope, work: () => Promise<T>): Promise<T> {
  scope.heartbeat();
  // Not a reason for the process to stay.
  const timer = setInterval(() => scope.heartbeat(), heartbeatMs).unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Nobody asked for the end of it: it was given to somebody else, or will be. */
const isLeft = (details: ActivityCancellationDetails | undefined): boolean =>
  details !== undefined && !details.cancelRequested && (details.workerShutdown || details.timedOut || details.notFound);

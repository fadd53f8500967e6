/** What an activity knows of its surroundings; Temporal's context, or a test's. */
import { Context } from '@temporalio/activity';

export interface ActivityScope {
  /** Aborted when the activity is cancelled, timed out, or its worker goes down; `reason` is a CancelledFailure. */
  signal: AbortSignal;
  heartbeat(): void;
  /** Aborted because this worker goes down: the attempt is to be gone on with later, not undone. */
  leaving(): boolean;
}

export function temporalScope(): ActivityScope {
  const context = Context.current();
  return {
    signal: context.cancellationSignal,
    heartbeat: () => context.heartbeat(),
    leaving: () => context.cancellationSignal.aborted && context.cancellationDetails?.workerShutdown === true,
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

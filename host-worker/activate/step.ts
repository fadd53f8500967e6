/** One execution of one attempt: what the operations need to act, to tell, and to stop in time. */
import { CancelledFailure } from '@temporalio/common';
import type { StepReporter } from '../control-plane/step-reporter.js';
import type { Fault } from '../faults.js';
import type { AttemptKey, Journal } from '../journal/journal.js';

export interface Step {
  readonly key: AttemptKey;
  readonly signal: AbortSignal;
  readonly report: StepReporter;
  /**
   * Around everything that changes the host. Stops before it when the attempt was cancelled or overtaken;
   * `point` names it for the crash tests, which stop before and after.
   */
  effect<T>(point: string, work: () => Promise<T>): Promise<T>;
}

export function forwardStep(key: AttemptKey, signal: AbortSignal, report: StepReporter, journal: Journal, fault: Fault): Step {
  return {
    key, signal, report,
    async effect(point, work) {
      throwIfCancelled(signal);
      await journal.checkFence(key);
      return between(fault, point, work);
    },
  };
}

/** Putting back is not to be stopped half-way, whatever happened since: a newer attempt waits for it. */
export function undoStep(key: AttemptKey, report: StepReporter, fault: Fault): Step {
  return { key, signal: new AbortController().signal, report, effect: (point, work) => between(fault, point, work) };
}

async function between<T>(fault: Fault, point: string, work: () => Promise<T>): Promise<T> {
  await fault(`before:${point}`);
  const result = await work();
  await fault(`after:${point}`);
  return result;
}

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : new CancelledFailure('cancelled');
}

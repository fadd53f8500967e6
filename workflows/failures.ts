/** One way from Temporal's nested failures to the failure of a step. */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { isErrorCode } from '../spec/errors.js';
import { cancelledByHost } from '../spec/words.js';
import type { StepFailure } from './shared.js';

const failure = (code: StepFailure['code'], message: string, fix: string): StepFailure =>
  ({ code, message, fix, phase: null, put_back: false, output_tail: '', phases: [] });

/** Whether the host itself has stopped it, and put things back. */
export function saidByHost(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof CancelledFailure && cause.details?.[0] === cancelledByHost;
}

export function toStepFailure(error: unknown, host: string): StepFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) {
    return failure('timeout', `${host} did not answer in time (${(cause.timeoutType ?? 'timeout').toLowerCase().replaceAll('_', ' ')})`, 'See that the host and its worker run, then retry.');
  }
  if (!(cause instanceof ApplicationFailure)) return failure('internal', cause instanceof Error ? cause.message : 'unknown failure', 'Retry; if it fails again, look at the worker log of the host.');
  const detail: unknown = cause.details?.[0];
  return isStepFailure(detail) ? detail : failure(isErrorCode(cause.type) ? cause.type : 'internal', cause.message, 'Correct the cause, then retry.');
}

const isStepFailure = (value: unknown): value is StepFailure =>
  typeof value === 'object' && value !== null && 'code' in value && isErrorCode(value.code) && 'message' in value && 'phases' in value;

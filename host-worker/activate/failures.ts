/** How an activity ends that did not end well, in the terms of the workflow. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MaestroError } from '../../spec/errors.js';
import type { StepReporter } from '../control-plane/step-reporter.js';
import { LeftForRepeat, messageOf, Overtaken, PassingTrouble } from '../trouble.js';
import type { StepFailure } from '../../workflows/shared.js';

const tailBytes = 2048;

/** A failure that is already described, and final. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  constructor(readonly failure: StepFailure) {
    super(failure.message);
  }
}

export function describeFailure(error: unknown, report: StepReporter, outputTail: string): StepFailure {
  const known = error instanceof MaestroError;
  return {
    code: known ? error.code : 'internal', message: report.withoutSecrets(known ? error.message : `something went wrong inside the host worker: ${messageOf(error)}`),
    fix: known && error.fix !== '' ? error.fix : 'Read the log of the host worker and retry.',
    phase: report.current, put_back: false, output_tail: lastBytes(report.withoutSecrets(outputTail)), phases: report.phases, ...report.testsTold,
  };
}

/** What a program said last that ended badly. */
export function outputTailOf(error: unknown): string {
  const tail = error instanceof MaestroError ? error.details['output_tail'] : undefined;
  return typeof tail === 'string' ? tail : '';
}

/** The end of a text, whole characters, preferably from a line's start. */
export function lastBytes(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= tailBytes) return text;
  const tail = bytes.subarray(bytes.length - tailBytes).toString('utf8').replace(/^\uFFFD+/, '');
  const line = tail.indexOf('\n');
  return line === -1 || line === tail.length - 1 ? tail : tail.slice(line + 1);
}

/** What goes to Temporal: final failures are not retried by it, passing trouble and a leaving worker are. */
export function toTemporalFailure(error: unknown, report: StepReporter | null): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  if (error instanceof StepFailed) return final(error.failure);
  const clean = (text: string): string => report?.withoutSecrets(text) ?? text;
  const phases = { phase: report?.current ?? null, put_back: false, output_tail: '', phases: report?.phases ?? [] };
  if (error instanceof PassingTrouble || error instanceof LeftForRepeat) {
    const failure: StepFailure = { code: 'unavailable', message: clean(error.message), fix: 'Nothing to do: it is tried again by itself.', ...phases };
    return ApplicationFailure.create({ type: failure.code, message: failure.message, nonRetryable: false, details: [failure] });
  }
  if (error instanceof Overtaken) return final({ code: 'conflict', message: error.message, fix: 'Nothing to do: the newer attempt goes on.', ...phases });
  const known = error instanceof MaestroError;
  return final({
    code: known ? error.code : 'internal', message: clean(known ? error.message : `something went wrong inside the host worker: ${messageOf(error)}`),
    fix: known && error.fix !== '' ? error.fix : 'Read the log of the host worker and retry.', ...phases,
  });
}

const final = (failure: StepFailure): ApplicationFailure =>
  ApplicationFailure.create({ type: failure.code, message: failure.message, nonRetryable: true, details: [failure] });

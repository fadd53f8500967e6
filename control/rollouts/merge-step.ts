/** What a step row becomes by a record: pure. */
import type { PlacementPlan } from '../../spec/plan.js';
import type { ErrorCode } from '../../spec/errors.js';
import type { TestResult } from '../../spec/test-results.js';
import type { Action, Phase, StepState } from '../../spec/words.js';

export interface PhaseTiming { phase: Phase; duration_ms: number }

/** As workflows/shared.ts has it; this room may not import that one. */
export interface StepFailure {
  code: ErrorCode;
  message: string;
  fix: string;
  phase: Phase | null;
  put_back: boolean;
  output_tail: string;
  phases: PhaseTiming[];
}

/** What is left out stays as it is, except that a new attempt starts clean. `phases`, `operations` and `tests` are complete lists. */
export interface StepRecord {
  /** `<host>/<component>` */
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
  tests?: TestResult[];
}

export interface StepRow {
  state: StepState;
  attempt: number;
  reason: string;
  blocked_by: string[];
  action: string | null;
  plan: PlacementPlan | null;
  failure: StepFailure | null;
  phases: PhaseTiming[];
  operations: string[];
  tests: TestResult[];
  started_at: Date | null;
  ended_at: Date | null;
}

const ended: ReadonlySet<StepState> = new Set(['unchanged', 'succeeded', 'failed', 'skipped', 'aborted', 'rolled_back']);
const waits: ReadonlySet<StepState> = new Set(['waiting', 'blocked']);
export const stepHasEnded = (state: StepState): boolean => ended.has(state);

/**
 * Null: nothing to store. A record of an earlier attempt, or one that would take an ended attempt back into work, comes
 * from somebody who was thought dead, and is dropped. `announce`: state, attempt or reason differ, so it is an event.
 */
export function mergeStep(row: StepRow, record: StepRecord, now: Date): { row: StepRow; announce: boolean } | null {
  if (record.attempt < row.attempt) return null;
  const again = record.attempt > row.attempt;
  if (!again && stepHasEnded(row.state) && !stepHasEnded(record.state)) return null;
  const kept = again ? { failure: null, phases: [], operations: [], tests: [] } : row;
  const reason = record.reason ?? '';
  return {
    announce: again || row.state !== record.state || row.reason !== reason,
    row: {
      state: record.state,
      attempt: record.attempt,
      reason,
      blocked_by: record.blocked_by ?? (waits.has(record.state) ? row.blocked_by : []),
      action: record.action ?? record.plan?.action ?? row.action,
      plan: record.plan ?? row.plan,
      failure: record.failure ?? kept.failure,
      phases: record.phases ?? kept.phases,
      operations: record.operations ?? kept.operations,
      tests: record.tests ?? kept.tests,
      ...times(row, record.state, again, now),
    },
  };
}

function times(row: StepRow, state: StepState, again: boolean, now: Date): Pick<StepRow, 'started_at' | 'ended_at'> {
  const started = again ? null : row.started_at;
  if (stepHasEnded(state)) return { started_at: started, ended_at: again ? now : row.ended_at ?? now };
  return { started_at: state === 'running' ? started ?? now : started, ended_at: null };
}

/**
 * Every name that crosses the wire between the workflows and those who start or question them:
 * inputs, updates, queries, and the host activities' contracts. Payloads are ids, digests and reasons.
 */
import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { PlacementPlan } from '../spec/plan.js';
import type { HostFacts } from '../spec/observed.js';
import type { TestResult } from '../spec/test-results.js';
import type { Phase, RolloutState } from '../spec/words.js';
import type { ErrorCode } from '../spec/errors.js';

/** Workflow types (= exported function names). */
export const workflowTypes = { rollout: 'rollout', plan: 'plan', operate: 'operate' } as const;

export interface RolloutInput { rollout_id: string; deploy_id: string }
export interface RolloutResult { state: RolloutState }
export interface PlanInput { plan_id: string; deploy_id: string; version: number }
export interface PlanResult { plan_id: string }

/** `step` is a step id `<host>/<component>`; without one, all failed steps. `version`: what is not done yet is done with that one. `actor` is for the log. */
export interface RetryInput { step?: string; version?: number; actor: string }
export interface SkipInput { step: string; note: string; actor: string }
/** `binding` is an index in `deployment[]`; without one, all that wait. */
export interface ApproveInput { binding?: number; actor: string }
export interface ActorInput { actor: string }

export const retryUpdate = defineUpdate<void, [RetryInput]>('retry');
export const resumeUpdate = defineUpdate<void, [ActorInput]>('resume');
export const skipUpdate = defineUpdate<void, [SkipInput]>('skip');
export const pauseUpdate = defineUpdate<void, [ActorInput]>('pause');
export const approveUpdate = defineUpdate<void, [ApproveInput]>('approve');
export const rollbackUpdate = defineUpdate<void, [ActorInput]>('rollback');
export const abortUpdate = defineUpdate<void, [ActorInput]>('abort');
export const rolloutStateQuery = defineQuery<RolloutState>('state');

/** What identifies the work a host is asked to do; the host fetches everything else at the moment of use. */
export interface HostWork {
  deploy_id: string;
  version: number;
  host: string;
  /** `rol_…` or `pln_…`: on whose behalf; the control plane answers only while it is open. */
  run_id: string;
}
export interface PlacementWork extends HostWork {
  component: string;
  /** Counts retries asked for by people; with the run and placement it is the fencing mark. */
  attempt: number;
  /**
   * Of `activate`, for groups that switch together: bring the new one up and healthy beside the old one and stop there (`held: true`).
   * The same (run, placement, attempt) without it switches and finishes. Where nothing can be held (cold, or no change) nothing is done: `held: false`.
   */
  hold_switch?: boolean;
  /** Of `activate`, after `hold_switch`: take the new one away again; the old one, which served all the time, goes on. Safe when nothing is held. */
  take_back?: boolean;
}

export interface ObserveResult { facts: HostFacts; placements: PlacementPlan[] }
export interface PhaseTiming { phase: Phase; duration_ms: number }
/** `tests`, here and below: how each test of the component ended; left out when none ran. */
export interface PrepareResult { phases: PhaseTiming[]; tests?: TestResult[] }
export interface ActivateResult {
  changed: boolean;
  operations: string[];
  phases: PhaseTiming[];
  tests?: TestResult[];
  /** Only with `hold_switch`: true when the new one stands healthy beside the old one, which still serves. */
  held?: boolean;
  /** Only with `take_back`: true when something was taken away. */
  taken_back?: boolean;
}
/** Watches what a placement runs for a while, after a change. */
export interface VerifyWork extends PlacementWork { duration_ms: number }
export interface VerifyResult { phases: PhaseTiming[] }
export type OperateVerb = 'start' | 'stop' | 'restart' | 'healthcheck';
export interface OperateWork extends PlacementWork { verb: OperateVerb }
export interface OperateResult { ok: boolean; detail: string }
export interface OperateInput { deploy_id: string; version: number; component: string; hosts: string[]; verb: OperateVerb; run_id: string }

/** Activities on `host-<node>`. A failure is an ApplicationFailure whose type is an ErrorCode and whose first detail is a StepFailure. */
export interface HostActivities {
  observe(work: HostWork): Promise<ObserveResult>;
  prepare(work: PlacementWork): Promise<PrepareResult>;
  activate(work: PlacementWork): Promise<ActivateResult>;
  verify(work: VerifyWork): Promise<VerifyResult>;
  operate(work: OperateWork): Promise<OperateResult>;
}

export interface StepFailure {
  code: ErrorCode;
  message: string;
  fix: string;
  phase: Phase | null;
  /** The old one serves again after a failed start. */
  put_back: boolean;
  /** The last lines of output or stderr, at most 2 KB. */
  output_tail: string;
  phases: PhaseTiming[];
  tests?: TestResult[];
}

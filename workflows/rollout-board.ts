/**
 * Where a rollout stands: the state of each step, what was recorded of it, and what may happen next.
 * Plain and deterministic; the workflow acts on what it says.
 */
import { isGreen, isStartable, walk, type BlockedStep, type StepStatus, type Walk } from '../spec/walker.js';
import type { GraphStep, RolloutGraph } from '../spec/graph-types.js';
import type { PlacementPlan } from '../spec/plan.js';
import type { StepState } from '../spec/words.js';
import type { StepRecord } from '../activities/index.js';
import type { StepFailure } from './shared.js';
import { waitingReasons } from './waiting-reasons.js';

export interface BoardStep extends StepStatus { attempt: number; plan?: PlacementPlan; failure?: StepFailure }
export type CarriedSteps = [id: string, step: Pick<BoardStep, 'state' | 'attempt' | 'reason'>][];

export class RolloutBoard {
  private readonly steps: Map<string, BoardStep>;
  private readonly unrecorded: StepRecord[] = [];
  private readonly known = new Map<string, string>();

  private readonly graphSteps: ReadonlyMap<string, GraphStep>;

  constructor(readonly graph: RolloutGraph, carried: CarriedSteps = []) {
    const before = new Map(carried);
    this.graphSteps = new Map(graph.steps.map((step) => [step.id, step]));
    this.steps = new Map(graph.steps.map(({ id }) => [id, { state: 'pending', attempt: 1, ...before.get(id) }]));
  }

  step(id: string): BoardStep | undefined {
    return this.steps.get(id);
  }

  graphStep(id: string): GraphStep | undefined {
    return this.graphSteps.get(id);
  }

  /** A host's steps that are neither started nor decided. */
  open(host: string): string[] {
    return this.graph.steps.filter((step) => step.host === host && this.isStartable(step.id)).map(({ id }) => id);
  }

  /** Those of them that something failed elsewhere does not hold back anyway. */
  awaited(host: string): string[] {
    return this.open(host).filter((id) => this.steps.get(id)?.state !== 'blocked');
  }

  withState(...states: StepState[]): string[] {
    return [...this.steps].filter(([, step]) => states.includes(step.state)).map(([id]) => id);
  }

  /** A step's new state, remembered for the next record. The same state, attempt and reason again is no news, unless with a plan. */
  set(id: string, change: Partial<BoardStep> & { state: StepState }, extra: Partial<StepRecord> = {}): void {
    const before = this.steps.get(id);
    if (before === undefined) return;
    const { reason: _, ...kept } = before;
    const step = { ...kept, ...change };
    this.steps.set(id, step);
    const fingerprint = JSON.stringify([step.state, step.attempt, step.reason ?? '', extra.phases?.length ?? 0]);
    if (this.known.get(id) === fingerprint && change.plan === undefined) return;
    this.known.set(id, fingerprint);
    this.unrecorded.push({
      step: id, state: step.state, attempt: step.attempt, ...(step.reason === undefined ? {} : { reason: step.reason }),
      ...(change.plan === undefined ? {} : { plan: change.plan, action: change.plan.action }),
      ...(change.failure === undefined ? {} : failureRecord(change.failure)), ...extra,
    });
  }

  /** Not started yet, and nothing decided. */
  isStartable(id: string): boolean {
    return isStartable(this.steps.get(id)?.state ?? 'aborted');
  }

  /**
   * What may start, and the reasons of what may not, noted on the steps. Of hosts that have not been seen yet
   * nothing is said: most of their steps may turn out to need nothing.
   */
  walk(seen: (host: string) => boolean): Walk {
    const result = walk(this.graph, this.steps);
    const isSeen = (id: string): boolean => seen(this.graphStep(id)?.host ?? '');
    const reasons = waitingReasons([...result.waiting, ...result.blocked], (id) => this.steps.get(id)?.reason);
    const note = (state: 'waiting' | 'blocked', { id, blocked_by }: BlockedStep): void => this.set(id, { state, reason: reasons.get(id) ?? '' }, { blocked_by });
    for (const step of result.waiting) if (isSeen(step.id)) note('waiting', step);
    for (const step of result.blocked) note('blocked', step);
    // What held it back is gone, but its host has not been heard yet.
    for (const id of [...result.ready, ...result.waiting.map((step) => step.id)]) if (!isSeen(id) && this.steps.get(id)?.state === 'blocked') this.set(id, { state: 'pending' });
    return { ...result, ready: result.ready.filter(isSeen) };
  }

  takeRecords(): StepRecord[] {
    return this.unrecorded.splice(0);
  }

  get finished(): boolean {
    return [...this.steps.values()].every(({ state }) => isGreen(state));
  }

  /** One sentence for a paused rollout. */
  pauseReason(): string {
    const failed = this.withState('failed');
    const blocked = this.withState('blocked').length;
    const named = failed.slice(0, 3).map((id) => `${id.replace('/', ': ')} – ${this.steps.get(id)?.reason ?? 'failed'}`).join('; ');
    return `${failed.length} failed${blocked > 0 ? `, ${blocked} blocked by it` : ''}: ${named}${failed.length > 3 ? ' …' : ''}`;
  }

  carry(): CarriedSteps {
    return [...this.steps].map(([id, { state, attempt, reason }]) => [id, { state, attempt, ...(reason === undefined ? {} : { reason }) }]);
  }
}

/** Phases and tests are told beside the failure, once. */
function failureRecord({ tests, ...failure }: StepFailure): Pick<StepRecord, 'failure' | 'phases' | 'tests'> {
  return { failure, phases: failure.phases, ...(tests === undefined ? {} : { tests }) };
}

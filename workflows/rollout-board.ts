/**
 * Where a rollout stands: the state of each step, what was recorded of it, and what may happen next.
 * Plain and deterministic; the workflow acts on what it says.
 */
import { holdsBeforeSwitch, isGreen, isStartable, verifyMs, walk, type BlockedStep, type StepStatus, type Walk } from '../spec/walker.js';
import type { GraphStep, RolloutGraph } from '../spec/graph-types.js';
import type { PlacementPlan } from '../spec/plan.js';
import type { StepState } from '../spec/words.js';
import type { StepRecord } from '../activities/index.js';
import type { StepFailure } from './shared.js';
import { waitingReasons } from './waiting-reasons.js';

export interface BoardStep extends StepStatus { attempt: number; plan?: PlacementPlan; failure?: StepFailure }
export type CarriedSteps = [id: string, step: Pick<BoardStep, 'state' | 'attempt' | 'reason' | 'at'>][];

export class RolloutBoard {
  private readonly steps: Map<string, BoardStep>;
  private readonly unrecorded: StepRecord[] = [];
  private readonly known = new Map<string, string>();

  private readonly graphSteps: ReadonlyMap<string, GraphStep>;
  private readonly approved = new Set<number>();

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

  /** Steps whose new one is up beside the old, and waits for its group. */
  get held(): string[] {
    return [...this.steps].filter(([, step]) => step.at === 'held').map(([id]) => id);
  }

  /** Whether the change of a step, when it is started now, is to stop before it switches. */
  holdsBeforeSwitch(id: string): boolean {
    const step = this.graphSteps.get(id);
    return step !== undefined && holdsBeforeSwitch(this.graph, this.steps, step);
  }

  /** How long a step is watched once it is healthy. */
  verifyMs(id: string): number {
    const step = this.graphSteps.get(id);
    return step === undefined ? 0 : verifyMs(this.graph, step);
  }

  /** Bindings that may not start before a person has approved of them. */
  unapproved(): number[] {
    return (this.graph.bindings ?? []).flatMap(({ binding, approval }) => (approval === true && !this.approved.has(binding) ? [binding] : []));
  }

  approve(bindings: readonly number[]): void {
    for (const binding of bindings) this.approved.add(binding);
  }

  withState(...states: StepState[]): string[] {
    return [...this.steps].filter(([, step]) => states.includes(step.state)).map(([id]) => id);
  }

  /** A step's new state, remembered for the next record. The same state, attempt and reason again is no news, unless with a plan. */
  set(id: string, change: Partial<BoardStep> & { state: StepState }, extra: Partial<StepRecord> = {}): void {
    const before = this.steps.get(id);
    if (before === undefined) return;
    const { reason: _reason, at: _at, ...kept } = before;
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
    const result = walk(this.graph, this.steps, { approved: this.approved, isKnown: ({ host }) => seen(host) });
    const isSeen = (id: string): boolean => seen(this.graphStep(id)?.host ?? '');
    const reasons = waitingReasons([...result.waiting, ...result.blocked], (id) => this.steps.get(id)?.reason);
    const note = (state: 'waiting' | 'blocked', { id, blocked_by, note: own }: BlockedStep): void => this.set(id, { state, reason: own ?? reasons.get(id) ?? '', ...this.pointOf(id) }, { blocked_by });
    for (const step of result.waiting) if (isSeen(step.id)) note('waiting', step);
    for (const step of result.blocked) note('blocked', step);
    // What held it back is gone, but its host has not been heard yet.
    for (const id of [...result.ready, ...result.waiting.map((step) => step.id)]) if (!isSeen(id) && this.steps.get(id)?.state === 'blocked') this.set(id, { state: 'pending' });
    return { ...result, ready: result.ready.filter(isSeen) };
  }

  /** It may start, but nothing is to be started. */
  holdBack(id: string): void {
    this.set(id, { state: 'waiting', reason: 'may start as soon as the rollout goes on', ...this.pointOf(id) }, { blocked_by: [] });
  }

  /** What is held stays held, whatever it waits for. */
  private pointOf(id: string): Pick<StepStatus, 'at'> {
    return this.steps.get(id)?.at === 'held' ? { at: 'held' } : {};
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

  /** The first failed step that asks for a rollback, in the order of the document. */
  rollbackTrigger(): string | null {
    return this.graph.steps.find(({ id, on_failure }) => on_failure === 'rollback' && this.steps.get(id)?.state === 'failed')?.id ?? null;
  }

  /** What waits for a person's approval, in one sentence. */
  approvalReason(bindings: readonly number[]): string {
    const named = bindings.map((binding) => {
      const steps = this.graph.steps.filter((step) => step.binding === binding && isStartable(this.steps.get(step.id)?.state ?? 'aborted'));
      return `deployment[${binding}] (${[...new Set(steps.map(({ host }) => host))].slice(0, 3).join(', ')})`;
    });
    return `waiting for approval of ${named.slice(0, 3).join('; ')}${named.length > 3 ? ' …' : ''}`;
  }

  get approvals(): number[] {
    return [...this.approved];
  }

  carry(): CarriedSteps {
    return [...this.steps].map(([id, { state, attempt, reason, at }]) => [id, { state, attempt, ...(reason === undefined ? {} : { reason }), ...(at === undefined ? {} : { at }) }]);
  }

  /** The same rollout with another version's graph: what is in both is tried anew, and told apart by its attempt. */
  retargeted(graph: RolloutGraph): RolloutBoard {
    const carried = graph.steps.flatMap(({ id }): CarriedSteps => {
      const before = this.steps.get(id);
      return before === undefined ? [] : [[id, { state: 'pending', attempt: before.attempt + 1 }]];
    });
    const board = new RolloutBoard(graph, carried);
    for (const [id] of carried) board.set(id, { state: 'pending' });
    return board;
  }
}

/** Phases and tests are told beside the failure, once. */
function failureRecord({ tests, ...failure }: StepFailure): Pick<StepRecord, 'failure' | 'phases' | 'tests'> {
  return { failure, phases: failure.phases, ...(tests === undefined ? {} : { tests }) };
}

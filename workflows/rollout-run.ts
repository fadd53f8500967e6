/** What a rollout does at each line of its runbook. */
import { ApplicationFailure, CancellationScope, allHandlersFinished, condition, continueAsNew, isCancellation, patched, setHandler, workflowInfo } from '@temporalio/workflow';
import type { RolloutState } from '../spec/words.js';
import type { RolloutGraph } from '../spec/graph-types.js';
import { packGraph, unpackGraph, type PackedGraph } from '../spec/packed-graph.js';
import type { PlacementPlan } from '../spec/plan.js';
import { testWarning } from '../spec/test-results.js';
import type { StepRecord } from '../activities/index.js';
import { changing, control, settling, watching } from './activities.js';
import { checkAbort, checkApprove, checkPause, checkResume, checkRetry, checkRollback, checkSkip, type Decision } from './decisions.js';
import { saidByHost, toStepFailure } from './failures.js';
import { HostLooks } from './host-looks.js';
import { inWords } from './host-silence.js';
import { Preparations } from './preparations.js';
import { RolloutBoard, type CarriedSteps } from './rollout-board.js';
import { abortUpdate, approveUpdate, pauseUpdate, resumeUpdate, retryUpdate, rollbackUpdate, rolloutStateQuery, skipUpdate, type ActivateResult, type HostWork, type PlacementWork, type RetryInput, type RolloutInput, type RolloutResult, type SkipInput, type StepFailure } from './shared.js';

/** `carried` is set by the workflow itself, while it rests, when its history got long. */
export interface RolloutArguments extends RolloutInput { carried?: Carried }
interface Carried {
  version: number;
  graph: PackedGraph | RolloutGraph;
  steps: CarriedSteps;
  /** Default: it rests. */
  state?: 'running';
  /** Hosts whose answers are in the steps already. */
  seen?: string[];
  approved?: number[];
  pausedBy?: string;
  automatic?: boolean;
  noRollback?: string;
}

/** Temporal takes at most 2,000 activities of a workflow at a time; what may start beyond this starts as others end. */
const inFlightMax = 900;

export class RolloutRun {
  state: RolloutState;
  board: RolloutBoard;
  abortAsked = false;
  private version: number;
  private pausedBy: string | null;
  private rollbackBy: string | null = null;
  /** Why nothing is taken back, once that was tried or in a rollout that takes another one back; null before. */
  private noRollback: string | null;
  private automatic: boolean;
  private retargeting = false;
  private news = false;
  private answered = false;
  private readonly looks: HostLooks;
  private readonly effects = new CancellationScope();
  private readonly preparations = new Preparations({
    step: (id) => this.board.graphStep(id), work: ({ id, host, component }) => this.placementWork(id, host, component),
    inFlight: () => this.inFlight, begun: () => { this.inFlight += 1; }, landed: () => this.landed(),
  }, this.effects);
  private inFlight = 0;
  private awaiting: number[] = [];
  private recording: Promise<void> = Promise.resolve();

  constructor(private readonly input: RolloutArguments) {
    const { version, graph, steps, state = 'paused', seen = [], approved = [], pausedBy, automatic = false, noRollback } = input.carried ?? { version: 0, graph: { steps: [] }, steps: [] };
    this.state = input.carried === undefined ? 'pending' : state;
    this.version = version;
    this.pausedBy = pausedBy ?? null;
    this.automatic = automatic;
    this.noRollback = noRollback ?? null;
    this.board = new RolloutBoard(unpackGraph(graph), steps);
    this.board.approve(approved);
    this.looks = new HostLooks({
      board: () => this.board, work: (host) => this.work(host), take: (host, plan) => this.take(host, plan), news: () => { this.news = true; },
    }, this.effects, seen);
  }

  async begin(): Promise<void> {
    if (this.state === 'pending') {
      const { state, version, graph, automatic } = await control.beginRollout(this.input.rollout_id);
      this.state = state;
      this.version = version;
      this.automatic = automatic;
      this.board = new RolloutBoard(unpackGraph(graph));
    }
    if (this.state === 'paused' || this.state === 'awaiting_approval') await this.rest();
    else if (this.state === 'running' && !this.abortAsked) this.looks.askAll();
  }

  listen(): void {
    const decision: Decision = {
      state: () => this.state, closing: () => (this.abortAsked ? 'aborted' : this.rollbackBy !== null ? 'rolled back' : this.retargeting ? 'given another version' : ''),
      holdsStill: () => this.pausedBy !== null, board: () => this.board,
    };
    setHandler(rolloutStateQuery, () => this.state);
    setHandler(retryUpdate, (asked) => (asked.version === undefined ? this.retry(asked.step) : this.retryWith(asked.version, asked)), { validator: (asked) => checkRetry(decision, asked) });
    setHandler(resumeUpdate, (_asked) => this.retry(undefined), { validator: (_asked) => checkResume(decision) });
    setHandler(skipUpdate, (asked) => this.skip(asked), { validator: (asked) => checkSkip(decision, asked) });
    setHandler(pauseUpdate, ({ actor }) => this.answer(() => { this.pausedBy = actor; }), { validator: (_asked) => checkPause(decision) });
    setHandler(approveUpdate, ({ binding }) => this.approve(binding), { validator: (asked) => checkApprove(decision, asked) });
    setHandler(rollbackUpdate, ({ actor }) => this.answer(() => { this.rollbackBy = actor; }), { validator: (_asked) => checkRollback(decision) });
    setHandler(abortUpdate, (_asked) => this.answer(() => { this.abortAsked = true; }), { validator: (_asked) => checkAbort(decision) });
  }

  /** What a host said of one placement: done, impossible, or to be changed. */
  private take(host: string, plan: PlacementPlan): void {
    const id = `${host}/${plan.component}`;
    if (!this.board.isStartable(id)) return;
    if (plan.action === 'conflict') {
      const failure = { code: 'conflict' as const, message: plan.reasons.join('; '), fix: 'Remove what is in the way, or rename it in the document; then retry.', phase: null, put_back: false, output_tail: '', phases: [] };
      this.board.set(id, { state: 'failed', reason: failure.message, plan, failure });
    } else if (plan.operations.length === 0) {
      this.board.set(id, { state: 'unchanged', plan });
    } else {
      this.board.set(id, { state: 'pending', plan });
      if (plan.needs_prepare) this.preparations.want(id);
    }
  }

  /** Something under way has ended, one way or the other. */
  private landed(): void {
    this.inFlight -= 1;
    this.news = true;
  }

  /** A person wants nothing more to be started. */
  private get holdsStill(): boolean {
    return this.pausedBy !== null || this.rollbackBy !== null;
  }

  /** Nothing is under way. Whoever holds still does not wait for hosts that do not answer. */
  private get settled(): boolean {
    return this.inFlight === 0 && (this.looks.open === 0 || this.holdsStill) && !this.news;
  }

  /** Starts what may start, records what changed, and waits, until nothing moves any more. */
  async walkUntilSettled(): Promise<void> {
    for (;;) {
      this.news = false;
      if (this.abortAsked) this.effects.cancel();
      else if (this.startWhatMay() === 'in a new history') await this.goOnInNew();
      // What is new is recorded together with the state that follows.
      if (!this.settled) await this.record();
      if (this.settled) break;
      await condition(() => this.news);
    }
    // Everything that was answered so far has been acted on.
    this.answered = false;
  }

  /** Hosts that have not answered are asked again by the new run. */
  private async goOnInNew(): Promise<void> {
    if (this.inFlight > 0) return;
    this.looks.stopAsking();
    if (this.looks.open > 0) return;
    await this.record();
    await condition(allHandlersFinished);
    if (this.news) return;
    await this.continueAs('running');
  }

  private async continueAs(state: 'running' | 'paused'): Promise<never> {
    const { pausedBy, noRollback, automatic, version, board } = this;
    const { seen } = this.looks;
    return continueAsNew<(input: RolloutArguments) => Promise<RolloutResult>>({
      ...this.input,
      carried: {
        version, graph: packGraph(board.graph), steps: board.carry(), approved: board.approvals, automatic,
        ...(state === 'running' ? { state, seen } : {}), ...(pausedBy === null ? {} : { pausedBy }), ...(noRollback === null ? {} : { noRollback }),
      },
    });
  }

  /** With a long history nothing more is started here: what is under way is finished, and then it goes on in a new one. */
  private startWhatMay(): 'here' | 'in a new history' {
    const { ready, awaiting_approval: awaiting } = this.board.walk((host) => this.looks.isSeen(host));
    this.awaiting = awaiting;
    if (ready.length > 0 && !this.holdsStill && workflowInfo().continueAsNewSuggested) return 'in a new history';
    for (const id of ready) {
      if (this.holdsStill) this.board.holdBack(id);
      else if (this.inFlight < inFlightMax) this.launch(id);
    }
    if (!this.holdsStill) this.preparations.startWhatMay();
    return 'here';
  }

  private launch(id: string): void {
    const step = this.board.graphStep(id);
    if (step === undefined) return;
    this.preparations.overtake(id);
    const hold = this.board.holdsBeforeSwitch(id);
    this.board.set(id, { state: 'running', ...(this.board.step(id)?.at === 'held' ? { at: 'switching' as const } : {}) });
    this.inFlight += 1;
    void this.effects.run(() => this.perform(id, step.host, step.component, hold)).finally(() => this.landed());
  }

  private async perform(id: string, host: string, component: string, hold: boolean): Promise<void> {
    const verifying = { begun: false };
    try {
      await this.preparations.done(id);
      const result = await changing(host).activate({ ...this.placementWork(id, host, component), ...(hold ? { hold_switch: true } : {}) });
      if (hold && result.held !== undefined) return this.board.set(id, { state: 'waiting', at: 'held', reason: 'ready beside the old one; waits for its group to switch' }, { phases: result.phases });
      await this.watch(id, host, component, result, verifying);
      const warning = testWarning(result.tests);
      this.board.set(id, { state: result.changed ? 'succeeded' : 'unchanged', ...(warning === null ? {} : { reason: warning }) }, toldOf(result));
    } catch (error) {
      const failure = toStepFailure(error, host);
      if (this.abortAsked && !verifying.begun && this.isUnheard(error, failure)) await CancellationScope.nonCancellable(() => this.clearUp(id, host, component));
      else if (isCancellation(error)) this.board.set(id, { state: 'aborted', reason: verifying.begun ? 'stopped while it was being watched; the new one serves' : 'stopped while it was being changed; what served before still serves' });
      else this.board.set(id, { state: 'failed', reason: failure.message, failure });
    } finally {
      this.preparations.forget(id);
    }
  }

  /** The host has not said that it stopped: it did not answer, or was between two tries. Histories from before do not ask again. */
  private isUnheard(error: unknown, failure: StepFailure): boolean {
    return failure.code === 'timeout' || (isCancellation(error) && !saidByHost(error) && patched('put-back-unheard'));
  }

  /** It was stopped while its host did not answer, so that nobody told the host: what it had begun is put back when it answers soon. */
  private async clearUp(id: string, host: string, component: string): Promise<void> {
    try {
      const result = await settling(host).activate({ ...this.placementWork(id, host, component), take_back: true });
      if (result.taken_back === undefined) this.board.set(id, { state: result.changed ? 'succeeded' : 'unchanged' }, toldOf(result));
      else this.board.set(id, { state: 'aborted', reason: result.taken_back ? 'stopped while it was being changed; what served before still serves' : 'stopped before anything was changed' });
    } catch (error) {
      const told = toStepFailure(error, host);
      const failure = told.code === 'timeout' ? { ...told, message: `${told.message}, and was stopped; what it had begun there is put back by the next rollout` } : told;
      this.board.set(id, { state: 'failed', reason: failure.message, failure });
    }
  }

  /** A change of a canary is watched for a while before the next wave may go; what depends on it goes on meanwhile. */
  private async watch(id: string, host: string, component: string, result: ActivateResult, verifying: { begun: boolean }): Promise<void> {
    const durationMs = this.board.verifyMs(id);
    if (!result.changed || durationMs === 0) return;
    verifying.begun = true;
    this.board.set(id, { state: 'running', at: 'verifying', reason: `healthy; watched for ${inWords(durationMs)}` }, { phases: result.phases, operations: result.operations });
    this.news = true;
    const { phases } = await watching(host, durationMs).verify({ ...this.placementWork(id, host, component), duration_ms: durationMs });
    result.phases = [...result.phases, ...phases];
  }

  private answer(change: () => void): void {
    change();
    this.answered = true;
    this.news = true;
  }

  private retry(only: string | undefined): void {
    for (const id of only === undefined ? this.board.withState('failed') : [only]) this.board.set(id, { state: 'pending', attempt: (this.board.step(id)?.attempt ?? 0) + 1 });
    this.answer(() => { this.pausedBy = null; });
    this.looks.askAll();
  }

  /** What is not done yet is done with another version; what is done is compared with it, and left alone where it is the same. */
  private async retryWith(version: number, { actor }: RetryInput): Promise<void> {
    this.retargeting = true;
    const answer = await control.retargetRollout(this.input.rollout_id, version, actor).finally(() => { this.retargeting = false; });
    if ('refused' in answer) throw ApplicationFailure.nonRetryable(answer.refused, 'conflict');
    const graph = unpackGraph(answer.graph);
    const approved = this.board.approvals;
    this.version = version;
    this.board = this.board.retargeted(graph);
    this.board.approve(approved);
    this.looks.forget();
    this.preparations.forgetAll();
    this.retry(undefined);
  }

  private skip({ step, note, actor }: SkipInput): void {
    this.board.set(step, { state: 'skipped', reason: `skipped by ${actor}: ${note}` });
    this.preparations.cancel(step);
    this.looks.askAll();
    this.answer(() => undefined);
  }

  private approve(binding: number | undefined): void {
    this.board.approve(binding === undefined ? this.board.unapproved() : [binding]);
    this.looks.askAll();
    this.answer(() => undefined);
  }

  /**
   * The rollout that takes this one back, opened when a person or the document asks for it; null when nobody does or
   * it cannot be. One that takes another back never does so itself: there is no loop.
   */
  async rollBack(): Promise<string | null> {
    const trigger = this.board.rollbackTrigger();
    // Whoever has paused it decides first.
    if (this.rollbackBy === null && (trigger === null || this.automatic || this.noRollback !== null || this.pausedBy !== null)) return null;
    await this.takeBackHeld();
    await this.record();
    const answer = await control.openRollback(this.input.rollout_id, { trigger, asked_by: this.rollbackBy, reason: this.board.pauseReason() });
    if ('rollout_id' in answer) return answer.rollout_id;
    this.noRollback = answer.refused;
    this.rollbackBy = null;
    return null;
  }

  /** New ones that stand beside what serves, and are not switched to, are taken away. */
  private async takeBackHeld(): Promise<void> {
    await Promise.all(this.board.held.map(async (id) => {
      const step = this.board.graphStep(id);
      if (step === undefined) return;
      const outcome = await changing(step.host).activate({ ...this.placementWork(id, step.host, step.component), take_back: true }).then(() => 'taken back before it was switched to; the old one serves', (error: unknown) => `could not be taken back: ${toStepFailure(error, step.host).message}`);
      this.board.set(id, { state: 'aborted', reason: outcome });
    }));
  }

  /** Rests until it is answered; with a long history in a new run, which begins resting. */
  async pause(): Promise<void> {
    const failed = this.board.withState('failed').length > 0;
    if (!failed && this.pausedBy === null && this.awaiting.length > 0) await this.become('awaiting_approval', this.board.approvalReason(this.awaiting));
    else await this.become('paused', this.pauseReason(failed));
    await condition(allHandlersFinished);
    if (workflowInfo().continueAsNewSuggested && !this.answered) await this.continueAs('paused');
    await this.rest();
  }

  private pauseReason(failed: boolean): string {
    const by = this.pausedBy === null ? [] : [`paused by ${this.pausedBy}`];
    if (!failed) return by.join('');
    const attention = this.automatic ? 'needs attention: not everything could be taken back: ' : '';
    return [...by, `${attention}${this.board.pauseReason()}`, ...(this.noRollback === null ? [] : [`not rolled back: ${this.noRollback}`])].join('; ');
  }

  /** Until a person (or agent) has answered. */
  async rest(): Promise<void> {
    await condition(() => this.answered);
    this.answered = false;
    if (!this.abortAsked) await this.become('running', '');
  }

  async end(state: 'succeeded' | 'aborted', reason: string): Promise<RolloutResult> {
    if (state === 'aborted') {
      await this.takeBackHeld();
      for (const id of this.board.withState('pending', 'waiting', 'blocked')) this.board.set(id, { state: 'aborted', reason: 'not started' });
    }
    await this.become(state, reason);
    await condition(allHandlersFinished);
    return { state };
  }

  private async become(state: RolloutState, reason: string): Promise<void> {
    this.state = state;
    await this.record({ state, reason });
  }

  /** One record after the other, so that the event stream tells the story in order. Not cancelled with the effects. */
  private record(rolloutState?: { state: RolloutState; reason: string }): Promise<void> {
    const steps = this.board.takeRecords();
    if (steps.length === 0 && rolloutState === undefined) return this.recording;
    this.recording = this.recording.then(() => control.record(this.input.rollout_id, steps, rolloutState));
    return this.recording;
  }

  private work(host: string): HostWork {
    return { deploy_id: this.input.deploy_id, version: this.version, host, run_id: this.input.rollout_id };
  }

  private placementWork(id: string, host: string, component: string): PlacementWork {
    return { ...this.work(host), component, attempt: this.board.step(id)?.attempt ?? 1 };
  }
}

const toldOf = ({ phases, operations, tests }: ActivateResult): Partial<StepRecord> => ({ phases, operations, ...(tests === undefined ? {} : { tests }) });

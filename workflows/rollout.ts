/**
 * One apply or rollback, as a runbook: look at every host at once, prepare what needs it, activate each placement
 * when its gates open, and when something fails let the rest finish, then wait for a person. A rollout holds no
 * process while it waits, and its id is the deploy's lock.
 */
import { CancellationScope, allHandlersFinished, condition, continueAsNew, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import { isOpenRollout, type RolloutState } from '../spec/words.js';
import type { RolloutGraph } from '../spec/graph-types.js';
import type { PlacementPlan } from '../spec/plan.js';
import { testWarning } from '../spec/test-results.js';
import { changing, control, observing } from './activities.js';
import { checkAbort, checkResume, checkRetry, checkSkip, type Decision } from './decisions.js';
import { toStepFailure } from './failures.js';
import { RolloutBoard, type CarriedSteps } from './rollout-board.js';
import { abortUpdate, resumeUpdate, retryUpdate, rolloutStateQuery, skipUpdate, type HostWork, type PlacementWork, type RolloutInput, type RolloutResult, type SkipInput } from './shared.js';

/** `carried` is set by the workflow itself, while it rests, when its history got long. */
export interface RolloutArguments extends RolloutInput { carried?: Carried }
interface Carried { version: number; graph: RolloutGraph; steps: CarriedSteps }

export async function rollout(input: RolloutArguments): Promise<RolloutResult> {
  const run = new Rollout(input);
  // Before anything is waited for: an answer that finds no handler is refused.
  run.listen();
  await run.begin();
  // Started once more after its end was recorded: there is nothing left to do, and the lock must not be held.
  if (!isOpenRollout(run.state)) return { state: run.state };
  for (;;) {
    await run.walkUntilSettled();
    if (run.abortAsked) return run.end('aborted', 'stopped by a person; what was done is listed with each step');
    if (run.board.finished) return run.end('succeeded', '');
    await run.pause();
  }
}

/** How long a host may take to answer before its steps say that they wait for it. */
const silentAfter = '5s';

interface Preparation { done: Promise<unknown>; scope: CancellationScope }

class Rollout {
  state: RolloutState;
  board: RolloutBoard;
  abortAsked = false;
  private version: number;
  private news = false;
  private readonly observed = new Map<string, 'asked' | 'seen'>();
  private readonly prepared = new Map<string, Preparation>();
  private readonly effects = new CancellationScope();
  private inFlight = 0;
  private recording: Promise<void> = Promise.resolve();

  constructor(private readonly input: RolloutArguments) {
    const { version, graph, steps } = input.carried ?? { version: 0, graph: { steps: [] }, steps: [] };
    this.state = input.carried === undefined ? 'pending' : 'paused';
    this.version = version;
    this.board = new RolloutBoard(graph, steps);
  }

  async begin(): Promise<void> {
    if (this.state === 'pending') {
      const { state, version, graph } = await control.beginRollout(this.input.rollout_id);
      this.state = state;
      this.version = version;
      this.board = new RolloutBoard(graph);
    }
    if (this.state === 'paused') await this.rest();
    else if (this.state === 'running' && !this.abortAsked) this.lookAtHosts();
  }

  listen(): void {
    const decision = (): Decision => ({ state: () => this.state, aborting: () => this.abortAsked, board: this.board });
    setHandler(rolloutStateQuery, () => this.state);
    setHandler(retryUpdate, ({ step }) => this.retry(step), { validator: (asked) => checkRetry(decision(), asked) });
    setHandler(resumeUpdate, (_asked) => this.retry(undefined), { validator: (_asked) => checkResume(decision()) });
    setHandler(skipUpdate, (asked) => this.skip(asked), { validator: (asked) => checkSkip(decision(), asked) });
    setHandler(abortUpdate, (_asked) => {
      this.abortAsked = true;
      this.news = true;
    }, { validator: (_asked) => checkAbort(decision()) });
  }

  /** Every host at once that has open steps and has not answered yet; one question for all its placements. */
  lookAtHosts(): void {
    for (const host of new Set(this.board.graph.steps.map((step) => step.host))) {
      if (!this.observed.has(host) && this.board.open(host).length > 0) void this.look(host);
    }
  }

  private async look(host: string): Promise<void> {
    this.observed.set(host, 'asked');
    this.inFlight += 1;
    const answered = { yet: false };
    void this.sayWhenSilent(host, answered);
    try {
      const { placements } = await this.effects.run(() => observing(host).observe(this.work(host)));
      for (const plan of placements) this.take(host, plan);
      this.observed.set(host, 'seen');
    } catch (error) {
      this.observed.delete(host);
      const failure = toStepFailure(error, host);
      if (!isCancellation(error)) for (const id of this.board.awaited(host)) this.board.set(id, { state: 'failed', reason: failure.message, failure });
    } finally {
      answered.yet = true;
      this.landed();
    }
  }

  private async sayWhenSilent(host: string, answered: { yet: boolean }): Promise<void> {
    if (await condition(() => answered.yet, silentAfter)) return;
    for (const id of this.board.awaited(host)) this.board.set(id, { state: 'waiting', reason: `waiting for the host ${host}: it does not answer` }, { blocked_by: [] });
    this.news = true;
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
      if (plan.needs_prepare) this.prepareAhead(id, host, plan.component);
    }
  }

  /** Fetching touches nothing that runs, so it does not wait for gates. Its failure is met by the step that needs it. */
  private prepareAhead(id: string, host: string, component: string): void {
    const work = this.placementWork(id, host, component);
    const scope = new CancellationScope({ cancellable: true, parent: this.effects });
    this.inFlight += 1;
    const done = scope.run(() => changing(host).prepare(work));
    done.catch(() => undefined).finally(() => this.landed());
    this.prepared.set(id, { done, scope });
  }

  /** Something under way has ended, one way or the other. */
  private landed(): void {
    this.inFlight -= 1;
    this.news = true;
  }

  /** Starts what may start, records what changed, and waits, until nothing moves any more. */
  async walkUntilSettled(): Promise<void> {
    for (;;) {
      this.news = false;
      if (!this.abortAsked) for (const id of this.board.walk((host) => this.observed.get(host) === 'seen').ready) this.launch(id);
      else this.effects.cancel();
      // What is new is recorded together with the state that follows.
      if (this.inFlight === 0 && !this.news) return;
      await this.record();
      if (this.inFlight === 0 && !this.news) return;
      await condition(() => this.news);
    }
  }

  private launch(id: string): void {
    const step = this.board.graphStep(id);
    if (step === undefined) return;
    this.board.set(id, { state: 'running' });
    this.inFlight += 1;
    void this.effects.run(() => this.perform(id, step.host, step.component)).finally(() => this.landed());
  }

  private async perform(id: string, host: string, component: string): Promise<void> {
    try {
      await this.prepared.get(id)?.done;
      const result = await changing(host).activate(this.placementWork(id, host, component));
      const warning = testWarning(result.tests);
      this.board.set(id, { state: result.changed ? 'succeeded' : 'unchanged', ...(warning === null ? {} : { reason: warning }) }, { phases: result.phases, operations: result.operations, ...(result.tests === undefined ? {} : { tests: result.tests }) });
    } catch (error) {
      const failure = toStepFailure(error, host);
      if (isCancellation(error)) this.board.set(id, { state: 'aborted', reason: 'stopped while it was being changed; what served before still serves' });
      else this.board.set(id, { state: 'failed', reason: failure.message, failure });
    } finally {
      this.prepared.delete(id);
    }
  }

  private retry(only: string | undefined): void {
    for (const id of only === undefined ? this.board.withState('failed') : [only]) {
      const attempt = (this.board.step(id)?.attempt ?? 0) + 1;
      this.board.set(id, { state: 'pending', attempt });
    }
    this.lookAtHosts();
    this.news = true;
  }

  private skip({ step, note, actor }: SkipInput): void {
    this.board.set(step, { state: 'skipped', reason: `skipped by ${actor}: ${note}` });
    this.prepared.get(step)?.scope.cancel();
    this.lookAtHosts();
    this.news = true;
  }

  /** Rests until it is answered; with a long history in a new run, which begins resting. */
  async pause(): Promise<void> {
    await this.become('paused', this.board.pauseReason());
    await condition(allHandlersFinished);
    if (workflowInfo().continueAsNewSuggested && !this.news) {
      await continueAsNew<(input: RolloutArguments) => Promise<RolloutResult>>({ ...this.input, carried: { version: this.version, graph: this.board.graph, steps: this.board.carry() } });
    }
    await this.rest();
  }

  /** Until a person (or agent) has answered. */
  async rest(): Promise<void> {
    await condition(() => this.news);
    if (!this.abortAsked) await this.become('running', '');
  }

  async end(state: 'succeeded' | 'aborted', reason: string): Promise<RolloutResult> {
    if (state === 'aborted') {
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

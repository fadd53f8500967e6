/**
 * The hosts of one rollout, in memory: they do what a test tells them, remember what they have made (a placement that
 * was activated is unchanged from then on), and keep every call in the order it was seen.
 */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { splitStepId } from '../../spec/walker.js';
import { stepId, type RolloutGraph } from '../../spec/graph-types.js';
import type { TestResult } from '../../spec/test-results.js';
import type { PlacementPlan } from '../../spec/plan.js';
import type { ActivateResult, HostActivities, HostWork, ObserveResult, OperateResult, OperateWork, PlacementWork, PrepareResult, StepFailure, VerifyResult, VerifyWork } from '../../workflows/shared.js';
import { Signal, type Gate } from './signal.js';
import { toCreate, unchanged } from './plans.js';

/** `observe h1`, `prepare h1/web`, `activate h1/web`, `operate h1/web`. */
export type CallName = `${keyof HostActivities | 'hold' | 'take-back'} ${string}`;
export type Moment = 'begun' | 'done' | 'failed' | 'cancelled';
export interface HostCall { call: CallName; attempt: number; moment: Moment; at: number }

export interface Lingering { begun: Promise<void>; /** Resolves when the host has been told to stop. */ told: Promise<void>; open(): void }
type Act = (times: number, attempt: number) => Promise<void> | void;

export interface HostsOptions {
  /** How the tests of a step end when it is activated. */
  tests?: Readonly<Record<string, TestResult[]>>;
  /** Step ids that need something fetched first. */
  prepare?: Iterable<string>;
  /** What a step looks like as long as it has not been activated; default: it does not exist yet. */
  plan?: (step: string, component: string) => PlacementPlan;
  /** Step ids that are as they shall be already. */
  unchanged?: Iterable<string>;
  /** Step ids that have nothing to hold before a switch. */
  cannotHold?: readonly string[];
}

const beatMs = 100;

export class FakeHosts implements HostActivities {
  readonly calls: HostCall[] = [];
  private readonly acts = new Map<string, Act[]>();
  private readonly times = new Map<string, number>();
  private readonly made: Set<string>;
  private readonly toPrepare: ReadonlySet<string>;

  constructor(private graph: RolloutGraph, private readonly options: HostsOptions = {}) {
    this.made = new Set(options.unchanged);
    this.toPrepare = new Set(options.prepare);
  }

  /** Runs inside the call, before it has an effect; several run in the order they were given. */
  on(call: CallName, act: Act): void {
    this.acts.set(call, [...(this.acts.get(call) ?? []), act]);
  }

  /** The call waits, heartbeating, until it is let go or cancelled. */
  hold(call: CallName): Gate {
    const reached = new Signal();
    const opened = new Signal();
    this.on(call, async () => {
      reached.give();
      await heartbeatingUntil(opened.given);
    });
    return { reached: reached.given, open: () => opened.give() };
  }

  /** The call goes on until it is told to stop; then it waits to be let go, and stops or finishes all the same. */
  linger(call: CallName, then: 'stops' | 'finishes'): Lingering {
    const [begun, told, open] = [new Signal(), new Signal(), new Signal()];
    this.on(call, async () => {
      begun.give();
      try {
        await heartbeatingUntil(new Promise(() => undefined));
      } catch (cancelled) {
        told.give();
        await open.given;
        if (then === 'stops') throw cancelled;
      }
    });
    return { begun: begun.given, told: told.given, open: () => open.give() };
  }

  /** `times` calls end with this failure of the deploy, from the first on or a later one. */
  fail(call: CallName, failure: StepFailure, times = 1, from = 1): void {
    this.on(call, (count) => {
      if (count < from || count >= from + times) return;
      const error = ApplicationFailure.create({ message: failure.message, type: failure.code, nonRetryable: true, details: [failure] });
      error.stack = ''; // histories are kept, and stacks name files of this machine
      throw error;
    });
  }

  /** Calls by name, in the order in which they reached this moment. */
  names(moment: Moment, verb = ''): CallName[] {
    return this.calls.filter((call) => call.moment === moment && call.call.startsWith(verb)).map(({ call }) => call);
  }

  async observe(work: HostWork): Promise<ObserveResult> {
    return this.during(`observe ${work.host}`, 1, () => ({
      facts: { docker: true, systemd: true, missing: [] },
      placements: this.graph.steps.filter(({ host }) => host === work.host).map(({ id }) => this.plan(id)),
    }));
  }

  async prepare(work: PlacementWork): Promise<PrepareResult> {
    return this.during(`prepare ${stepId(work.host, work.component)}`, work.attempt, () => ({ phases: [{ phase: 'fetch', duration_ms: 5 }] }));
  }

  /** What was made is not what shall be any more: another version is rolled out. */
  startOver(graph: RolloutGraph, ...stays: string[]): void {
    for (const step of [...this.made]) if (!stays.includes(step)) this.made.delete(step);
    this.graph = graph;
  }

  /** `hold h1/web` and `take-back h1/web` are calls of their own. */
  async activate(work: PlacementWork): Promise<ActivateResult> {
    const step = stepId(work.host, work.component);
    const result = { changed: true, operations: [], phases: [] };
    if (work.take_back === true) return this.during(`take-back ${step}`, work.attempt, () => ({ ...result, taken_back: true }));
    if (work.hold_switch === true) return this.during(`hold ${step}`, work.attempt, () => ({ ...result, held: this.options.cannotHold?.includes(step) !== true }));
    const tests = this.options.tests?.[step];
    return this.during(`activate ${step}`, work.attempt, () => {
      this.made.add(step);
      return { changed: true, operations: [`create_container ${work.component}`], phases: [{ phase: 'start', duration_ms: 3 }, { phase: 'health', duration_ms: 8 }], ...(tests === undefined ? {} : { tests }) };
    });
  }

  async verify(work: VerifyWork): Promise<VerifyResult> {
    return this.during(`verify ${stepId(work.host, work.component)}`, work.attempt, () => ({ phases: [{ phase: 'verify', duration_ms: work.duration_ms }] }));
  }

  async operate(work: OperateWork): Promise<OperateResult> {
    return this.during(`operate ${stepId(work.host, work.component)}`, work.attempt, () => ({ ok: true, detail: work.verb }));
  }

  private plan(id: string): PlacementPlan {
    const component = splitStepId(id)[1] ?? '';
    return this.made.has(id) ? unchanged(component) : this.options.plan?.(id, component) ?? toCreate(component, this.toPrepare.has(id));
  }

  private async during<T>(call: CallName, attempt: number, effect: () => T): Promise<T> {
    const note = (moment: Moment): void => void this.calls.push({ call, attempt, moment, at: performance.now() });
    const count = (this.times.get(call) ?? 0) + 1;
    this.times.set(call, count);
    note('begun');
    try {
      for (const act of this.acts.get(call) ?? []) await act(count, attempt);
      const result = effect();
      note('done');
      return result;
    } catch (error) {
      note(error instanceof CancelledFailure ? 'cancelled' : 'failed');
      throw error;
    }
  }
}

/** As a host works: heartbeats bring cancellations. */
export async function heartbeatingUntil(done: Promise<void>): Promise<void> {
  const context = Context.current();
  context.heartbeat();
  const timer = setInterval(() => context.heartbeat(), beatMs);
  try {
    await Promise.race([done, context.cancelled]);
  } finally {
    clearInterval(timer);
  }
}

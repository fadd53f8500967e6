import { setTimeout as wait } from 'node:timers/promises';
import { Child, describeExit, type Exit, type Launch } from './child.js';
import { StartError, reason } from './errors.js';
import type { PartLog } from './logs.js';

export interface PartPlan<Ready> {
  readonly name: string;
  readonly title: string;
  readonly log: PartLog;
  readonly logPath: string;
  launch(): Launch | Promise<Launch>;
  /** Resolves when the part serves. It is abandoned when the child exits or the time is over. */
  ready(child: Child, signal: AbortSignal): Promise<Ready>;
  readonly readyWithinMs: number;
  /** How often a start that fails is tried, for parts whose first start after a crash can fail. */
  readonly startAttempts: number;
  /** Signals from polite to final, each with the time it is given. */
  readonly stopSignals: readonly (readonly [NodeJS.Signals, number])[];
}

const retryPauseMs = 500;

/** One part of the system: a child process that can be started, waited for, stopped and started again. */
export class Part<Ready = void> {
  private child: Child | undefined;
  private stopping = false;
  private crashed: ((exit: Exit) => void) | undefined;

  constructor(private readonly plan: PartPlan<Ready>) {}

  get name(): string {
    return this.plan.name;
  }

  get title(): string {
    return this.plan.title;
  }

  get log(): PartLog {
    return this.plan.log;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Called when the part ends although nobody asked it to. */
  onCrash(handler: (exit: Exit) => void): void {
    this.crashed = handler;
  }

  async start(): Promise<Ready> {
    this.stopping = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.startOnce();
      } catch (error) {
        if (attempt >= this.plan.startAttempts || this.stopping) throw error;
        await wait(retryPauseMs);
        if (this.stopping) throw error;
      }
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends the child with each signal in turn until it is gone. Nothing outlives the last one, SIGKILL. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.plan.log.quiet = true;
    const child = this.child;
    if (!child) return;
    for (const [signal, ms] of this.plan.stopSignals) {
      child.kill(signal);
      if (await child.exitedWithin(ms)) return;
    }
    child.kill('SIGKILL');
    await child.exitedWithin(2_000);
  }

  /** Waits until a child that was killed from outside is gone. */
  async gone(ms: number): Promise<boolean> {
    return this.child ? this.child.exitedWithin(ms) : true;
  }

  private async startOnce(): Promise<Ready> {
    const launch = await this.plan.launch();
    this.plan.log.begin();
    const child = new Child(launch, this.plan.log);
    this.child = child;
    const ready = await this.waitUntilReady(child);
    void child.exited.then((exit) => {
      if (!this.stopping && this.child === child) this.crashed?.(exit);
    });
    return ready;
  }

  private async waitUntilReady(child: Child): Promise<Ready> {
    const done = new AbortController();
    const late = wait(this.plan.readyWithinMs, undefined, { signal: done.signal }).then(() => {
      throw new Error(`did not get ready within ${this.plan.readyWithinMs / 1000} s`);
    });
    const ended = child.exited.then((exit) => {
      throw new Error(describeExit(exit));
    });
    try {
      return await Promise.race([this.plan.ready(child, done.signal), late, ended]);
    } catch (error) {
      child.kill('SIGKILL');
      await child.exitedWithin(2_000);
      if (error instanceof StartError) throw error;
      throw this.failure(reason(error));
    } finally {
      done.abort();
      late.catch(() => undefined);
      ended.catch(() => undefined);
    }
  }

  private failure(why: string): StartError {
    const lines = this.plan.log.lastLines();
    return new StartError(`${this.plan.title} ${why}${lines ? `\n  ${lines}` : ''}`, 'read the lines above; the log has all of them', this.plan.logPath);
  }
}

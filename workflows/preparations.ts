/** Fetching and building ahead of the gates: it touches nothing that runs. A failure is met by the step that needs it. */
import { CancellationScope } from '@temporalio/workflow';
import type { GraphStep } from '../spec/graph-types.js';
import { changing } from './activities.js';
import type { PlacementWork } from './shared.js';

export interface Preparing {
  step(id: string): GraphStep | undefined;
  work(step: GraphStep): PlacementWork;
  /** How much is under way on hosts. */
  inFlight(): number;
  begun(): void;
  landed(): void;
}

/** Leaves room for steps that may start already: Temporal takes at most 2,000 activities of a workflow at a time. */
const inFlightMax = 600;

export class Preparations {
  private readonly wanted = new Set<string>();
  private readonly begun = new Map<string, { done: Promise<unknown>; scope: CancellationScope }>();

  constructor(private readonly run: Preparing, private readonly effects: CancellationScope) {}

  want(id: string): void {
    this.wanted.add(id);
    this.startWhatMay();
  }

  startWhatMay(): void {
    for (const id of this.wanted) {
      if (this.run.inFlight() >= inFlightMax) return;
      this.wanted.delete(id);
      const step = this.run.step(id);
      if (step !== undefined) this.start(step);
    }
  }

  private start(step: GraphStep): void {
    const work = this.run.work(step);
    const scope = new CancellationScope({ cancellable: true, parent: this.effects });
    this.run.begun();
    const done = scope.run(() => changing(step.host).prepare(work));
    done.catch(() => undefined).finally(() => this.run.landed());
    this.begun.set(step.id, { done, scope });
  }

  /** The step starts: what is not fetched by now is fetched by the step itself. */
  overtake(id: string): void {
    this.wanted.delete(id);
  }

  /** Rejects with what it failed with; nothing when nothing was begun. (Not async: a turn more would be another order of commands.) */
  done(id: string): Promise<unknown> | undefined {
    return this.begun.get(id)?.done;
  }

  /** The step has ended. */
  forget(id: string): void {
    this.begun.delete(id);
  }

  cancel(id: string): void {
    this.begun.get(id)?.scope.cancel();
  }

  /** Whatever was wanted was wanted of another version. */
  forgetAll(): void {
    this.begun.clear();
    this.wanted.clear();
  }
}

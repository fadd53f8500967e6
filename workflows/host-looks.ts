/** Asking hosts what they have: each once, all at once; and what becomes of the steps of one that does not answer. */
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { PlacementPlan } from '../spec/plan.js';
import { observing } from './activities.js';
import { toStepFailure } from './failures.js';
import { inWords, longestSilenceMs, silenceOf, type Silence } from './host-silence.js';
import type { RolloutBoard } from './rollout-board.js';
import type { HostWork, StepFailure } from './shared.js';

export interface Asking {
  board(): RolloutBoard;
  work(host: string): HostWork;
  /** What a host said of one placement. */
  take(host: string, plan: PlacementPlan): void;
  /** Something may have become possible. */
  news(): void;
}

interface Look { state: 'asked' | 'seen' }

/** Temporal takes at most 2,000 activities of a workflow at a time; the other half is for what is done on hosts. */
const askedMax = 900;

/** The question ends by itself when nobody has ended it: silence is judged before. */
const lastResortMs = 60_000;

export class HostLooks {
  private readonly looks: Map<string, Look>;
  private asking: CancellationScope;
  /** Questions that are not answered yet. */
  open = 0;
  /** Hosts that are asked as others answer. */
  private readonly queue = new Set<string>();

  constructor(private readonly run: Asking, private readonly effects: CancellationScope, seen: readonly string[] = []) {
    this.looks = new Map(seen.map((host) => [host, { state: 'seen' }]));
    this.asking = new CancellationScope({ cancellable: true, parent: effects });
  }

  isSeen(host: string): boolean {
    return this.looks.get(host)?.state === 'seen';
  }

  get seen(): string[] {
    return [...this.looks].flatMap(([host, look]) => (look.state === 'seen' ? [host] : []));
  }

  /** Every host at once that has open steps and has not answered yet; one question for all its placements. */
  askAll(): void {
    const board = this.run.board();
    for (const { id, host } of board.graph.steps) if (!this.looks.has(host) && board.isStartable(id)) this.queue.add(host);
    this.askNext();
  }

  private askNext(): void {
    for (const host of this.queue) {
      if (this.open >= askedMax) return;
      this.queue.delete(host);
      void this.ask(host, this.run.board());
    }
  }

  /** What was seen was of another version. */
  forget(): void {
    this.looks.clear();
    this.queue.clear();
  }

  /** Hosts that have not answered count as never asked. */
  stopAsking(): void {
    this.queue.clear();
    this.asking.cancel();
    this.asking = new CancellationScope({ cancellable: true, parent: this.effects });
  }

  private async ask(host: string, board: RolloutBoard): Promise<void> {
    const look: Look = { state: 'asked' };
    this.looks.set(host, look);
    this.open += 1;
    const silences = silenceOf(board.graph, host);
    const scope = new CancellationScope({ cancellable: true, parent: this.asking });
    const answered = { yet: false };
    void this.whileSilent(host, board, silences, answered, scope);
    try {
      const { placements } = await scope.run(() => observing(host, longestSilenceMs(silences) + lastResortMs).observe(this.run.work(host)));
      if (this.run.board() === board) for (const plan of placements) this.run.take(host, plan);
      look.state = 'seen';
    } catch (error) {
      if (this.looks.get(host) === look) this.looks.delete(host);
      if (!isCancellation(error)) failAll(board, board.awaited(host), toStepFailure(error, host));
    } finally {
      answered.yet = true;
      this.open -= 1;
      this.askNext();
      this.run.news();
    }
  }

  /** Says that a host is silent, and gives up on its steps when the document says so. */
  private async whileSilent(host: string, board: RolloutBoard, silences: readonly Silence[], answered: { yet: boolean }, scope: CancellationScope): Promise<void> {
    let waitedMs = 0;
    for (const { afterMs, then, bindings } of silences) {
      if (await condition(() => answered.yet, Math.max(1, afterMs - waitedMs)) || this.run.board() !== board) return;
      waitedMs = afterMs;
      const steps = board.awaited(host).filter((id) => bindings.has(board.graphStep(id)?.binding ?? -1));
      if (then === 'say') for (const id of steps) board.set(id, { state: 'waiting', reason: `waiting for the host ${host}: it does not answer` }, { blocked_by: [] });
      if (then === 'skip') for (const id of steps) board.set(id, { state: 'skipped', reason: `skipped: the host ${host} is offline, and its binding does not wait` });
      if (then === 'fail') failAll(board, steps, offline(host, afterMs));
      this.run.news();
      if (then !== 'say' && board.awaited(host).length === 0) scope.cancel();
    }
  }
}

function failAll(board: RolloutBoard, steps: readonly string[], failure: StepFailure): void {
  for (const id of steps) board.set(id, { state: 'failed', reason: failure.message, failure });
}

const offline = (host: string, afterMs: number): StepFailure => ({
  code: 'host_offline', message: `${host} did not answer for ${inWords(afterMs)}`, fix: 'Bring the host back, then retry; or skip its steps.', phase: null, put_back: false, output_tail: '', phases: [],
});

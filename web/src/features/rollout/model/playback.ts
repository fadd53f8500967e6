/** A rollout as it stood at any moment of its past, from its stored events. */
import type { Event, Rollout, Step } from '../../../api/types.js';
import { addEvent, copyLog, emptyLog, type RolloutLog } from './rollout-log.js';
import { RolloutFolder, type RolloutModel } from './rollout-model.js';

/** So many events are folded at most to go anywhere. */
const betweenCopies = 5_000;

/** What nobody knew yet when the rollout began; the plans are shown from the start, since they say what is about to happen. */
const unbegun = (step: Step): Step => ({
  ...step, state: 'pending', phase: null, attempt: 1, reason: '', blocked_by: [], failure: null, phases: [], operations: [], tests: [], started_at: null, ended_at: null,
});
const beginning = (snapshot: Rollout): Rollout => ({ ...snapshot, state: 'pending', reason: '', ended_at: null, rolled_back_by: null, steps: snapshot.steps.map(unbegun), answers: [] });

export class Playback {
  private readonly events: readonly Event[];
  private readonly times: number[];
  private readonly base: Rollout;
  private readonly copies: RolloutLog[];
  private readonly folder = new RolloutFolder();
  private log: RolloutLog;
  /** So many events are in `log`. */
  private at = 0;

  /** `events`: of this rollout, in any order. */
  constructor(private readonly snapshot: Rollout, events: readonly Event[]) {
    this.events = [...new Map(events.map((event) => [event.id, event])).values()].sort((left, right) => left.id - right.id);
    // The clocks of hosts differ by a little; a moment never comes before the one that was told of earlier.
    let latest = Number.NEGATIVE_INFINITY;
    this.times = this.events.map(({ ts }) => (latest = Math.max(latest, Date.parse(ts))));
    this.base = beginning(snapshot);
    this.log = emptyLog(snapshot.rollout_id);
    this.copies = [copyLog(this.log)];
  }

  get count(): number {
    return this.events.length;
  }

  get startMs(): number {
    return this.times[0] ?? Date.parse(this.snapshot.created_at);
  }

  get endMs(): number {
    return this.times.at(-1) ?? this.startMs;
  }

  /** Moments at which the rollout's own state changed, for marks on the scrubber. */
  get marks(): { atMs: number; state: string }[] {
    return this.events.flatMap(({ type, data }, index) => {
      const state = type === 'rollout.state' && typeof data === 'object' && data !== null && 'state' in data ? data.state : null;
      return typeof state === 'string' ? [{ atMs: this.times[index] ?? this.startMs, state }] : [];
    });
  }

  /** The rollout as it was told to stand at that moment. */
  modelAt(ms: number): RolloutModel {
    this.seek(this.countUntil(ms));
    const answers = this.snapshot.answers.filter(({ at }) => Date.parse(at) <= ms);
    return { ...this.folder.model(this.base, this.log), answers };
  }

  private countUntil(ms: number): number {
    let low = 0;
    let high = this.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.times[middle] ?? 0) <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private seek(count: number): void {
    const nearest = Math.min(Math.floor(count / betweenCopies), this.copies.length - 1);
    if (count < this.at || nearest * betweenCopies > this.at) {
      const copy = this.copies[nearest];
      this.log = copy === undefined ? emptyLog(this.snapshot.rollout_id) : copyLog(copy);
      this.at = nearest * betweenCopies;
    }
    for (; this.at < count; this.at += 1) {
      if (this.at % betweenCopies === 0 && this.copies.length === this.at / betweenCopies) this.copies.push(copyLog(this.log));
      const event = this.events[this.at];
      if (event !== undefined) addEvent(this.log, event);
    }
  }
}

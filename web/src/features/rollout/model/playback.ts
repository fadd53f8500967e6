/** A rollout as it stood at any moment of its past, from its stored events. */
import type { Event, Rollout, Step } from '../../../api/types.js';
import { addEvent, copyLog, emptyLog, type RolloutLog } from './rollout-log.js';
import { RolloutFolder, type RolloutModel } from './rollout-model.js';

/** So many events are folded at most to go anywhere. */
const betweenCopies = 4_000;

/** What nobody knew yet when the rollout began; the plans are shown from the start, since they say what is about to happen. */
const unbegun = (step: Step): Step => ({
  ...step, state: 'pending', phase: null, attempt: 1, reason: '', blocked_by: [], failure: null, phases: [], operations: [], tests: [], started_at: null, ended_at: null,
});
const beginning = (snapshot: Rollout): Rollout => ({ ...snapshot, state: 'pending', reason: '', ended_at: null, rolled_back_by: null, steps: snapshot.steps.map(unbegun), answers: [] });

/** The stored events as they are read, with copies of what was known on the way: going anywhere starts from the nearest. */
export class Tape {
  readonly events: Event[] = [];
  readonly times: number[] = [];
  readonly copies: RolloutLog[];
  private readonly log: RolloutLog;

  constructor(rolloutId: string) {
    this.log = emptyLog(rolloutId);
    this.copies = [copyLog(this.log)];
  }

  /** By increasing id, as the log of a rollout has them; what comes again is passed over. */
  add(events: readonly Event[]): void {
    for (const event of events) {
      if (event.id <= (this.events.at(-1)?.id ?? -1)) continue;
      // The clocks of hosts differ by a little; a moment never comes before the one that was told of earlier.
      this.times.push(Math.max(this.times.at(-1) ?? Number.NEGATIVE_INFINITY, Date.parse(event.ts)));
      this.events.push(event);
      addEvent(this.log, event);
      if (this.events.length % betweenCopies === 0) this.copies.push(copyLog(this.log));
    }
  }
}

export class Playback {
  private readonly base: Rollout;
  private readonly folder = new RolloutFolder();
  private log: RolloutLog;
  /** So many events are in `log`. */
  private at = 0;

  constructor(private readonly snapshot: Rollout, private readonly tape: Tape) {
    this.base = beginning(snapshot);
    this.log = emptyLog(snapshot.rollout_id);
  }

  get count(): number {
    return this.tape.events.length;
  }

  get startMs(): number {
    return this.tape.times[0] ?? Date.parse(this.snapshot.created_at);
  }

  get endMs(): number {
    return this.tape.times.at(-1) ?? this.startMs;
  }

  /** Moments at which the rollout's own state changed, for marks on the scrubber. */
  get marks(): { atMs: number; state: string }[] {
    return this.tape.events.flatMap(({ type, data }, index) => {
      const state = type === 'rollout.state' && typeof data === 'object' && data !== null && 'state' in data ? data.state : null;
      return typeof state === 'string' ? [{ atMs: this.tape.times[index] ?? this.startMs, state }] : [];
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
    let high = this.tape.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.tape.times[middle] ?? 0) <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private seek(count: number): void {
    const { copies, events } = this.tape;
    const nearest = Math.min(Math.floor(count / betweenCopies), copies.length - 1);
    if (count < this.at || nearest * betweenCopies > this.at) {
      const copy = copies[nearest];
      this.log = copy === undefined ? emptyLog(this.snapshot.rollout_id) : copyLog(copy);
      this.at = copy === undefined ? 0 : nearest * betweenCopies;
    }
    for (const event of events.slice(this.at, count)) addEvent(this.log, event);
    this.at = count;
  }
}

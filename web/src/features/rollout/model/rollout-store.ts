/** A rollout that is being followed: what is known, and who wants to hear of news. Free of React and of the network. */
import type { Event, Rollout } from '../../../api/types.js';
import { addEvents, emptyLog, type RolloutLog } from './rollout-log.js';
import { RolloutFolder, type RolloutModel } from './rollout-model.js';

export class RolloutStore {
  private readonly log: RolloutLog;
  private readonly folder = new RolloutFolder();
  private readonly listeners = new Set<() => void>();
  private snapshot: Rollout | null = null;
  private current: RolloutModel | null = null;
  private held = false;

  constructor(rolloutId: string) {
    this.log = emptyLog(rolloutId);
  }

  /** From here on a stream goes on without a hole, when everything up to it has been read in order. */
  get lastId(): number {
    return this.log.lastId;
  }

  /** While the past is being read, half of it is not shown: it would tell of states that are long over. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.changed();
  }

  setSnapshot(snapshot: Rollout): void {
    if (snapshot === this.snapshot) return;
    this.snapshot = snapshot;
    this.changed();
  }

  add(events: readonly Event[]): void {
    if (addEvents(this.log, events) && !this.held) this.changed();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The same object until something changes; null before the snapshot is there. */
  readonly model = (): RolloutModel | null => this.current;

  private changed(): void {
    if (this.snapshot === null) return;
    this.current = this.folder.model(this.snapshot, this.held ? emptyLog(this.log.rolloutId) : this.log);
    for (const listener of this.listeners) listener();
  }
}

/**
 * One life of a host worker. It ends at a fault point: from then on nothing that runs in it goes on, answers or sends a
 * heartbeat, as after kill -9. What was under way at that moment (a request to Docker, a write) may still have its effect.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../host-worker/faults.js';

/** What happens at a fault point: the worker dies, or nobody hears of it for longer than a heartbeat may be late and it goes on. */
export interface Mishap { kind: 'kill' | 'silence'; /** So many more fault points come first, in whichever life. */ after: number }

/** Longer than the heartbeat timeout of the activities that change a host. */
const silenceMs = 13_500;

export class Life {
  private isDead = false;
  private silent = 0;
  private underWay = 0;

  constructor(private readonly mishaps: Mishap[], private readonly on: { death(point: string): void; silence(point: string): void; /** Never resolves; rejects when the test is over. */ never: Promise<never> }) {}

  readonly fault: Fault = async (point) => {
    if (this.isDead) return this.on.never;
    const [mishap] = this.mishaps;
    if (mishap === undefined) return;
    mishap.after -= 1;
    if (mishap.after >= 0) return;
    this.mishaps.shift();
    if (mishap.kind === 'kill') {
      this.isDead = true;
      this.on.death(point);
      return this.on.never;
    }
    this.on.silence(point);
    this.silent += 1;
    await sleep(silenceMs);
    this.silent -= 1;
    if (this.isDead) return this.on.never;
  };

  /** With a point before its answer is sent: what was done and not told. */
  async run<T>(activity: () => Promise<T>): Promise<T> {
    this.underWay += 1;
    try {
      return await this.answered(activity);
    } finally {
      this.underWay -= 1;
    }
  }

  private async answered<T>(activity: () => Promise<T>): Promise<T> {
    let answer: () => T;
    try {
      const result = await activity();
      answer = () => result;
    } catch (error) {
      answer = () => {
        throw error;
      };
    }
    await this.fault('answer');
    return answer();
  }

  /** Nothing goes on in it any more. */
  get isQuiet(): boolean {
    return this.isDead || this.underWay === 0;
  }

  get mayHeartbeat(): boolean {
    return !this.isDead && this.silent === 0;
  }
}

/**
 * Kills the control plane's processes one after the other, and starts them again. The next one is due when so many rollouts
 * have come to rest as the seed says: a slow machine is given time to recover, so that there is something to disturb.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningStack } from '../../scripts/dev-stack.js';
import type { Random } from './random.js';

export type Victim = 'api' | 'gateway' | 'worker' | 'temporal' | 'database';
const victims: readonly Victim[] = ['api', 'gateway', 'worker', 'temporal', 'database'];

export class Chaos {
  readonly kills: Record<Victim, number> = { api: 0, gateway: 0, worker: 0, temporal: 0, database: 0 };
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(private readonly stack: RunningStack, private readonly random: Random, private readonly settled: () => number, private readonly every: readonly [number, number]) {
    this.running = this.rage();
  }

  /** Everything is up again when it resolves. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async rage(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const due = this.settled() + this.random.between(...this.every);
      while (!signal.aborted && this.settled() < due) await sleep(100, undefined, { signal }).catch(() => undefined);
      // In the middle of something, not when it rests.
      await sleep(this.random.between(0, 1_500), undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.strike(this.random.pick(victims));
    }
  }

  async strike(victim: Victim): Promise<void> {
    await this.stack.processes[victim].kill('SIGKILL');
    await sleep(this.random.between(0, 1_500));
    await this.bringBack(victim);
    this.kills[victim] += 1;
  }

  /** On a busy machine a start may take longer than it is given; without the victim nothing would ever go on. */
  private async bringBack(victim: Victim): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.stack.processes[victim].restart();
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  }
}

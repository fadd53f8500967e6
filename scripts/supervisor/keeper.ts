import { setTimeout as wait } from 'node:timers/promises';
import { describeExit } from './child.js';
import { StartError, reason } from './errors.js';
import type { Say } from './logs.js';
import type { Part } from './part.js';

const windowMs = 60_000;
const mostCrashes = 5;
const firstPauseMs = 200;

/** Starts crashed parts again, each time after a longer pause; too many crashes in a minute are reported as the end. */
export class Keeper {
  private readonly crashes = new Map<string, number[]>();
  private stopped = false;

  constructor(
    private readonly say: Say,
    private readonly giveUp: (error: StartError) => void,
  ) {}

  watch(part: Part<unknown>): void {
    part.onCrash((exit) => void this.restart(part, describeExit(exit)));
  }

  stop(): void {
    this.stopped = true;
  }

  private async restart(part: Part<unknown>, why: string): Promise<void> {
    for (let cause = why; !this.stopped; ) {
      const count = this.record(part.name);
      if (count > mostCrashes) return this.giveUp(this.tooOften(part, cause));
      const pause = firstPauseMs * 2 ** (count - 1);
      this.say(`${part.title} ${cause}; starting it again in ${pause / 1000} s`);
      await wait(pause);
      if (this.stopped) return;
      try {
        await part.start();
        return this.say(`${part.title} is up again`);
      } catch (error) {
        cause = `could not start again: ${reason(error)}`;
      }
    }
  }

  private record(name: string): number {
    const recent = (this.crashes.get(name) ?? []).filter((time) => time > Date.now() - windowMs);
    recent.push(Date.now());
    this.crashes.set(name, recent);
    return recent.length;
  }

  private tooOften(part: Part<unknown>, cause: string): StartError {
    const lines = part.log.lastLines();
    return new StartError(`${part.title} crashed more than ${mostCrashes} times in a minute; the last time it ${cause}${lines ? `\n  ${lines}` : ''}`, 'read the lines above and the log of the part, then start again', `${part.name}.log`);
  }
}

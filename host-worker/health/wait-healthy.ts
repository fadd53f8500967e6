/**
 * Waiting for green during a rollout. Polling starts at once and backs off; the first success ends it. Failures
 * inside the start period do not count; after it, `retries` of them, `interval` apart, do. What has died is not
 * waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthTiming } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { Probe } from './probe.js';

/** null while it lives; else how it ended, as the end of a sentence ("exited with code 1"). */
export type DeathCheck = () => Promise<string | null>;

export interface HealthWait {
  /** For messages: "container web". */
  what: string;
  probe: Probe | null;
  timing: HealthTiming | null;
  death: DeathCheck;
  signal: AbortSignal;
  tell: (line: string) => void;
}

const firstDelayMs = 50;
const backOff = 1.5;
const longestDelayMs = 1_000;
const deathPollMs = 200;
/** Without a health check: it has to be up, and still be up after this. */
export const settleMs = 250;

/** Answers with what was seen last. Throws healthcheck_failed or, when it died, runtime_error. */
export async function waitHealthy(wait: HealthWait): Promise<string> {
  const over = new AbortController();
  const either = AbortSignal.any([wait.signal, over.signal]);
  const { probe, timing } = wait;
  try {
    if (probe === null || timing === null) return await settled(wait);
    return await Promise.race([untilDead(wait, either), untilGreen({ ...wait, signal: either }, probe, timing)]);
  } finally {
    over.abort();
  }
}

async function settled(wait: HealthWait): Promise<string> {
  await throwIfDead(wait);
  await sleep(settleMs, undefined, { signal: wait.signal });
  await throwIfDead(wait);
  return 'running';
}

async function untilDead(wait: HealthWait, signal: AbortSignal): Promise<never> {
  for (;;) {
    await throwIfDead(wait);
    await sleep(deathPollMs, undefined, { signal });
  }
}

async function throwIfDead({ what, death }: HealthWait): Promise<void> {
  const end = await death();
  if (end !== null) throw new MaestroError('runtime_error', `${what} ${end}`, { fix: 'Read its last lines, mend its configuration or image, and retry.' });
}

async function untilGreen(wait: HealthWait, probe: Probe, timing: HealthTiming): Promise<string> {
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  let counted = 0;
  let nextCountAt = timing.start_period_ms;
  let lastDetail = '';
  for (let delay = firstDelayMs; ; delay = Math.min(delay * backOff, timing.interval_ms, longestDelayMs)) {
    // Short enough that a hanging answer inside the start period does not hide a green one after it.
    const { ok, detail } = await probe(timing.timeout_ms, wait.signal);
    wait.signal.throwIfAborted();
    if (ok) {
      // Somebody else may have answered in its place.
      await throwIfDead(wait);
      return detail;
    }
    if (elapsed() >= nextCountAt) {
      counted += 1;
      nextCountAt = elapsed() + timing.interval_ms;
      wait.tell(`health: ${detail} (${String(counted)} of ${String(timing.retries)})`);
      if (counted >= timing.retries) {
        // One that has died is told as dead, and one whose Docker went away is not judged.
        await throwIfDead(wait);
        throw unhealthy(wait.what, detail, counted);
      }
    } else if (detail !== lastDetail) {
      wait.tell(`health: ${detail}`);
    }
    lastDetail = detail;
    await sleep(delay, undefined, { signal: wait.signal });
  }
}

function unhealthy(what: string, detail: string, retries: number): MaestroError {
  return new MaestroError('healthcheck_failed', `healthcheck of ${what}: ${detail} (${String(retries)} of ${String(retries)})`, {
    fix: 'Read its last lines; if it only needs longer to start, raise healthcheck.start_period.', details: { detail },
  });
}

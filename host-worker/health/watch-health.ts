/** Watching something for a while after it turned green: it has to stay alive, and to stay healthy. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MaestroError } from '../../spec/errors.js';
import type { HealthWait } from './wait-healthy.js';

/** A check on a long interval is asked more often while it is watched; one on a short interval not more than that. */
const longestStepMs = 2_000;
const shortestStepMs = 200;

/**
 * Ends well after `durationMs`. Throws runtime_error as soon as it has died (or was started again), healthcheck_failed
 * when its check fails as often in a row as `retries` says, or still fails at the end.
 */
export async function watchHealth(wait: HealthWait, durationMs: number): Promise<void> {
  const { probe, timing, what } = wait;
  const until = performance.now() + durationMs;
  const stepMs = Math.max(shortestStepMs, Math.min(timing?.interval_ms ?? longestStepMs, longestStepMs));
  let red: string[] = [];
  for (;;) {
    const end = await wait.death();
    if (end !== null) throw new MaestroError('runtime_error', `${what} ${end} while it was watched`, { fix: 'Read its last lines, mend its configuration or image, and retry.' });
    if (probe !== null && timing !== null) {
      const { ok, detail } = await probe(timing.timeout_ms, wait.signal);
      wait.signal.throwIfAborted();
      red = ok ? [] : [...red, detail];
      if (!ok) wait.tell(`health: ${detail} (${String(red.length)} of ${String(timing.retries)})`);
      if (red.length >= timing.retries) throw turnedRed(what, red);
    }
    const leftMs = until - performance.now();
    if (leftMs <= 0 && red.length > 0) throw turnedRed(what, red);
    if (leftMs <= 0) return;
    await sleep(Math.min(stepMs, leftMs), undefined, { signal: wait.signal });
  }
}

function turnedRed(what: string, red: readonly string[]): MaestroError {
  const detail = red.at(-1) ?? '';
  return new MaestroError('healthcheck_failed', `healthcheck of ${what} while it was watched: ${detail} (${String(red.length)} in a row)`, { fix: 'Read its last lines; mend the version and retry, or roll back.', details: { detail } });
}

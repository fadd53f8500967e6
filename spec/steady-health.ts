/**
 * What single looks at a component's health come to. One look that fails is not an unhealthy component: as many as
 * `retries` in a row are, and those inside of the start period do not count before the first success. Pure.
 */
import type { HealthTiming } from './desired.js';
import type { ObservedHealth } from './observed.js';

/** What is remembered of a placement from look to look. */
export interface HealthMemory {
  /** What was running: another container, or another start, begins anew. */
  mark: string;
  /** The last look, in milliseconds of any steady clock. */
  atMs: number;
  seen: ObservedHealth;
  failures: number;
  /** It was healthy at least once since its start. */
  proven: boolean;
}

export interface HealthLook { mark: string; atMs: number; seen: ObservedHealth; /** For how long it has been up; null: not known. */ upForMs: number | null }

export function remember(before: HealthMemory | undefined, { mark, atMs, seen, upForMs }: HealthLook, { start_period_ms: startPeriodMs }: HealthTiming): HealthMemory {
  const known = before?.mark === mark ? before : undefined;
  if (seen.ok) return { mark, atMs, seen, failures: 0, proven: true };
  const starting = known?.proven !== true && upForMs !== null && upForMs < startPeriodMs;
  return { mark, atMs, seen, failures: starting ? 0 : (known?.failures ?? 0) + 1, proven: known?.proven ?? false };
}

/** What is told; null while it cannot be said yet. */
export function told({ seen, failures, proven }: HealthMemory, { retries }: HealthTiming): ObservedHealth | null {
  if (seen.ok || failures >= retries) return seen;
  return proven ? { ok: true, detail: `the last look failed (${failures} of ${retries}): ${seen.detail}` } : null;
}

const soonMs = 1_000;

/** When it is to be looked at again: at its interval, and soon while it has to be found out whether it is unwell. */
export function dueAtMs({ atMs, seen, failures }: HealthMemory, { interval_ms: intervalMs, retries }: HealthTiming): number {
  return atMs + (!seen.ok && failures < retries ? Math.min(soonMs, intervalMs) : Math.max(intervalMs, soonMs));
}

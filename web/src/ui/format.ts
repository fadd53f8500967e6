/** Times and durations as text; pure. */
import { uiWords } from './words.js';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `12ms`, `0.4s`, `12s`, `1m 05s`, `2h 03m`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 100) return `${Math.round(ms)}ms`;
  if (ms < 10 * secondMs) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (ms < minuteMs) return `${Math.floor(ms / secondMs)}s`;
  const two = (value: number) => String(value).padStart(2, '0');
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)}m ${two(Math.floor((ms % minuteMs) / secondMs))}s`;
  return `${Math.floor(ms / hourMs)}h ${two(Math.floor((ms % hourMs) / minuteMs))}m`;
}

/** The same in whole seconds, for what goes on: `7s`, `1m 05s`. */
export const formatTicking = (durationMs: number): string => {
  const seconds = Math.max(0, Math.floor(durationMs / secondMs));
  return seconds < 10 ? `${seconds}s` : formatDuration(seconds * secondMs);
};

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'long' });
const steps: [limitMs: number, unitMs: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [hourMs, minuteMs, 'minute'],
  [dayMs, hourMs, 'hour'],
  [30 * dayMs, dayMs, 'day'],
  [365 * dayMs, 30 * dayMs, 'month'],
  [Number.POSITIVE_INFINITY, 365 * dayMs, 'year'],
];

/** `just now`, `4 minutes ago`. The future (a clock that is off) counts as now. */
export function formatAgo(thenMs: number, nowMs: number): string {
  const age = nowMs - thenMs;
  if (age < minuteMs) return uiWords.justNow;
  const step = steps.find(([limit]) => age < limit);
  return step ? relative.format(-Math.floor(age / step[1]), step[2]) : uiWords.justNow;
}

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
export const formatExact = (thenMs: number): string => exact.format(thenMs);

/** `512 B`, `12.4 KB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KB` : `${(kib / 1024).toFixed(1)} MB`;
}

/** The small spellings of the language: durations, octal modes, fractions, memory, ids. */
import { z } from 'zod';

const hourMs = 3_600_000;
const durationUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: hourMs };

/** Longer ones overflow the timers they are for. */
const maxDurationMs = 24 * 24 * hourMs;

/** `500ms`, `10s`, `1h30m`; a bare number is seconds. Milliseconds, or null when it is none of these. */
export function parseDurationMs(value: string | number): number | null {
  const ms = Math.round(typeof value === 'number' ? value * 1000 : textMs(value.trim()));
  return ms >= 0 && ms <= maxDurationMs ? ms : null;
}

function textMs(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return NaN;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce((sum, [, amount, unit]) => sum + Number(amount) * (durationUnits[unit ?? ''] ?? 0), 0);
}

/** Octal text in any spelling (`0640`, `640`, `0o640`) to a number, or null. */
export function parseMode(value: string): number | null {
  const digits = /^(?:0o)?([0-7]{1,5})$/.exec(value.trim())?.[1];
  const mode = digits === undefined ? NaN : Number.parseInt(digits, 8);
  return mode <= 0o7777 ? mode : null;
}

const memoryUnits: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** `512m`, `1.5g`, `256MiB`, or bytes. */
export function parseMemoryBytes(value: string | number): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(String(value).trim());
  const unit = memoryUnits[(match?.[2] ?? '').toLowerCase()];
  const bytes = match === null || unit === undefined ? NaN : Math.round(Number(match[1]) * unit);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : null;
}

/** `0.5` or `"0.5"`, to the nano-CPUs that Docker counts in. */
export function parseCpus(value: string | number): number | null {
  const nanos = typeof value === 'number' || /^\d+(\.\d+)?$/.test(value.trim()) ? Math.round(Number(value) * 1e9) : NaN;
  return nanos >= 1e7 && nanos <= 1e13 ? nanos / 1e9 : null;
}

/** A number in (0, 1], or a percentage. */
export function parseFraction(value: string | number): number | null {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(value.trim()) : null;
  const fraction = match ? Number(match[1]) / 100 : typeof value === 'number' || /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : NaN;
  return fraction > 0 && fraction <= 1 ? fraction : null;
}

/** How a spelling is told to editors, which check a document before it is read here: its name, and its form as text and as number. */
interface Spelling { title: string; pattern: string; number: { minimum?: number; exclusiveMinimum?: number; maximum?: number } }

const converted = <T>(parse: (value: string | number) => T | null, expected: string, { title, pattern, number }: Spelling) =>
  z.union([z.string().meta({ pattern: `^\\s*(?:${pattern})\\s*$` }), z.number().meta(number)], { error: `expected ${expected}` }).transform((value, context) => {
    const result = parse(value);
    if (result !== null) return result;
    context.addIssue({ code: 'custom', message: `"${String(value).slice(0, 80)}" is not ${expected}`, params: { fix: `Write ${expected}.` } });
    return z.NEVER;
  }).meta({ title });

const amount = '\\d+(?:\\.\\d+)?';

export const duration = converted(parseDurationMs, 'a duration such as 500ms, 10s, 2m or 1h30m (at most 24 days)', {
  title: 'duration', pattern: `${amount}|(?:${amount}(?:ms|s|m|h))+`, number: { minimum: 0, maximum: maxDurationMs / 1000 },
});
export const memory = converted(parseMemoryBytes, 'an amount of memory such as 512m or 1.5g', {
  title: 'amount of memory', pattern: `${amount}\\s*[bkmgtBKMGT]?(?:[iI]?[bB])?`, number: { exclusiveMinimum: 0 },
});
export const cpus = converted(parseCpus, 'a number of CPUs such as 0.5 or 2 (at least 0.01)', {
  title: 'number of CPUs', pattern: amount, number: { minimum: 0.01, maximum: 10_000 },
});
export const fraction = converted(parseFraction, 'a fraction in (0, 1] or a percentage such as 20%', {
  title: 'fraction', pattern: `${amount}%?`, number: { exclusiveMinimum: 0, maximum: 1 },
});
/** As number an editor sees the digits of `0640` as decimal ones. */
export const mode = converted((value) => parseMode(String(value)), 'an octal file mode such as 0640 (digits 0 to 7, at most 07777)', {
  title: 'file mode', pattern: '(?:0o)?0?[0-7]{1,4}', number: { minimum: 0, maximum: 7777 },
});

export const idPattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;
export const idRule = 'ids are lower-case letters, digits, ".", "_" and "-", start with a letter or digit, and have at most 63 characters';

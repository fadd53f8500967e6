import type { Diagnostic } from '../errors.js';

export const maxFindings = 500;

/** Each place and message once (an alias or a default is found wherever it is used), and an answer of readable size. */
export function boundedFindings(found: readonly Diagnostic[]): Diagnostic[] {
  const once = [...new Map(found.map((one) => [`${one.code} ${one.line}:${one.column} ${one.message}`, one])).values()];
  const [next] = once.slice(maxFindings);
  if (next === undefined) return once;
  return [...once.slice(0, maxFindings), { ...next, message: `and ${once.length - maxFindings} more`, suggested_fix: 'Correct those above first.' }];
}

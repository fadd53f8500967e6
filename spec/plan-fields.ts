/** Field-level comparison: short printable values, and never the value of an environment variable. */
import { canonicalJson } from './hash.js';
import type { FieldChange } from './plan.js';

const maxLength = 160;

export function fieldChange(field: string, kind: FieldChange['kind'], from: unknown, to: unknown): FieldChange {
  return { field, kind, from: printable(from), to: printable(to) };
}

function printable(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}

export const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

/** What stands for a secret variable when it is compared. */
export const secretDigestText = (digest: string): string => `secret ${digest}`;

/** One change per variable, named but without its values: they may be secret. */
export function envChanges(kind: FieldChange['kind'], from: Readonly<Record<string, string>>, to: Readonly<Record<string, string>>): FieldChange[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names.filter((name) => from[name] !== to[name]).map((name) => ({
    field: `env.${name}`, kind,
    from: from[name] === undefined ? null : '(set)',
    to: to[name] === undefined ? null : from[name] === undefined ? '(set)' : '(changed)',
  }));
}

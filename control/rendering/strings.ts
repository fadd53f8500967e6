/** Finds and replaces the strings of a component that may hold `{{ }}`, by path. */
import type { Path } from '../../spec/document/path.js';

export interface FoundString { path: Path; text: string }

export function stringsIn(value: unknown, path: Path = []): FoundString[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => stringsIn(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => stringsIn(member, [...path, key]));
}

/** The same value with each string replaced by what `replace` says for its path. */
export function mapStrings<T>(value: T, replace: (text: string, path: Path) => string, path?: Path): T;
export function mapStrings(value: unknown, replace: (text: string, path: Path) => string, path: Path = []): unknown {
  if (typeof value === 'string') return replace(value, path);
  if (Array.isArray(value)) return value.map((item, index) => mapStrings(item, replace, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapStrings(member, replace, [...path, key])]));
}

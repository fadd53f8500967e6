/** Finds and replaces the strings of a component that may hold `{{ }}`, by path. */
import type { Component } from '../../spec/document/index.js';
import type { Path } from '../../spec/document/path.js';

export interface FoundString { path: Path; text: string }

/** In a document `{#` starts no comment: a shell command may have it. */
export const isTemplate = (text: string): boolean => text.includes('{{') || text.includes('{%');

/** Everything in a component that is a template. Metrics, names of tests and the like are taken as they are written. */
export const renderedParts = ({ source, build, run, healthcheck, tests, config: { templates, files, vars, secrets } }: Component): object =>
  ({ source, build, run, healthcheck, tests, config: { templates, files, vars, secrets } });

/** The strings that are templates. */
export function templatesIn(value: unknown, path: Path = []): FoundString[] {
  if (typeof value === 'string') return isTemplate(value) ? [{ path, text: value }] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => templatesIn(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => templatesIn(member, [...path, key]));
}

/** The same value with what `replacements` has for a path in its place; what does not change is not copied. */
export function withStrings<T>(value: T, replacements: ReadonlyMap<string, string>): T;
export function withStrings(value: unknown, replacements: ReadonlyMap<string, string>): unknown {
  const inside = (part: unknown, path: Path): unknown => {
    if (typeof part === 'string') return isTemplate(part) ? replacements.get(pathKey(path)) ?? part : part;
    if (Array.isArray(part)) return changed(part, part.map((item, index) => inside(item, [...path, index])));
    if (typeof part !== 'object' || part === null) return part;
    const members = Object.entries(part);
    const replaced = members.map(([key, member]) => inside(member, [...path, key]));
    return members.every(([, member], index) => member === replaced[index]) ? part : Object.fromEntries(members.map(([key], index) => [key, replaced[index]]));
  };
  return replacements.size === 0 ? value : inside(value, []);
}

const changed = (before: readonly unknown[], after: unknown[]): readonly unknown[] => (after.every((item, index) => item === before[index]) ? before : after);

export const pathKey = (path: Path): string => JSON.stringify(path);

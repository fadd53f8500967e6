/** Which files of a bundle a component uses, as far as its document and its templates tell without being rendered. Pure. */
import type { Component } from '../document/index.js';
import { bundlePath } from '../resolve/paths.js';

/** `paths`: files and folders. `any`: a name is made up when it is rendered, so that it may be whatever the bundle has. */
export interface BundleUses { paths: ReadonlySet<string>; any: boolean }

/** `texts`: those of the bundle that a template may include. */
export function bundleUses(components: readonly Component[], texts: Readonly<Record<string, string>>): BundleUses {
  const named = components.flatMap((component) => [...sourcesOf(component), ...stringsIn(component).flatMap(includes)]);
  const paths = new Set<string>();
  let any = false;
  for (const open = [...named]; ;) {
    const name = open.pop();
    if (name === undefined) return { paths, any };
    const path = name === null || isMadeUp(name) ? null : bundlePath(name);
    if (path === null) any ||= name === null || isMadeUp(name);
    else if (!paths.has(path)) {
      paths.add(path);
      open.push(...includes(Object.hasOwn(texts, path) ? texts[path] ?? '' : ''));
    }
  }
}

export const usesPath = ({ paths, any }: BundleUses, path: string): boolean => any || isNamed(paths, path);

/** It is named itself, or lies in a folder that is. */
export const isNamed = (paths: ReadonlySet<string>, path: string): boolean =>
  path.split('/').some((_, index, parts) => paths.has(parts.slice(0, index + 1).join('/')));

const isMadeUp = (text: string): boolean => text.includes('{{') || text.includes('{%');

function sourcesOf({ config, source }: Component): string[] {
  const archive = source?.type === 'archive' && !source.path.startsWith('/') ? [source.path] : [];
  // A folder may be named with a slash at its end.
  return [...config.templates, ...config.files].map((file) => file.source.replace(/\/$/, '')).concat(archive);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

const tag = /\{%-?\s*(?:include|extends|import|from)\b\s*(?:"([^"\\]*)"|'([^'\\]*)')?\s*(-?%\}|ignore\b|import\b|as\b|with\b)?/g;

/** Names that a template takes in; null: one that is not written out. */
const includes = (text: string): (string | null)[] =>
  [...text.matchAll(tag)].map(([, double, single, end]) => (end === undefined ? null : double ?? single ?? null));

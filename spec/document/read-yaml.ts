/**
 * YAML text to plain data plus a way back from a dotted path to its line and column.
 * Bounded whatever the input: size before parsing, then lexemes, depth and aliases.
 */
import { isAlias, isMap, isSeq, isScalar, type Document, type Pair, type YAMLMap } from 'yaml';
import type { Diagnostic } from '../errors.js';
import { checkStructure } from './check-structure.js';
import { composeYaml } from './compose-yaml.js';
import type { Position } from './line-table.js';
import { formatPath, type Path } from './path.js';

export const maxDocumentBytes = 1024 * 1024;

export interface YamlReading {
  value: unknown;
  errors: Diagnostic[];
  /**
   * Where a path stands; the nearest ancestor that exists when it does not. What a host or component has from
   * `defaults` stands there. `key` asks for the key instead of the value.
   */
  locate(path: Path, at?: 'key' | 'value'): Position;
}

const diagnostic = (position: Position, path: Path, message: string, fix: string): Diagnostic => ({
  code: 'validation_error', path: formatPath(path), ...position, message, suggested_fix: fix,
});

const start: Position = { line: 1, column: 1 };
const unread = (errors: Diagnostic[]): YamlReading => ({ value: undefined, locate: () => start, errors });

export function readYaml(written: string): YamlReading {
  // A character is at least one byte of UTF-8: the cheap bound first, the exact one only for what passes it.
  const bytes = written.length > maxDocumentBytes ? written.length : new TextEncoder().encode(written).length;
  if (bytes > maxDocumentBytes) {
    return unread([diagnostic(start, [], 'the document is larger than 1 MiB', 'Move large contents into bundle files and refer to them by path.')]);
  }
  const text = written.startsWith('\uFEFF') ? written.slice(1) : written;
  const { document, troubles, position } = composeYaml(text);
  if (troubles.length > 0) return unread(troubles.map(({ offset, message, fix }) => diagnostic(position(offset), [], message, fix)));
  const structure = checkStructure(document);
  if (structure.length > 0) return unread(structure.map(({ path, offset, message, fix }) => diagnostic(position(offset), path, message, fix)));
  const offsetOf = offsets(document);
  return { value: document.toJS({ maxAliasCount: -1 }), errors: [], locate: (path, at = 'value') => position(offsetOf(path, at)) };
}

type Found = { offset: number; depth: number };

/** Finds offsets by path; each map is indexed once, so that thousands of findings in one map stay cheap. */
function offsets(document: Document): (path: Path, at: 'key' | 'value') => number {
  const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();
  const pairOf = (map: YAMLMap, key: string): Pair | undefined => {
    const index = indexes.get(map) ?? new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]));
    indexes.set(map, index);
    return index.get(key);
  };
  const find = (path: Path, at: 'key' | 'value'): Found => {
    let node: unknown = document.contents;
    let offset = startOf(node) ?? 0;
    for (const [depth, part] of path.entries()) {
      if (isAlias(node)) node = node.resolve(document);
      const pair = isMap(node) ? pairOf(node, String(part)) : undefined;
      const child: unknown = pair ? pair.value : isSeq(node) && typeof part === 'number' ? node.items[part] : undefined;
      if (pair === undefined && child === undefined) return { offset, depth };
      const keyOffset = startOf(pair?.key);
      offset = (at === 'key' && depth === path.length - 1 ? keyOffset : startOf(child)) ?? keyOffset ?? offset;
      node = child;
    }
    return { offset, depth: path.length };
  };
  return (path, at) => {
    const found = find(path, at);
    const defaults = path[0] === 'components' ? 'component' : path[0] === 'hosts' ? 'host' : null;
    if (defaults === null || found.depth === path.length || found.depth < 2) return found.offset;
    const inherited = find(['defaults', defaults, ...path.slice(2)], at);
    return inherited.depth > Math.max(found.depth, 2) ? inherited.offset : found.offset;
  };
}

function startOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
}

/**
 * YAML text to plain data plus a way back from a dotted path to its line and column.
 * Bounded whatever the input: size before parsing, own linear duplicate-key check, depth and alias limits.
 */
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument as parseYaml, visit, type Document, type Node, type Pair } from 'yaml';
import type { Diagnostic } from '../errors.js';

export const maxDocumentBytes = 1024 * 1024;
const maxDepth = 64;
const maxAliases = 100;

export type Path = readonly (string | number)[];
export interface Position { line: number; column: number }
export interface YamlReading {
  value: unknown;
  errors: Diagnostic[];
  /** Where a path stands; the nearest ancestor that exists when it does not. `key` asks for the key instead of the value. */
  locate(path: Path, at?: 'key' | 'value'): Position;
}

const formatPath = (path: Path): string =>
  path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`), '');
export { formatPath };

const diagnostic = (position: Position, path: Path, message: string, fix: string): Diagnostic => ({
  code: 'validation_error', path: formatPath(path), ...position, message, suggested_fix: fix,
});

const nothing: Pick<YamlReading, 'value' | 'locate'> = { value: undefined, locate: () => ({ line: 1, column: 1 }) };

export function readYaml(text: string): YamlReading {
  // A character is at most three bytes of UTF-8 per UTF-16 unit: the cheap bound first, the exact one when near it.
  const bytes = text.length > maxDocumentBytes ? text.length : new TextEncoder().encode(text).length;
  if (bytes > maxDocumentBytes) {
    const fix = 'Move large contents into bundle files and refer to them by path.';
    return { ...nothing, errors: [diagnostic({ line: 1, column: 1 }, [], 'the document is larger than 1 MiB', fix)] };
  }
  const lines = new LineCounter();
  const document = parseYaml(text, { version: '1.2', schema: 'core', uniqueKeys: false, lineCounter: lines, keepSourceTokens: false, prettyErrors: false });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const syntax = document.errors.map((error) =>
    diagnostic(position(error.pos[0]), [], `not valid YAML: ${error.message}`, 'Correct the syntax at this line; check indentation, quotes and colons.'));
  if (syntax.length > 0) return { ...nothing, errors: syntax };
  const structure = checkStructure(document, position);
  if (structure.length > 0) return { ...nothing, errors: structure };
  keepSourceText(document);
  return toReading(document, position);
}

function toReading(document: Document, position: (offset: number) => Position): YamlReading {
  const locate = (path: Path, at: 'key' | 'value' = 'value'): Position => position(offsetOf(document, path, at));
  try {
    return { value: document.toJS({ maxAliasCount: maxAliases }), errors: [], locate };
  } catch (error) {
    const message = error instanceof Error ? error.message : 'the document cannot be expanded';
    return { value: undefined, locate, errors: [diagnostic({ line: 1, column: 1 }, [], message, `Use at most ${maxAliases} aliases.`)] };
  }
}

/** Duplicate keys and depth, in one linear walk. */
function checkStructure(document: Document, position: (offset: number) => Position): Diagnostic[] {
  const errors: Diagnostic[] = [];
  visit(document, {
    Map(_, map, ancestors) {
      const seen = new Set<string>();
      for (const pair of map.items as Pair<Node, Node>[]) {
        const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
        const at = position(pair.key?.range?.[0] ?? map.range?.[0] ?? 0);
        if (key === undefined) errors.push(diagnostic(at, [], 'a key must be plain text', 'Write the key as one word.'));
        else if (seen.has(key)) errors.push(diagnostic(at, [key], `the key "${key}" is written twice in the same place`, `Remove one of the two "${key}".`));
        else seen.add(key);
      }
      return tooDeep(ancestors.length) ? stop(map.range?.[0]) : undefined;
    },
    Seq(_, seq, ancestors) {
      return tooDeep(ancestors.length) ? stop(seq.range?.[0]) : undefined;
    },
  });
  return errors;

  function stop(offset: number | undefined): symbol {
    errors.push(diagnostic(position(offset ?? 0), [], `the document is nested deeper than ${maxDepth} levels`, 'Flatten this part.'));
    return visit.BREAK;
  }
}

/** Pairs and collections both count as ancestors: two for a level. */
const tooDeep = (ancestors: number): boolean => ancestors > maxDepth * 2;

/** Where a number's spelling matters (`mode: 0640`, `tag: 1.10`, environment values) the text as written is kept. */
const textualKeys = new Set(['mode', 'tag', 'ref']);
const textualParents = new Set(['env']);

function keepSourceText(document: Document): void {
  visit(document, {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.value) || pair.value.value === null || typeof pair.value.value === 'string') return;
      const parent = ancestors.at(-2);
      const parentKey = parent !== undefined && 'key' in parent && isScalar(parent.key) ? String(parent.key.value) : '';
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      if (textualKeys.has(key) || textualParents.has(parentKey)) pair.value.value = pair.value.source ?? String(pair.value.value);
    },
  });
}

function offsetOf(document: Document, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const pair = isMap(node) ? (node.items as Pair<Node, Node>[]).find((item) => isScalar(item.key) && String(item.key.value) === String(part)) : undefined;
    const child: unknown = pair ? pair.value : isSeq(node) && typeof part === 'number' ? node.items[part] : undefined;
    if (pair === undefined && child === undefined) return offset;
    const range = (at === 'key' && index === path.length - 1) || !hasRange(child) ? pair?.key.range : child.range;
    offset = range?.[0] ?? offset;
    node = child;
  }
  return offset;
}

const hasRange = (node: unknown): node is Node & { range: [number, number, number] } =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);

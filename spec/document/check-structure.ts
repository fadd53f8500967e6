/**
 * One linear walk over the nodes of a document: keys are plain text and stand once, aliases are bounded, and where
 * a number's spelling matters (`mode: 0640`, `tag: 1.10`, environment values) the text as written replaces it.
 */
import { Scalar, isAlias, isMap, isScalar, isSeq, type Alias, type Document, type Pair } from 'yaml';
import type { Path } from './path.js';

const maxAliases = 100;
/** Values of the document with every alias written out. */
const maxExpandedValues = 100_000;

/** `path` is that of the map, list or key it is about. */
export interface StructureProblem { path: Path; offset: number; message: string; fix: string }

interface Walk {
  problems: StructureProblem[];
  anchors: Map<string, unknown>;
  /** Values under a node with aliases written out; a node that is still being walked is not in it. */
  sizes: Map<unknown, number>;
  aliases: number;
}

export function checkStructure(document: Document): StructureProblem[] {
  const walk: Walk = { problems: [], anchors: new Map(), sizes: new Map(), aliases: 0 };
  const size = visit(document.contents, [], walk);
  if (walk.problems.length === 0 && size > maxExpandedValues) {
    walk.problems.push({ path: [], offset: 0, message: `with its aliases written out the document has more than ${maxExpandedValues} values`, fix: 'Use fewer aliases, or aliases of smaller parts.' });
  }
  return walk.problems;
}

/** The number of values under a node. */
function visit(node: unknown, path: Path, walk: Walk): number {
  if (isAlias(node)) return visitAlias(node, path, walk);
  const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
  if (anchor !== undefined) walk.anchors.set(anchor, node);
  let size = 1;
  if (isSeq(node)) node.items.forEach((item, index) => { size += visit(item, [...path, index], walk); });
  if (isMap(node)) {
    const seen = new Set<string>();
    for (const pair of node.items) size += visitPair(pair, path, seen, walk);
  }
  if (anchor !== undefined) walk.sizes.set(node, size);
  return size;
}

function visitAlias(alias: Alias, path: Path, walk: Walk): number {
  walk.aliases += 1;
  const anchor = walk.anchors.get(alias.source);
  const size = walk.sizes.get(anchor);
  const problem = (message: string, fix: string): void => { walk.problems.push({ path, offset: offsetOf(alias), message, fix }); };
  if (walk.aliases === maxAliases + 1) problem(`the document has more than ${maxAliases} aliases`, `Use at most ${maxAliases} aliases.`);
  if (anchor === undefined) problem(`there is no &${alias.source} before this alias`, `Mark what it stands for with &${alias.source}, or write the value out.`);
  else if (size === undefined) problem(`the alias *${alias.source} stands inside of what it refers to`, 'Write the value out instead.');
  return size ?? 1;
}

function visitPair(pair: Pair, path: Path, seen: Set<string>, walk: Walk): number {
  const key = keyText(pair.key);
  const problem = (message: string, fix: string): void => { walk.problems.push({ path: key === null ? path : [...path, key], offset: offsetOf(pair.key ?? pair.value), message, fix }); };
  if (key === null) {
    problem('a key must be plain text', 'Write the key as one word.');
    return 1;
  }
  if (seen.has(key)) problem(`the key "${key}" is written twice in the same place`, `Remove one of the two "${key}".`);
  if (key === '__proto__') problem('a key cannot be called "__proto__"', 'Give it another name.');
  if (key === '<<') problem('YAML 1.2 has no merge keys', 'Use defaults.component or defaults.host, or an alias for the whole value.');
  seen.add(key);
  if (isTextual(path, key)) keepText(pair, walk);
  return visit(pair.value, [...path, key], walk);
}

/** A key as it is written: an id `1.10` is not the number 1.1. */
function keyText(key: unknown): string | null {
  if (!isScalar(key)) return null;
  if (typeof key.value !== 'string') key.value = key.source ?? '';
  return typeof key.value === 'string' && (key.value !== '' || key.type !== Scalar.PLAIN) ? key.value : null;
}

const textualKeys = new Set(['mode', 'tag', 'ref']);

/** What a document keeps in `config.vars` is its own affair: `mode: false` stays false there. */
const isTextual = (path: Path, key: string): boolean =>
  !(path[2] === 'config' && path[3] === 'vars') && (textualKeys.has(key) || path.at(-1) === 'env');

function keepText(pair: Pair, walk: Walk): void {
  const value = isAlias(pair.value) ? walk.anchors.get(pair.value.source) : pair.value;
  if (!isScalar(value) || value.value === null || typeof value.value === 'string') return;
  const text = new Scalar(value.source ?? String(value.value));
  const { range } = isAlias(pair.value) ? pair.value : value;
  if (range != null) text.range = range;
  if (value === pair.value && value.anchor !== undefined) text.anchor = value.anchor;
  pair.value = text;
}

const offsetOf = (node: unknown): number =>
  (isScalar(node) || isAlias(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined) ?? 0;

/**
 * Changes in a document that is there: each one is written at its place, and everything else stays byte for byte. What was
 * written is read again: it means what it meant but for the change, and no comment is lost. Where a document is written in a
 * way that this cannot be done at its place, the package's Document writes it anew; where that would not do, it is refused.
 */
import { isAlias, isMap, isScalar, isSeq, Lexer, parseDocument, type Document, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { endOfBlock } from '../../../../../spec/splice/splice-text.js';
import type { Plain } from './section.js';
import { flowText, yamlText } from './yaml-text.js';

export type Path = readonly (string | number)[];
/** `value` undefined: the entry is removed. A number as the last part that is the length of a list appends to it. */
export interface Change { path: Path; value: Plain | undefined }

export class PatchRefused extends Error {
  override readonly name = 'PatchRefused';
  constructor(readonly path: Path) { super(`The document is written in a way in which ${path.join('.')} cannot be changed without touching something else. Edit it in the YAML tab.`); }
}

export const readDocument = (text: string): Document.Parsed => parseDocument(text, { version: '1.2', schema: 'core', prettyErrors: false, logLevel: 'silent' });

/** A text, and what was read of it. */
interface Reading { text: string; document: Document.Parsed; plain: unknown; comments: string[] }
const read = (text: string): Reading => {
  const document = readDocument(text);
  return { text, document, plain: document.errors.length > 0 ? undefined : plainOf(document), comments: commentsOf(text) };
};

/** Throws `PatchRefused`. */
export const patched = (text: string, changes: readonly Change[]): string => changes.reduce(changed, read(text)).text;

function changed(before: Reading, asked: Change): Reading {
  const change = reachable(before.plain, asked);
  const wanted = withChange(before.plain, change.path, change.value);
  if (sorted(wanted) === sorted(before.plain)) return before;
  for (const write of [() => writtenInPlace(before.text, before.document, change), () => writtenAnew(readDocument(before.text), change)]) {
    const made = tried(write);
    if (made !== null && sorted(made.plain) === sorted(wanted) && keepsAll(before.comments, made.comments)) return made;
  }
  throw new PatchRefused(asked.path);
}

/** What cannot be written in a way is tried in the next one. */
function tried(write: () => string): Reading | null {
  try {
    return read(write());
  } catch {
    return null;
  }
}

function keepsAll(before: readonly string[], after: readonly string[]): boolean {
  const left = [...after];
  return before.every((comment) => {
    const at = left.indexOf(comment);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

const plainOf = (document: Document): unknown => JSON.parse(JSON.stringify(document.toJS() ?? null)) as unknown;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const sorted = (value: unknown): string => JSON.stringify(value, (_, item: unknown) => (isRecord(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item));

/** Every comment's text, in order. */
export const commentsOf = (text: string): string[] => [...new Lexer().lex(text)].filter((lexeme) => lexeme.startsWith('#')).map((comment) => comment.trimEnd());

/** A change below something that is not there makes all that is missing. */
function reachable(root: unknown, { path, value }: Change): Change {
  let at: unknown = root;
  for (const [depth, part] of path.entries()) {
    const last = depth === path.length - 1;
    const next = Array.isArray(at) && typeof part === 'number' ? (at[part] as unknown) : isRecord(at) && Object.hasOwn(at, part) ? at[part] : undefined;
    if (last || value === undefined) return { path, value };
    if (next === undefined || next === null) return { path: path.slice(0, depth + 1), value: path.slice(depth + 1).reduceRight<Plain>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), value) };
    at = next;
  }
  return { path, value };
}

function withChange(root: unknown, [part, ...rest]: Path, value: Plain | undefined): unknown {
  if (part === undefined) return value;
  if (value === undefined && (typeof root !== 'object' || root === null || !Object.hasOwn(root, part))) return root;
  if (Array.isArray(root) && typeof part === 'number') {
    const list: unknown[] = [...root];
    if (rest.length === 0 && value === undefined) list.splice(part, 1);
    else list[part] = withChange(list[part], rest, value);
    return list;
  }
  const map = { ...(isRecord(root) ? root : {}) };
  if (rest.length === 0 && value === undefined) delete map[String(part)];
  else Object.defineProperty(map, String(part), { value: withChange(Object.hasOwn(map, String(part)) ? map[String(part)] : undefined, rest, value), enumerable: true, configurable: true, writable: true });
  return map;
}

function writtenAnew(document: Document, { path, value }: Change): string {
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}

interface Place { text: string; eol: string }

function writtenInPlace(text: string, document: Document, { path, value }: Change): string {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const place = { text, eol: text.includes('\r\n') ? '\r\n' : '\n' };
  const last = path.at(-1);
  if (isSeq(parent) && typeof last === 'number') return inList(place, parent, last, value);
  if (!isMap(parent)) throw new PatchRefused(path);
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last));
  if (pair === undefined) return value === undefined ? text : withPair(place, parent, String(last), value);
  return value === undefined ? withoutPair(place, parent, pair) : withValue(place, parent, pair, value);
}

const rangeOf = (node: unknown): readonly [number, number, number] => {
  const range = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range : null;
  if (!range) throw new Error('it has no place of its own');
  return range;
};
const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;
const columnOf = (text: string, at: number): number => at - lineStart(text, at);
const isBlock = (node: unknown): boolean => (isMap(node) || isSeq(node)) && node.flow !== true;
const isBlockText = (node: unknown): boolean => isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');

const replaced = (text: string, from: number, to: number, by: string): string => text.slice(0, from) + by + text.slice(to);
const indented = (lines: string, column: number, eol: string): string => lines.split('\n').map((line) => (line === '' ? line : ' '.repeat(column) + line)).join(eol);
const isCollection = (value: Plain): value is Plain[] | { [key: string]: Plain } => typeof value === 'object' && value !== null;

function withValue({ text, eol }: Place, parent: YAMLMap, { key, value: node }: Pair, value: Plain): string {
  const [start, end] = rangeOf(node);
  const [keyStart, keyEnd] = rangeOf(key);
  if (parent.flow === true || (!isCollection(value) && !isBlock(node) && !isBlockText(node) && start !== end)) return replaced(text, start, end, flowText(value, isScalar(node) ? node.type : undefined));
  const colon = text.indexOf(':', keyEnd) + 1;
  const column = columnOf(text, keyStart);
  const to = endOfBlock(text, colon, end, column);
  const [, ...lines] = yamlText({ x: value }).split('\n');
  const [first = ''] = yamlText({ [String(isScalar(key) ? key.value : '')]: value }).split('\n');
  const inline = first.slice(first.indexOf(':') + 1);
  return replaced(text, colon, to, lines.length === 0 ? inline : `${inline}${eol}${indented(lines.join('\n'), column, eol)}`);
}

function withPair({ text, eol }: Place, parent: YAMLMap, key: string, value: Plain): string {
  const last = parent.items.at(-1);
  if (parent.flow === true) {
    const at = last === undefined ? rangeOf(parent)[0] + 1 : endOfFlow(last);
    const entry = `${flowText(key)}: ${flowText(value)}`;
    return replaced(text, at, at, last === undefined ? ` ${entry} ` : `, ${entry}`);
  }
  if (last === undefined) throw new Error('there is nothing to write it after');
  const [keyStart, keyEnd] = rangeOf(last.key);
  const column = columnOf(text, keyStart);
  const at = endOfBlock(text, keyStart, last.value === null ? keyEnd : rangeOf(last.value)[1], column);
  return replaced(text, at, at, `${eol}${indented(yamlText({ [key]: value }), column, eol)}`);
}

const endOfFlow = ({ key, value }: Pair): number => (value === null ? rangeOf(key)[1] : rangeOf(value)[1]);

/** Its lines go; comments among them stay, as lines of their own. */
function withoutLines({ text, eol }: Place, from: number, to: number, column: number): string {
  const kept = commentsOf(text.slice(from, to));
  const start = lineStart(text, from);
  if (text.slice(start, from).trim() !== '') throw new Error('there is something before it on its line');
  const after = text.indexOf('\n', to - 1);
  return replaced(text, start, after === -1 ? text.length : after + 1, kept.map((comment) => `${' '.repeat(column)}${comment}${eol}`).join(''));
}

function withoutPair(place: Place, parent: YAMLMap, pair: Pair): string {
  const { text } = place;
  if (parent.flow === true) return withoutFlow(text, parent.items.map(({ key, value }) => [rangeOf(key)[0], value === null ? rangeOf(key)[1] : rangeOf(value)[1]]), parent.items.indexOf(pair));
  const [keyStart, keyEnd] = rangeOf(pair.key);
  const column = columnOf(text, keyStart);
  return withoutLines(place, keyStart, endOfBlock(text, keyStart, pair.value === null ? keyEnd : rangeOf(pair.value)[1], column), column);
}

function withoutFlow(text: string, items: readonly (readonly number[])[], index: number): string {
  const [start = 0, end = 0] = items[index] ?? [];
  const [, before] = items[index - 1] ?? [];
  if (before !== undefined) return replaced(text, before, end, '');
  const [next] = items[index + 1] ?? [];
  return replaced(text, start, next ?? end, '');
}

function inList(place: Place, list: YAMLSeq, index: number, value: Plain | undefined): string {
  const { text, eol } = place;
  const item = list.items[index];
  const ranges = () => list.items.map((one) => rangeOf(one));
  if (item !== undefined && value !== undefined) {
    if (isCollection(value) || isBlock(item) || isBlockText(item)) throw new Error('only words are changed in lists');
    const [start, end] = rangeOf(item);
    return replaced(text, start, end, flowText(value, isScalar(item) ? item.type : undefined));
  }
  if (list.flow === true) {
    if (value === undefined) return withoutFlow(text, ranges(), index);
    const last = list.items.at(-1);
    const at = last === undefined ? rangeOf(list)[0] + 1 : rangeOf(last)[1];
    return replaced(text, at, at, `${last === undefined ? '' : ', '}${flowText(value, isScalar(last) ? last.type : undefined)}`);
  }
  const column = columnOf(text, rangeOf(list)[0]);
  if (value !== undefined) {
    const last = list.items.at(-1);
    const [start, end] = rangeOf(last);
    const at = endOfBlock(text, start, end, column);
    const lines = isCollection(value) ? yamlText([value]) : `- ${flowText(value, isScalar(last) ? last.type : undefined)}`;
    return replaced(text, at, at, `${eol}${indented(lines, column, eol)}`);
  }
  const [start, end] = rangeOf(item);
  const dash = text.lastIndexOf('-', start - 1);
  return withoutLines(place, dash, endOfBlock(text, start, end, column), column);
}

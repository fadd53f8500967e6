/** The section of one component as text: where it stands in a document, and how it is written into another one. */
import { isAlias, isMap, isScalar, isSeq, type Document, type Pair } from 'yaml';
import { composeYaml } from '../document/compose-yaml.js';

interface Section { document: Document; pair: Pair; /** What is between the colon and the end. */ text: string; start: number; end: number; column: number; /** Its own lines, those of all components. */ isBlock: boolean; inBlock: boolean }

/**
 * `base` with the section of the component as it stands in `from`, in each way of writing it, the most faithful one first:
 * not every way keeps the meaning everywhere. Before and behind the section, `base` is as it was. Empty when one of the two
 * has no such section, or writes it in a way that cannot be told apart from the rest.
 */
export function splicedTexts(base: string, from: string, component: string): string[] {
  const [target, source] = [sectionOf(base, component), sectionOf(from, component)];
  if (target === null || source === null) return [];
  const ways = [...(source.isBlock && !target.inBlock ? [] : [moved(source, target)]), ` ${flowText(source.document, source.pair.value)}`];
  return ways.map((text) => base.slice(0, target.start) + text + base.slice(target.end));
}

function sectionOf(text: string, component: string): Section | null {
  const mark = text.startsWith('\uFEFF') ? 1 : 0;
  const { document } = composeYaml(text.slice(mark));
  const components: unknown = isMap(document.contents) ? document.contents.items.find(({ key }) => nameOf(key) === 'components')?.value : undefined;
  const pair = isMap(components) ? components.items.find(({ key }) => nameOf(key) === component) : undefined;
  const [keyStart, keyEnd] = rangeOf(pair?.key);
  const [, valueEnd] = rangeOf(pair?.value);
  if (!isMap(components) || pair === undefined || keyStart === undefined || keyEnd === undefined || valueEnd === undefined) return null;
  const colon = /^[ \t]*:/.exec(text.slice(mark + keyEnd));
  if (colon === null) return null;
  const start = mark + keyEnd + colon[0].length;
  const inBlock = components.flow !== true;
  const column = mark + keyStart - lineStart(text, mark + keyStart);
  const end = inBlock ? endOfBlock(text, start, mark + valueEnd, column) : mark + valueEnd;
  return { document, pair, text: text.slice(start, end), start, end, column, inBlock, isBlock: isMap(pair.value) && pair.value.flow !== true };
}

const nameOf = (key: unknown): string | null => (isScalar(key) ? String(key.value) : null);
const rangeOf = (node: unknown): readonly number[] => (isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range ?? [] : []);
const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** To the end of its last line; comments that are not indented deeper than the key, and empty lines before them, are of what follows. */
export function endOfBlock(text: string, start: number, valueEnd: number, column: number): number {
  const lastLine = text.indexOf('\n', text[valueEnd - 1] === '\n' ? valueEnd - 1 : valueEnd);
  const lines = text.slice(start, lastLine === -1 ? text.length : lastLine).split('\n');
  const isOfNext = (line: string): boolean => line.trim() === '' || (line.trimStart().startsWith('#') && line.length - line.trimStart().length <= column);
  while (lines.length > 1 && isOfNext(lines.at(-1) ?? '')) lines.pop();
  const whole = lines.join('\n');
  return start + (whole.endsWith('\r') ? whole.length - 1 : whole.length);
}

/** As it is written, as deep as the other one stood. */
function moved(source: Section, target: Section): string {
  const by = source.inBlock && target.inBlock ? target.column - source.column : 0;
  const shift = (line: string): string => (line === '' || line === '\r' ? line : by >= 0 ? ' '.repeat(by) + line : line.slice(Math.min(-by, line.length - line.trimStart().length)));
  return source.text.split('\n').map((line, index) => (index === 0 ? line : shift(line))).join('\n');
}

/** On one line, without comments and with aliases written out, which reads the same wherever it stands. */
function flowText(document: Document, node: unknown): string {
  if (isAlias(node)) return flowText(document, node.resolve(document));
  if (isMap(node)) return `{ ${node.items.map(({ key, value }) => `${flowText(document, key)}: ${flowText(document, value)}`).join(', ')} }`;
  if (isSeq(node)) return `[${node.items.map((item) => flowText(document, item)).join(', ')}]`;
  if (!isScalar(node)) return 'null';
  return typeof node.value === 'string' || node.source === undefined || node.source === '' ? JSON.stringify(node.value) : node.source;
}

/** Documents bent as text: bytes, words and lines. */
import { nastyWords } from './nasty.js';
import type { Random } from './random.js';

type Mutation = (text: string, random: Random, other: string) => string;

/** Mostly one change, so that what is after it is still read; `other` is where foreign lines come from. */
export function mutatedText(text: string, random: Random, other: string): string {
  const times = random.pick([1, 1, 1, 2, 3, 6]);
  let bent = text;
  for (let time = 0; time < times; time += 1) bent = random.pick(mutations)(bent, random, other);
  return bent;
}

const cut = (text: string, at: number, length: number, inserted = ''): string => text.slice(0, at) + inserted + text.slice(at + length);

/** As bytes, read again as what they are, or as what somebody takes them for. */
const bytes: Mutation = (text, random) => {
  const written = Buffer.from(text);
  if (written.length === 0) return text;
  for (const at of random.several(4, () => random.below(written.length))) written[at] = random.below(256);
  return written.toString(random.pick(['utf8', 'utf8', 'utf8', 'utf8', 'latin1', 'utf16le'] as const));
};

const removal: Mutation = (text, random) => cut(text, random.below(text.length), random.below(20));
const repetition: Mutation = (text, random) => {
  const at = random.below(text.length);
  return cut(text, at, 0, text.slice(at, at + random.below(60)).repeat(1 + random.below(4)));
};
const truncation: Mutation = (text, random) => (random.once(4) ? text.slice(0, random.below(text.length + 1)) : text);
const insertion: Mutation = (text, random) => cut(text, random.below(text.length), 0, random.pick(nastyWords));

const words = /[\w./-]+|[^\w\s]|[ \t]+/g;

/** Another word of the same document or a nasty one in the place of a word. */
const exchange: Mutation = (text, random) => {
  const found = [...text.matchAll(words)];
  if (found.length === 0) return text;
  const { index, 0: word } = random.pick(found);
  return cut(text, index, word.length, random.once(2) ? random.pick(nastyWords) : random.pick(found)[0]);
};

function changedLines(text: string, change: (lines: string[], at: number) => void, random: Random): string {
  const lines = text.split('\n');
  change(lines, random.below(lines.length));
  return lines.join('\n');
}

const lineGone: Mutation = (text, random) => changedLines(text, (lines, at) => lines.splice(at, 1 + random.below(3)), random);
const lineTwice: Mutation = (text, random) => changedLines(text, (lines, at) => lines.splice(at, 0, lines[at] ?? ''), random);
const lineMoved: Mutation = (text, random) => changedLines(text, (lines, at) => lines.splice(random.below(lines.length), 0, ...lines.splice(at, 1)), random);
const lineShifted: Mutation = (text, random) => changedLines(text, (lines, at) => { lines[at] = random.once(2) ? `${random.pick([' ', '  ', '\t', '- '])}${lines[at] ?? ''}` : (lines[at] ?? '').slice(1 + random.below(2)); }, random);
const lineForeign: Mutation = (text, random, other) => changedLines(text, (lines, at) => lines.splice(at, 0, random.pick(other.split('\n'))), random);

const mutations: readonly Mutation[] = [bytes, removal, repetition, truncation, insertion, insertion, exchange, exchange, exchange, lineGone, lineTwice, lineMoved, lineShifted, lineForeign];

/**
 * Keeps the values of secrets out of what a host tells: as they are, in the forms in which programs like to print them, and
 * in pieces, as they come when encoders wrap their lines or a line is cut. Less than `pieceMin` characters of one are not
 * recognised as a piece, nor is a form that nobody prints by habit.
 */
import { formsOf, shortest } from './secret-forms.js';

export type Redact = (text: string) => string;

const mask = '[secret]';
/** Of random characters so many in a row are no chance; of words it is a good part of the secret. */
const pieceMin = 16;
/** Any piece of that length holds a whole one of these, counted from the form's start. */
const gramLength = pieceMin / 2;
/** Forms of one value share most of theirs; one that repeats itself is found by its first ones. */
const placesMax = 64;

interface Place { form: string; at: number }
type Range = readonly [start: number, end: number];

export function redactor(values: readonly string[]): Redact {
  const forms = [...new Set(values.flatMap(formsOf))].filter((form) => form.length >= shortest);
  if (forms.length === 0) return (text) => text;
  const short = forms.filter((form) => form.length < pieceMin);
  const grams = gramsOf(forms.filter((form) => form.length >= pieceMin));
  return (text) => masked(text, [...short.flatMap((form) => occurrences(text, form)), ...pieces(text, grams)]);
}

function gramsOf(forms: readonly string[]): ReadonlyMap<string, readonly Place[]> {
  const grams = new Map<string, Place[]>();
  for (const form of forms) {
    for (let at = 0; at + gramLength <= form.length; at += gramLength) {
      const gram = form.slice(at, at + gramLength);
      const places = grams.get(gram);
      if (places === undefined) grams.set(gram, [{ form, at }]);
      else if (places.length < placesMax) places.push({ form, at });
    }
  }
  return grams;
}

function occurrences(text: string, form: string): Range[] {
  const found: Range[] = [];
  for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) found.push([at, at + form.length]);
  return found;
}

function pieces(text: string, grams: ReadonlyMap<string, readonly Place[]>): Range[] {
  const found: Range[] = [];
  for (let at = 0; at + gramLength <= text.length;) {
    const ranges = (grams.get(text.slice(at, at + gramLength)) ?? []).map((place) => around(text, at, place)).filter(([start, end]) => end - start >= pieceMin);
    found.push(...ranges);
    // Another one may begin before the end of this one.
    at = Math.max(at + 1, ...ranges.map(([, end]) => end - gramLength));
  }
  return found;
}

/** As far as text and form agree to both sides. */
function around(text: string, at: number, { form, at: in_form }: Place): Range {
  let [before, after] = [0, gramLength];
  while (before < Math.min(at, in_form) && text[at - before - 1] === form[in_form - before - 1]) before += 1;
  while (at + after < text.length && in_form + after < form.length && text[at + after] === form[in_form + after]) after += 1;
  return [at - before, at + after];
}

function masked(text: string, ranges: Range[]): string {
  let told = '';
  let until = 0;
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    if (start >= until) told += text.slice(until, start) + mask;
    until = Math.max(until, end);
  }
  return told + text.slice(until);
}

/** Colours, cursor movements and titles of a terminal mean nothing in a log, and could do harm where it is shown. Line ends and tabs stay. */
const terminalCodes = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** To be called before secrets are looked for: a code in the middle of one would hide it. */
export const withoutTerminalCodes = (text: string): string => text.replace(terminalCodes, '');

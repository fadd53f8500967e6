/** One diagnostic of the language: what it means, and two fragments that are the proof of it. */
import type { ErrorCode } from '../../../spec/errors.js';
import type { Files } from '../findings.js';
import { frames, type Frame } from '../frames.js';

/** A fragment too large to be printed, and the words that stand for it. */
export interface Large { shown: string; text: string }

export interface DiagnosticEntry {
  name: string;
  /** Default: validation_error. */
  code?: ErrorCode;
  /** It does not make the document invalid. */
  warning?: boolean;
  meaning: string;
  frame: Frame;
  /** `▸` stands where the diagnostic points. */
  bad: string | Large;
  good: string | Large;
  path: string;
  message: RegExp;
  /** Another one that comes with it, by name. */
  besides?: string;
  /** The message depends on the speed of the machine: the page does not show it. */
  varies?: boolean;
  /** What the bundle holds besides the document. */
  files?: Files;
}

export const mark = '▸';

export const textOf = (fragment: string | Large): string => (typeof fragment === 'string' ? fragment : fragment.text);

export interface Place { line: number; column: number }

function placeOf(text: string): Place {
  const before = text.slice(0, text.indexOf(mark)).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** The document of the bad fragment, and the place of the mark in it and in the fragment alone. */
export function badDocument({ bad, frame }: DiagnosticEntry): { text: string; at: Place; inFragment: Place } {
  const text = frames[frame](textOf(bad));
  return { text: text.replace(mark, ''), at: placeOf(text), inFragment: placeOf(textOf(bad)) };
}

export const goodDocument = ({ good, frame }: DiagnosticEntry): string => frames[frame](textOf(good));

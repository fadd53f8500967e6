/** A text beside the one before it, line by line. */
import { diffLines } from 'diff';

export interface TextLine { text: string; kind: 'same' | 'added' | 'removed' }

export const changedLines = (before: string, after: string): TextLine[] =>
  diffLines(before, after).flatMap(({ value, added, removed }) =>
    value.replace(/\n$/, '').split('\n').map((text): TextLine => ({ text, kind: added ? 'added' : removed ? 'removed' : 'same' })));

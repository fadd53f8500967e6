/** A text beside the one before it, line by line. */
import { diffLines } from 'diff';

export interface TextLine { text: string; kind: 'same' | 'added' | 'removed' }

export const changedLines = (before: string, after: string): TextLine[] =>
  diffLines(before, after).flatMap(({ value, added, removed }) =>
    value.replace(/\n$/, '').split('\n').map((text): TextLine => ({ text, kind: added ? 'added' : removed ? 'removed' : 'same' })));

/** Index of the first line of `after` that is not as it was; -1 when all are. */
export function firstDifference(before: string, after: string): number {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return before === after ? -1 : now.findIndex((line, index) => line !== old[index]);
}

/** The last lines a placement has printed, within a budget of lines and of characters. Which lines these are depends on what has come, not on its order. */
import type { OutputStream } from './event-data.js';

/** `id` of its event, `index` within it. */
export interface OutputLine { readonly id: number; readonly index: number; readonly key: string; readonly ts: string; readonly stream: OutputStream; readonly text: string }

export interface OutputTail {
  lines: OutputLine[];
  chars: number;
  /** All lines that have come, kept or not. */
  total: number;
  /** The newest line that was let go: nothing up to it is taken in any more. */
  floor: Pick<OutputLine, 'id' | 'index'> | null;
}

export const keptLines = 500;
export const keptChars = 128 * 1024;
const longestLine = 4_000;

export const emptyTail = (): OutputTail => ({ lines: [], chars: 0, total: 0, floor: null });

const isAbove = (line: Pick<OutputLine, 'id' | 'index'>, other: Pick<OutputLine, 'id' | 'index'>): boolean =>
  line.id > other.id || (line.id === other.id && line.index > other.index);

function place({ lines }: OutputTail, line: OutputLine): void {
  let at = lines.length;
  for (let before = lines[at - 1]; before !== undefined && isAbove(before, line); before = lines[at - 1]) at -= 1;
  if (at === lines.length) lines.push(line);
  else lines.splice(at, 0, line);
}

function trim(tail: OutputTail): void {
  let gone = 0;
  for (let [oldest] = tail.lines; oldest !== undefined && (tail.lines.length - gone > keptLines || tail.chars > keptChars); oldest = tail.lines[gone]) {
    tail.chars -= oldest.text.length;
    tail.floor = oldest;
    gone += 1;
  }
  if (gone > 0) tail.lines.splice(0, gone);
}

/** The lines of one event that has not come before. */
export function addLines(tail: OutputTail, event: { id: number; ts: string }, printed: readonly { stream: OutputStream; text: string }[]): void {
  tail.total += printed.length;
  printed.forEach(({ stream, text }, index) => {
    const line: OutputLine = { id: event.id, index, key: `${event.id}.${index}`, ts: event.ts, stream, text: text.length > longestLine ? `${text.slice(0, longestLine)}…` : text };
    if (tail.floor !== null && !isAbove(line, tail.floor)) return;
    place(tail, line);
    tail.chars += line.text.length;
  });
  trim(tail);
}

/** Cursor paging: a cursor is the last item's sort key, opaque to clients. */
import { z } from 'zod';
import { MaestroError } from '../spec/errors.js';
import { storableText } from './json.js';

export interface PageRequest { cursor?: string; /** 1…200, default 50. */ limit?: number }
export interface Page<T> { items: T[]; next_cursor: string | null }

export const defaultLimit = 50;
export const maximumLimit = 200;

export function pageLimit(limit: number = defaultLimit): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maximumLimit) return limit;
  throw new MaestroError('validation_error', `limit must be a whole number from 1 to ${maximumLimit}.`, { fix: `Ask for at most ${maximumLimit} items and follow next_cursor.` });
}

const encode = (key: readonly string[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');
const keys = z.array(z.string()).min(1).max(4);

/** The sort key in a cursor: `parts` strings, or undefined without a cursor. */
export function readCursor(cursor: string | undefined, parts: number): string[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    const key = keys.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (key.length === parts) return key.map(storableText);
  } catch {
    // falls through to the refusal
  }
  throw new MaestroError('validation_error', 'The cursor is not one of this list.', { fix: 'Pass next_cursor of the previous page unchanged, or none to start over.' });
}

/** Page from `limit + 1` rows: the extra row only says that there are more. */
export function toPage<Row, Item>(rows: readonly Row[], limit: number, item: (row: Row) => Item, key: (row: Row) => string[]): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), next_cursor: rows.length > limit && last !== undefined ? encode(key(last)) : null };
}

export const timeOfCursor = (text: string | undefined): Date => {
  const date = new Date(text ?? '');
  if (Number.isNaN(date.getTime())) throw new MaestroError('validation_error', 'The cursor is not one of this list.', { fix: 'Pass next_cursor of the previous page unchanged, or none to start over.' });
  return date;
};

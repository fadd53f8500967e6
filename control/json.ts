/** JSON on its way into and out of the database. */
import type { Prisma } from '../prisma/client.js';

/** What PostgreSQL's text and jsonb refuse: NUL, and halves of surrogate pairs. Output of commands may hold either. */
const unstorable = /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

export const storableText = (text: string): string => text.replace(unstorable, '\uFFFD');

/** Plain data with storable strings; undefined members are left out, like JSON.stringify does. */
export function storable(value: unknown): Prisma.InputJsonValue | null {
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return null;
  return storableObject(value);
}

export function storableObject(value: object): Prisma.InputJsonObject {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [storableText(key), storable(member)]));
}

/**
 * A JSON column as the type its only writer stored. The one place that trusts instead of parsing: the columns are
 * written by this room alone, in the shapes of spec/.
 */
export const stored = <T>(value: Prisma.JsonValue | Prisma.InputJsonValue | null): T => value as T;

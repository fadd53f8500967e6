/** Ids: `<prefix>_` and 20 characters of Crockford's base 32 (100 random bits): url-safe, selectable by a double click. */
import { randomBytes } from 'node:crypto';
import { idPrefixes, type IdKind } from '../spec/words.js';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const length = 20;

export function newId(kind: IdKind): string {
  const characters = Array.from(randomBytes(length), (byte) => alphabet[byte & 31]);
  return `${idPrefixes[kind]}_${characters.join('')}`;
}

/**
 * A secret in a text that is rendered: its path between two characters of the private use area, with a number that only
 * the process which renders knows, so that no document can write one. Values never get into this room.
 */

/** How the value is written where it comes to stand. */
export type SecretForm = 'urlencode' | 'json' | 'environment_file';
export interface SecretMark { nonce: string; path: string; forms: SecretForm[] }

const open = '\uE000';
const close = '\uE001';
const pattern = /\uE000([0-9a-f]{16,64}):([A-Za-z0-9._/-]+)((?:\|[a-z_]+)*)\uE001/g;
const forms: readonly SecretForm[] = ['urlencode', 'json', 'environment_file'];

export const secretMark = (nonce: string, path: string): string => `${open}${nonce}:${path}${close}`;

/** Also true of what is left of a mark that was cut. */
export const mayHoldMark = (text: string): boolean => text.includes(open) || text.includes(close);

const markOf = (nonce: string, path: string, written: string): SecretMark =>
  ({ nonce, path, forms: written.split('|').flatMap((word) => forms.filter((form) => form === word)) });

export function marksIn(text: string): SecretMark[] {
  return [...text.matchAll(pattern)].map(([, nonce = '', path = '', written = '']) => markOf(nonce, path, written));
}

/** null: it is something else than one secret as it is. */
export function wholeMark(text: string): SecretMark | null {
  const [mark] = marksIn(text);
  return mark !== undefined && mark.forms.length === 0 && text === secretMark(mark.nonce, mark.path) ? mark : null;
}

/** The text with `write` in place of every mark, and `plain` of what is between them. */
export function mapMarks(text: string, write: (mark: SecretMark, written: string) => string, plain: (part: string) => string = (part) => part): string {
  let end = 0;
  const parts = [...text.matchAll(pattern)].map((found) => {
    const [written, nonce = '', path = '', asked = ''] = found;
    const before = plain(text.slice(end, found.index));
    end = found.index + written.length;
    return before + write(markOf(nonce, path, asked), written);
  });
  return parts.join('') + plain(text.slice(end));
}

/** The same text in another form: what is plain is written in it now, the secrets when their values are there. */
export const inForm = (text: string, form: SecretForm, plain: (part: string) => string): string =>
  mapMarks(text, (_, written) => `${written.slice(0, -close.length)}|${form}${close}`, plain);

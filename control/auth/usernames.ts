import { MaestroError } from '../../spec/errors.js';
import { storableText } from '../json.js';

const longest = 64;

/** The name as shown, and the folded form in which two names are the same. */
export function parseUsername(text: string): { username: string; username_key: string } {
  const username = text.normalize('NFKC').trim();
  if (username.length === 0 || username.length > longest || /\p{C}/u.test(username)) {
    throw new MaestroError('validation_error', `A user name has 1 to ${longest} printable characters.`, { fix: 'Choose another user name.' });
  }
  return { username, username_key: usernameKey(username) };
}

/** For look-ups: never throws, an impossible name just matches nobody. */
export const usernameKey = (text: string): string => storableText(text.normalize('NFKC').trim().toLowerCase());

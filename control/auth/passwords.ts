/** argon2id with the library's defaults (19 MiB, 2 passes), about 50-100 ms a password. */
import { hash, verify } from '@node-rs/argon2';
import { MaestroError } from '../../spec/errors.js';

const shortest = 8;
const longest = 1024;

export async function hashPassword(password: string): Promise<string> {
  if ([...password].length < shortest) throw invalid(`The password must have at least ${shortest} characters.`);
  if (password.length > longest) throw invalid(`The password must have at most ${longest} characters.`);
  return hash(password);
}

const invalid = (message: string): MaestroError => new MaestroError('validation_error', message, { fix: 'Choose another password.' });

/** Somebody's hash, so that an unknown user costs as much time as a known one. */
let decoy: Promise<string> | undefined;

/** `passwordHash` undefined (no such user): hashes all the same, and says no. */
export async function isPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  decoy ??= hash('nobody has this password');
  const right = await verify(passwordHash ?? (await decoy), password.slice(0, longest));
  return right && passwordHash !== undefined && password.length <= longest;
}

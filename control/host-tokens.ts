/** A host's token is derived from its name: nothing to store per host, and one host's token is no use for another. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../spec/errors.js';

const isKey = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** The key behind all host tokens, 32 bytes as hex, made on first use. Racing processes get the same one. */
export async function hostTokenKey(dataDir: string): Promise<string> {
  const path = join(dataDir, 'keys', 'host-token.key');
  await mkdir(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  const key = (await readExisting(path)) ?? (await create(path)) ?? (await readExisting(path));
  if (key !== undefined && isKey(key)) return key;
  throw new MaestroError('config_error', `${path} does not hold a host token key.`, { fix: 'Restore it from a backup; or remove it, and give every host worker its new token.' });
}

async function readExisting(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Written whole under another name first (O_EXCL), then linked: nobody ever reads half a key. Undefined: another was first. */
async function create(path: string): Promise<string | undefined> {
  const key = randomBytes(32).toString('hex');
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(key);
    await file.sync();
    await link(draft, path);
    return key;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return undefined;
    throw error;
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

const hasCode = (error: unknown, code: string): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === code;

const keyed = (key: string, text: string): Buffer => createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest();

/** `key` as from hostTokenKey: hex of the 32 bytes that are used. */
export const hostToken = (key: string, node: string): string => keyed(key, `host:${node}`).toString('hex');

/** Takes the same time whatever was given. */
export function isHostToken(key: string, node: string, given: string): boolean {
  return timingSafeEqual(keyed(key, hostToken(key, node)), keyed(key, given));
}

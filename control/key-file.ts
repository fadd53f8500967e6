/** Keys of 32 bytes as hex, each in a file of its own that only its owner reads, made on first use. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../spec/errors.js';

const isKey = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** Racing processes get the same one. `fix`: what to do when the file holds something else. */
export async function keyFile(dataDir: string, name: string, fix: string): Promise<string> {
  const path = join(dataDir, 'keys', name);
  await mkdir(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  const key = (await readExisting(path)) ?? (await create(path)) ?? (await readExisting(path));
  if (key !== undefined && isKey(key)) return key;
  throw new MaestroError('config_error', `${path} does not hold a key.`, { fix });
}

/** One that has to be there already, since something was sealed with it. */
export async function existingKeyFile(dataDir: string, name: string, fix: string): Promise<string> {
  const path = join(dataDir, 'keys', name);
  const key = await readExisting(path);
  if (key !== undefined && isKey(key)) return key;
  throw new MaestroError('config_error', key === undefined ? `${path} is missing.` : `${path} does not hold a key.`, { fix });
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

/** By shape and not by class: errors may come from another realm. */
export const hasCode = (error: unknown, code: string): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === code;

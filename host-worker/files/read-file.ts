/** What is at a path: content hash, mode and owner, read without following symbolic links. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import { MaestroError } from '../../spec/errors.js';
import { isMissing, systemCode } from '../trouble.js';
import { Folder, split } from './folder.js';

export type FileFound =
  | { kind: 'missing' }
  /** A folder, link, device, or something behind a symbolic link: nothing that is written over. */
  | { kind: 'other' }
  | { kind: 'file'; bytes: Buffer; sha256: string; mode: number; uid: number; gid: number };

const permissionBits = 0o7777;
// O_NONBLOCK: opening a FIFO must not wait for its writer.
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * The file is opened in one go; that no link was followed on the way is then told by where it really is. What
 * cannot be opened like that is looked at segment by segment, to tell what is missing from what is in the way.
 */
export async function readFileAt(path: string): Promise<FileFound> {
  try {
    return await readEntry(path, path);
  } catch (error) {
    if (isMissing(error)) return missingOrOther(path);
    if (otherCodes.has(systemCode(error) ?? '')) return { kind: 'other' };
    throw error;
  }
}

const otherCodes = new Set(['ELOOP', 'ENXIO', 'ENOTDIR']);

async function missingOrOther(path: string): Promise<FileFound> {
  const { folder, name } = split(path);
  try {
    return await Folder.use(folder, 'fail', (parent) => readEntry(parent.entry(name), path));
  } catch (error) {
    if (isMissing(error)) return { kind: 'missing' };
    if (error instanceof MaestroError || otherCodes.has(systemCode(error) ?? '')) return { kind: 'other' };
    throw error;
  }
}

async function readEntry(entry: string, path: string): Promise<FileFound> {
  const handle = await open(entry, readFlags);
  try {
    const [status, place] = await Promise.all([handle.stat(), readlink(`/proc/self/fd/${String(handle.fd)}`)]);
    // One that was replaced while it was opened is told as deleted; it was the file a moment ago.
    const isThere = place === path || place === `${path} (deleted)`;
    if (!status.isFile() || !isThere) return { kind: 'other' };
    const bytes = await handle.readFile();
    return { kind: 'file', bytes, sha256: sha256Of(bytes), mode: status.mode & permissionBits, uid: status.uid, gid: status.gid };
  } finally {
    await handle.close();
  }
}

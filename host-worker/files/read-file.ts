/** What is at a path: content hash, mode and owner, read without following symbolic links. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
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

export async function readFileAt(path: string): Promise<FileFound> {
  const { folder, name } = split(path);
  try {
    return await Folder.use(folder, 'fail', (parent) => readEntry(parent.entry(name)));
  } catch (error) {
    if (isMissing(error)) return { kind: 'missing' };
    if (error instanceof MaestroError || systemCode(error) === 'ELOOP' || systemCode(error) === 'ENXIO') return { kind: 'other' };
    throw error;
  }
}

async function readEntry(entry: string): Promise<FileFound> {
  const handle = await open(entry, readFlags);
  try {
    const status = await handle.stat();
    if (!status.isFile()) return { kind: 'other' };
    const bytes = await handle.readFile();
    return { kind: 'file', bytes, sha256: sha256Of(bytes), mode: status.mode & permissionBits, uid: status.uid, gid: status.gid };
  } finally {
    await handle.close();
  }
}

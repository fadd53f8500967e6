/**
 * Writing one file. `atomic`: readers see the old or the new one, never a mixture, also after a power cut.
 * `overwrite`: the same inode gets the new content (for readers that hold it open, or a bind mount of the one
 * file); a full disk leaves the old content as it was.
 */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, rename, unlink } from 'node:fs/promises';
import { fileTrouble, isMissing, systemCode } from '../trouble.js';
import { MaestroError } from '../../spec/errors.js';
import { Folder, split } from './folder.js';
import type { OwnerIds } from './owners.js';

export interface FileToWrite {
  path: string;
  bytes: Uint8Array;
  mode: number;
  owner: OwnerIds;
  strategy: 'overwrite' | 'atomic';
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_WRONLY } = constants;

/** Makes missing parent folders. Symbolic links at the path or on the way to it are refused (conflict). */
export async function writeFile(file: FileToWrite): Promise<void> {
  const { folder, name } = split(file.path);
  try {
    await Folder.use(folder, 'create', async (parent) => {
      if (file.strategy === 'overwrite' && (await overwrite(parent, name, file))) return;
      await replace(parent, name, file);
    });
  } catch (error) {
    throw fileTrouble(file.path, 'writing', error);
  }
}

/** One name per file, so that what a crash left behind is found and removed by the next write. */
export const temporaryName = (name: string): string => `.maestro-tmp-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;

/** A file that nobody looks at yet: durable, but neither atomic nor over anything. */
export async function writeNewFile(file: Omit<FileToWrite, 'strategy'>): Promise<void> {
  const { folder, name } = split(file.path);
  try {
    await Folder.use(folder, 'create', (parent) => create(parent.entry(name), file));
  } catch (error) {
    throw fileTrouble(file.path, 'writing', error);
  }
}

async function create(entry: string, file: Omit<FileToWrite, 'strategy'>): Promise<void> {
  const handle = await open(entry, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await handle.writeFile(file.bytes);
    await setModeAndOwner(handle, file);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function replace(parent: Folder, name: string, file: FileToWrite): Promise<void> {
  // A rename would put the file in the link's place; that is for a person to decide.
  if (await isSymbolicLink(parent.entry(name))) throw symbolicLink(file.path);
  const temporary = parent.entry(temporaryName(name));
  await unlinkIfThere(temporary);
  try {
    await create(temporary, file);
    await rename(temporary, parent.entry(name));
  } catch (error) {
    await unlinkIfThere(temporary);
    throw error;
  }
  await parent.sync();
}

/** False when there is no file yet: then it is made like any other. */
async function overwrite(parent: Folder, name: string, file: FileToWrite): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(parent.entry(name), O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return false;
    if (systemCode(error) === 'ELOOP') throw symbolicLink(file.path);
    throw error;
  }
  try {
    const { nlink } = await expectFile(handle, file.path);
    // Its content, owner and mode would become those of the other name, too, wherever that is.
    if (nlink > 1) throw new MaestroError('conflict', `${file.path} is a hard link: the same file has other names, and Maestro does not write through it`, { fix: 'Make it a file of its own (cp, then mv over it), or use strategy: atomic.', details: { path: file.path } });
    await overwriteContent(handle, file.bytes);
    await setModeAndOwner(handle, file);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return true;
}

async function expectFile(handle: FileHandle, path: string): Promise<Stats> {
  const status = await handle.stat();
  if (!status.isFile()) throw new MaestroError('conflict', `${path} is a device or a pipe; Maestro does not write into it`, { fix: 'Move it away, or choose another path.', details: { path } });
  return status;
}

/**
 * The part beyond the old end comes first: only that part can run out of space, and cutting it off again
 * leaves the old content untouched. What is written after it goes into blocks that the file already has.
 */
async function overwriteContent(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  const oldSize = (await handle.stat()).size;
  if (bytes.length > oldSize) {
    try {
      await writeAt(handle, bytes, oldSize, bytes.length);
      await handle.sync();
    } catch (error) {
      await handle.truncate(oldSize);
      throw error;
    }
  }
  await writeAt(handle, bytes, 0, Math.min(oldSize, bytes.length));
  if (bytes.length < oldSize) await handle.truncate(bytes.length);
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, from: number, to: number): Promise<void> {
  for (let position = from; position < to;) {
    const { bytesWritten } = await handle.write(bytes, position, to - position, position);
    position += bytesWritten;
  }
}

/** Owner first: chown clears setuid bits. */
async function setModeAndOwner(handle: FileHandle, { owner, mode }: Pick<FileToWrite, 'owner' | 'mode'>): Promise<void> {
  if (owner.uid !== null || owner.gid !== null) {
    const status = await handle.stat();
    await handle.chown(owner.uid ?? status.uid, owner.gid ?? status.gid);
  }
  await handle.chmod(mode);
}

const isSymbolicLink = (entry: string): Promise<boolean> => lstat(entry).then((status) => status.isSymbolicLink(), () => false);

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

export const symbolicLink = (path: string): MaestroError =>
  new MaestroError('conflict', `${path} is a symbolic link; Maestro does not write through it`, { fix: 'Use the path the link points to, or remove the link.', details: { path } });

/** Removes a file that this deploy made; one that is gone already is fine. */
export async function removeFile(path: string): Promise<void> {
  const { folder, name } = split(path);
  try {
    await Folder.use(folder, 'fail', async (parent) => {
      await unlinkIfThere(parent.entry(name));
      await parent.sync();
    });
  } catch (error) {
    if (!isMissing(error)) throw fileTrouble(path, 'removing', error);
  }
}

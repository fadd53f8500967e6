/**
 * A folder held by descriptor. Every path is walked segment by segment without following symbolic links, and
 * files are reached through the descriptor, so that nobody who may write to a parent can swap it for a link
 * between our check and our write. `/proc/self/fd/N/name` stands in for openat(2), which Node does not have.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { isMissing, systemCode } from '../trouble.js';

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const createdFolderMode = 0o755;
/** As deep as a path can be written; each level holds a descriptor. */
const deepest = 1_000;

export class Folder {
  private constructor(readonly path: string, private readonly handle: FileHandle) {}

  /** Where an entry of this folder is reached. */
  entry(name: string): string {
    return `/proc/self/fd/${String(this.handle.fd)}/${name}`;
  }

  /**
   * Takes away an entry with all that is below; one that is gone already is fine. Whoever may write below can swap a folder
   * for a link at any moment: each is opened as what it is and emptied through its descriptor, and no link is followed.
   */
  async remove(name: string | Buffer, depth = 0): Promise<void> {
    const entry = typeof name === 'string' ? this.entry(name) : Buffer.concat([Buffer.from(this.entry('')), name]);
    const error: unknown = await unlink(entry).then(() => null, (failure: unknown) => failure);
    if (error === null || isMissing(error)) return;
    if (systemCode(error) !== 'EISDIR' && systemCode(error) !== 'EPERM') throw error;
    if (depth > deepest) throw new MaestroError('runtime_error', `${this.path} is nested too deep to be removed`, { fix: 'Remove it by hand on the host.', details: { path: this.path } });
    const inside = new Folder(`${this.path}/${String(name)}`, await open(entry, folderFlags));
    try {
      for (const each of await readdir(inside.entry('.'), { encoding: 'buffer' })) await inside.remove(each, depth + 1);
    } finally {
      await inside.handle.close();
    }
    await rmdir(entry);
  }

  /** Makes renames and unlinks in this folder durable. */
  async sync(): Promise<void> {
    await this.handle.sync();
  }

  /** null leaves the owner or the group as it is. */
  async chown(uid: number | null, gid: number | null): Promise<void> {
    if (uid === null && gid === null) return;
    const status = await this.handle.stat();
    await this.handle.chown(uid ?? status.uid, gid ?? status.gid);
  }

  /** Once nothing is to be put into it any more. */
  async give(uid: number, gid: number, mode: number): Promise<void> {
    await this.handle.chmod(mode);
    await this.handle.chown(uid, gid);
  }

  /** Runs with the folder open. Missing folders are made (0755) only when asked to; else ENOENT. */
  static async use<T>(path: string, missing: 'create' | 'fail', work: (folder: Folder) => Promise<T>): Promise<T> {
    const folder = await Folder.walk(path, missing);
    try {
      return await work(folder);
    } finally {
      await folder.handle.close();
    }
  }

  private static async walk(path: string, missing: 'create' | 'fail'): Promise<Folder> {
    let current = new Folder('/', await open('/', folderFlags));
    for (const segment of path.split('/').filter((part) => part !== '')) {
      const next = current.path === '/' ? `/${segment}` : `${current.path}/${segment}`;
      try {
        const handle = await openFolder(current.entry(segment), next, missing);
        await current.handle.close();
        current = new Folder(next, handle);
      } catch (error) {
        await current.handle.close();
        throw error;
      }
    }
    return current;
  }
}

async function openFolder(entry: string, path: string, missing: 'create' | 'fail'): Promise<FileHandle> {
  try {
    return await open(entry, folderFlags);
  } catch (error) {
    if (isMissing(error) && missing === 'create') return createFolder(entry);
    if (systemCode(error) === 'ENOTDIR' || systemCode(error) === 'ELOOP') throw await notAFolder(entry, path);
    throw error;
  }
}

async function createFolder(entry: string): Promise<FileHandle> {
  const made = await mkdir(entry, createdFolderMode).then(() => true, (error: unknown) => {
    // Another placement made it at the same moment.
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  });
  const handle = await open(entry, folderFlags);
  // Whatever umask the worker was started with.
  if (made) await handle.chmod(createdFolderMode);
  return handle;
}

async function notAFolder(entry: string, path: string): Promise<MaestroError> {
  const link = await lstat(entry).then((status) => status.isSymbolicLink(), () => false);
  return new MaestroError('conflict', `${path} is ${link ? 'a symbolic link' : 'not a folder'}; Maestro does not write through it`, {
    fix: link ? 'Use the path the link points to.' : 'Move it away or choose another path.', details: { path },
  });
}

/** As Folder.remove. */
export async function removeAt(path: string): Promise<void> {
  const { folder, name } = split(path);
  await Folder.use(folder, 'fail', (parent) => parent.remove(name)).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** The folder of a file and the file's name in it. */
export const split = (path: string): { folder: string; name: string } => ({ folder: dirname(path), name: basename(path) });

/** A symbolic link of ours: what it points to, and pointing it elsewhere at once. */
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises';
import { MaestroError } from '../../spec/errors.js';
import { isMissing } from '../trouble.js';
import { Folder, split } from './folder.js';
import { temporaryName } from './write-file.js';

export type LinkFound = { kind: 'missing' } | { kind: 'other' } | { kind: 'link'; target: string };

/** `other`: something that is no link, or is behind something that is no folder. */
export async function readLinkAt(path: string): Promise<LinkFound> {
  const { folder, name } = split(path);
  try {
    return await Folder.use(folder, 'fail', (parent) => readEntry(parent.entry(name)));
  } catch (error) {
    if (isMissing(error)) return { kind: 'missing' };
    if (error instanceof MaestroError) return { kind: 'other' };
    throw error;
  }
}

async function readEntry(entry: string): Promise<LinkFound> {
  return (await lstat(entry)).isSymbolicLink() ? { kind: 'link', target: await readlink(entry) } : { kind: 'other' };
}

/** By one rename; null takes the link away. Never over a file, and never over a folder. */
export async function pointLink(path: string, target: string | null): Promise<void> {
  const { folder, name } = split(path);
  await Folder.use(folder, 'create', async (parent) => {
    const found = await readEntry(parent.entry(name)).catch((error: unknown): LinkFound => {
      if (isMissing(error)) return { kind: 'missing' };
      throw error;
    });
    if (found.kind === 'other') throw new MaestroError('conflict', `${path} exists and was not made by this deploy`, { fix: 'Move it away.', details: { path } });
    if (target === null) {
      await rm(parent.entry(name), { force: true });
    } else if (found.kind === 'missing' || found.target !== target) {
      const draft = parent.entry(temporaryName(name));
      await rm(draft, { force: true });
      await symlink(target, draft);
      await rename(draft, parent.entry(name));
    }
    await parent.sync();
  });
}

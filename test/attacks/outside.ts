/** A folder that a deploy names, and beside it what nobody named: whether that is as it was is told by a picture of all of it. */
import { lchown, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Scene { root: string; /** What is named lies below. */ named: string; outside: string }

export async function makeScene(): Promise<Scene> {
  const root = await mkdtemp(join(tmpdir(), 'maestro-outside-'));
  const [named, outside] = [join(root, 'named'), join(root, 'outside')];
  await mkdir(named);
  await mkdir(join(outside, 'deep', 'er'), { recursive: true });
  for (const [path, mode] of [['victim', 0o600], ['deep/victim', 0o640], ['deep/er/victim', 0o444]] as const) await writeFile(join(outside, path), `alive ${path}`, { mode });
  await lchown(join(outside, 'deep', 'victim'), 65534, 65534);
  return { root, named, outside };
}

export const dropScene = ({ root }: Scene): Promise<void> => rm(root, { recursive: true, force: true });

/** Names, kinds, owners, modes, numbers of names, and contents. */
export async function picture(folder: string): Promise<string[]> {
  const names = ['.', ...(await readdir(folder, { recursive: true })).sort()];
  return Promise.all(names.map(async (name) => {
    const path = join(folder, name);
    const status = await lstat(path);
    const content = status.isFile() ? await readFile(path, 'utf8') : status.isSymbolicLink() ? await readlink(path) : '';
    return `${name} ${String(status.mode)} ${String(status.uid)}:${String(status.gid)} ${String(status.ino)} ${content}`;
  }));
}

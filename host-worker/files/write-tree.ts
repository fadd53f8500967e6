/**
 * Writing a folder of the bundle. `atomic_symlink`: a release is made complete beside the others, then `current`
 * is flipped to it by one rename; `overwrite` and `atomic`: file by file into a folder that may hold others' files.
 */
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DesiredTree } from '../../spec/desired.js';
import { inBatches } from '../in-batches.js';
import { fileTrouble, isMissing } from '../trouble.js';
import { contentOf } from './content.js';
import { Folder } from './folder.js';
import { pointLink } from './link.js';
import { type OwnerIds, ownerIds } from './owners.js';
import { currentRelease, type OwnedTree, releaseHash } from './read-tree.js';
import { removeFile, temporaryName, writeFile, writeNewFile } from './write-file.js';

const releasesKept = 5;
const filesAtOnce = 16;

/**
 * The release that a write will make or reuse; decided before anything is written, so that the journal can
 * name it first. A damaged release is never repaired in place: readers may be in it.
 */
export async function nextRelease(tree: DesiredTree): Promise<string> {
  for (let counter = 0; ; counter += 1) {
    const release = counter === 0 ? tree.tree_hash : `${tree.tree_hash}.${String(counter)}`;
    const hash = await releaseHash(tree, release);
    if (hash === tree.tree_hash || (await isAbsent(`${tree.dest}/releases/${release}`))) return release;
  }
}

export async function writeTree(tree: DesiredTree, release: string | null, owned: OwnedTree): Promise<void> {
  const owner = await ownerIds(tree.owner, tree.group);
  try {
    if (release === null) return await writeShared(tree, owned, owner);
    if ((await releaseHash(tree, release)) !== tree.tree_hash) await makeRelease(tree, release, owner);
    await flip(tree.dest, `releases/${release}`);
  } catch (error) {
    throw fileTrouble(tree.dest, 'writing', error);
  }
}

async function writeShared(tree: DesiredTree, owned: OwnedTree, owner: OwnerIds): Promise<void> {
  const strategy = tree.strategy === 'overwrite' ? 'overwrite' : 'atomic';
  await inBatches(tree.files, filesAtOnce, (file) => writeFile({ path: `${tree.dest}/${file.path}`, bytes: contentOf(file), mode: file.mode, owner, strategy }));
  const wanted = new Set(tree.files.map(({ path }) => path));
  for (const path of owned.files) {
    if (!wanted.has(path)) await removeFile(`${tree.dest}/${path}`);
  }
}

async function makeRelease(tree: DesiredTree, release: string, owner: OwnerIds): Promise<void> {
  const draftName = temporaryName(release);
  const draft = `${tree.dest}/releases/${draftName}`;
  await Folder.use(`${tree.dest}/releases`, 'create', async (releases) => {
    await releases.remove(draftName);
    try {
      await inBatches(tree.files, filesAtOnce, (file) => writeNewFile({ path: `${draft}/${file.path}`, bytes: contentOf(file), mode: file.mode, owner }));
      for (const folder of foldersOf(tree)) await settleFolder(folder === '' ? draft : `${draft}/${folder}`, owner);
      await rename(releases.entry(draftName), releases.entry(release));
    } catch (error) {
      await releases.remove(draftName);
      throw error;
    }
    await releases.sync();
  });
}

/** Every folder of the tree, deepest first; '' is the tree itself. */
function foldersOf(tree: DesiredTree): string[] {
  const folders = new Set(['']);
  for (const { path } of tree.files) {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].sort((a, b) => b.length - a.length);
}

async function settleFolder(path: string, owner: OwnerIds): Promise<void> {
  await Folder.use(path, 'create', async (folder) => {
    await folder.chown(owner.uid, owner.gid);
    await folder.sync();
  });
}

/** Points `current` to a release by one rename; null takes the link away (there was none before). */
export const flip = (dest: string, target: string | null): Promise<void> => pointLink(`${dest}/current`, target);

/** Takes away a release that came to nothing, made or half made; safe to repeat. */
export async function dropRelease(dest: string, release: string): Promise<void> {
  try {
    await Folder.use(`${dest}/releases`, 'fail', async (folder) => {
      for (const name of [release, temporaryName(release)]) await folder.remove(name);
    });
  } catch (error) {
    if (!isMissing(error)) throw fileTrouble(`${dest}/releases/${release}`, 'removing', error);
  }
}

/** Removes releases of ours beyond the last five, never the current one. Answers with those that remain, oldest first. */
export async function pruneReleases(owned: OwnedTree): Promise<string[]> {
  const current = await currentRelease(owned.dest);
  const kept = new Set([...owned.releases.slice(-releasesKept), ...(current === null ? [] : [current])]);
  const remaining = owned.releases.filter((release) => kept.has(release));
  for (const release of owned.releases.filter((name) => !kept.has(name))) {
    await Folder.use(`${owned.dest}/releases`, 'fail', (folder) => folder.remove(release)).catch((error: unknown) => {
      if (!isMissing(error)) throw fileTrouble(`${owned.dest}/releases/${release}`, 'removing', error);
    });
  }
  return remaining;
}

const isAbsent = (path: string): Promise<boolean> =>
  Folder.use(path, 'fail', () => Promise.resolve(false)).catch((error: unknown) => isMissing(error));

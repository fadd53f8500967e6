/** What is there of a folder that a deploy wants: the hash over what is really on disk, in the way of `treeHash`. */
import { lstat, readdir, readlink } from 'node:fs/promises';
import { MaestroError } from '../../spec/errors.js';
import type { DesiredTree } from '../../spec/desired.js';
import { sha256Hex, treeHash } from '../../spec/hash.js';
import type { ObservedTree } from '../../spec/observed.js';
import { isMissing } from '../trouble.js';
import { Folder } from './folder.js';
import { type OwnerIds, ownerIds } from './owners.js';
import { type FileFound, readFileAt } from './read-file.js';

/** What the journal keeps of a tree: its releases, oldest first, or the files that were written into a shared folder. */
export interface OwnedTree { dest: string; strategy: DesiredTree['strategy']; releases: string[]; files: string[] }

/** Names of our making only: the tree's hash, with a counter when a damaged one had to be made again. */
const releaseLink = /^releases\/([0-9a-f]{64}(?:\.\d+)?)$/;

export async function readTree(tree: DesiredTree, owned: OwnedTree | null): Promise<ObservedTree> {
  const found = tree.strategy === 'atomic_symlink' ? await readReleases(tree) : await readShared(tree, owned);
  return { dest: tree.dest, owned: owned !== null, ...found };
}

type Found = Pick<ObservedTree, 'kind' | 'tree_hash'>;

/** The release `current` points to; null when there is none, 'other' when `current` is something else. */
export async function currentRelease(dest: string): Promise<string | 'other' | null> {
  try {
    return await Folder.use(dest, 'fail', async (folder) => {
      const status = await lstat(folder.entry('current'));
      if (!status.isSymbolicLink()) return 'other';
      return releaseLink.exec(await readlink(folder.entry('current')))?.[1] ?? 'other';
    });
  } catch (error) {
    if (isMissing(error)) return null;
    if (error instanceof MaestroError) return 'other';
    throw error;
  }
}

async function readReleases(tree: DesiredTree): Promise<Found> {
  const release = await currentRelease(tree.dest);
  if (release === null) return { kind: 'missing', tree_hash: null };
  if (release === 'other') return { kind: 'other', tree_hash: null };
  return { kind: 'tree', tree_hash: await releaseHash(tree, release) };
}

/** null: gone, unreadable, or with something in it that is neither file nor folder. */
export async function releaseHash(tree: DesiredTree, release: string): Promise<string | null> {
  const root = `${tree.dest}/releases/${release}`;
  const paths = await filesUnder(root);
  if (paths === null) return null;
  return hashOf(tree, await Promise.all(paths.map((path) => entryOf(root, path))));
}

/** In a folder shared with others only our own files count, also those that are no longer wanted. */
async function readShared(tree: DesiredTree, owned: OwnedTree | null): Promise<Found> {
  const paths = [...new Set([...tree.files.map(({ path }) => path), ...(owned?.files ?? [])])];
  const found = (await Promise.all(paths.map((path) => entryOf(tree.dest, path)))).filter(({ file }) => file.kind !== 'missing');
  if (found.length === 0 && (tree.files.length > 0 || owned === null)) return { kind: 'missing', tree_hash: null };
  if (found.some(({ file }) => file.kind === 'other')) return { kind: 'other', tree_hash: null };
  return { kind: 'tree', tree_hash: await hashOf(tree, found) };
}

interface Entry { path: string; file: FileFound }

const entryOf = async (root: string, path: string): Promise<Entry> => ({ path, file: await readFileAt(`${root}/${path}`) });

async function hashOf(tree: DesiredTree, entries: Entry[]): Promise<string | null> {
  const files = entries.flatMap(({ path, file }) => (file.kind === 'file' ? [{ path, sha256: file.sha256, mode: file.mode, file }] : []));
  if (files.length < entries.length) return null;
  const hash = treeHash(files);
  const owner = await ownerIds(tree.owner, tree.group).catch(() => null);
  // A wrong owner has no field of its own; it makes the tree another one.
  return owner !== null && files.every(({ file }) => isOwnedBy(file, owner)) ? hash : sha256Hex(`another owner: ${hash}`);
}

const isOwnedBy = (file: { uid: number; gid: number }, { uid, gid }: OwnerIds): boolean =>
  (uid === null || file.uid === uid) && (gid === null || file.gid === gid);

/** Relative paths of all files; null when the folder is missing or holds links or devices. */
async function filesUnder(root: string): Promise<string[] | null> {
  const files: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await entriesOf(folder === '' ? root : `${root}/${folder}`);
    if (entries === null) return null;
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) files.push(path);
      else return null;
    }
  }
  return files;
}

async function entriesOf(path: string) {
  try {
    return await Folder.use(path, 'fail', (folder) => readdir(folder.entry('.'), { withFileTypes: true }));
  } catch (error) {
    if (isMissing(error) || error instanceof MaestroError) return null;
    throw error;
  }
}

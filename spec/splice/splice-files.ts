/** The files of a bundle with those that one component uses as they were in another version. Pure. */
import { isNamed, usesPath, type BundleUses } from './bundle-uses.js';

export interface BundleFileEntry { path: string; sha256: string; mode: number }
export interface FileSplice<T extends BundleFileEntry> {
  base: readonly T[];
  from: readonly T[];
  /** Of the component, as it comes back. */
  uses: BundleUses;
  /** Of all the other components. */
  others: BundleUses;
}

/** `shared`: files that would change for other components, too. `clashes`: that would be a file and a folder at once. */
export function spliceFiles<T extends BundleFileEntry>({ base, from, uses, others }: FileSplice<T>): { files: T[] } | { shared: string[] } | { clashes: string[] } {
  const [now, then] = [byPath(base), byPath(from)];
  // What the component may use only by a name that is made up comes back where it was; nothing goes for its sake.
  const comes = (path: string): boolean => isNamed(uses.paths, path) || (uses.any && then.has(path));
  const paths = [...new Set([...now.keys(), ...then.keys()])].sort();
  const moved = paths.filter((path) => comes(path) && !isSame(now.get(path), then.get(path)));
  const shared = moved.filter((path) => usesPath(others, path));
  if (shared.length > 0) return { shared };
  const files = paths.flatMap((path) => (comes(path) ? then.get(path) : now.get(path)) ?? []);
  const all = new Set(files.map(({ path }) => path));
  const clashes = files.map(({ path }) => path).filter((path) => path.split('/').some((_, index, parts) => index > 0 && all.has(parts.slice(0, index).join('/'))));
  return clashes.length > 0 ? { clashes } : { files };
}

const byPath = <T extends BundleFileEntry>(files: readonly T[]): Map<string, T> => new Map(files.map((file) => [file.path, file]));
const isSame = (one: BundleFileEntry | undefined, other: BundleFileEntry | undefined): boolean => one?.sha256 === other?.sha256 && one?.mode === other?.mode;

/** What a commit would put on disk, looked at before anybody uses it. Pure. */
export interface TreeEntries { links: string[]; submodules: string[]; files: number; bytes: number }

/** Of `git ls-tree -r -l -z`: `<mode> <type> <id> <size>\t<path>`, each ended by NUL; what has no size has a "-". */
export function treeEntries(listed: string): TreeEntries {
  const entries = listed.split('\0').filter((entry) => entry !== '').map((entry) => ({ mode: entry.slice(0, 6), size: Number(entry.slice(0, entry.indexOf('\t')).split(/ +/)[3]) || 0, path: entry.slice(entry.indexOf('\t') + 1) }));
  const withMode = (wanted: string): string[] => entries.filter(({ mode }) => mode === wanted).map(({ path }) => path);
  return { links: withMode('120000'), submodules: withMode('160000'), files: entries.length, bytes: entries.reduce((sum, { size }) => sum + size, 0) };
}

/**
 * Whether a symbolic link at `path` may lead out of the tree. It may climb first and descend then: a ".." behind a name
 * could climb from wherever a link of that name leads to.
 */
export function leadsOutside(path: string, target: string): boolean {
  if (target.startsWith('/')) return true;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const firstName = parts.findIndex((part) => part !== '..');
  const climbs = firstName === -1 ? parts.length : firstName;
  return climbs > path.split('/').length - 1 || parts.slice(climbs).includes('..');
}

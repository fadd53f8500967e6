/** The files of a commit, in an empty folder: fetched without history, and looked at for what leads out of it. */
import { mkdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitSource } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { archiveLimits, type ArchiveLimits } from '../../spec/archive/entries.js';
import { git, type GitContext } from './git.js';
import { withinBytes } from './within-bytes.js';
import { leadsOutside, treeEntries } from './tree-entries.js';

const shownPaths = 5;

/** `draft` is ours alone. Leaves the files in `draft/source`; the repository itself is not kept: no .git in a release. */
export async function checkOut(source: GitSource, commit: string, draft: string, context: GitContext, limits: Pick<ArchiveLimits, 'entries' | 'bytes'> = archiveLimits): Promise<string> {
  const [repository, files] = [join(draft, 'repository'), join(draft, 'source')];
  // A login is there for the runs that fetch alone.
  const { login = null, ...offline } = context;
  await mkdir(repository, { mode: 0o700 });
  await mkdir(files, { mode: 0o755 });
  const inside = (doing: string, argv: readonly string[], over: Partial<GitContext> = {}): Promise<string> =>
    git(source, doing, files, [`--git-dir=${repository}`, `--work-tree=${files}`, ...argv], { ...offline, ...over });
  const format = commit.length === 64 ? ['--object-format=sha256'] : [];
  await git(source, 'preparing', draft, ['init', '--quiet', '--bare', '--template=', ...format, '--', repository], offline);
  const tooLarge = (): MaestroError => new MaestroError('fetch_failed', `${source.repo} is too large: a source has at most ${String(limits.entries)} files and ${String(limits.bytes)} bytes`, { fix: 'Take out of the repository what need not be on the host, or bring it as an artifact.', details: { repo: source.repo } });
  await withinBytes(join(repository, 'objects', 'pack'), limits.bytes, context.signal, tooLarge, (signal) => fetchCommit(source, commit, (doing, argv, over) => inside(doing, argv, { login, signal, ...over }), inside));
  const tree = source.subpath === null ? commit : `${commit}:${source.subpath}`;
  await expectFolder(source, tree, inside);
  const { links, submodules, files: count, bytes } = treeEntries(await inside('reading', ['ls-tree', '-r', '-l', '-z', '--full-tree', tree]));
  if (count > limits.entries || bytes > limits.bytes) throw tooLarge();
  if (submodules.length > 0) context.tell(`submodules are not fetched: ${shown(submodules)}`);
  await inside('reading', ['read-tree', '--', tree]);
  await inside('checking out', ['checkout-index', '--all', '--quiet']);
  await refuseLinksOutside(source, files, links);
  await rm(repository, { recursive: true, force: true });
  return files;
}

type Inside = (doing: string, argv: readonly string[], over?: Partial<GitContext>) => Promise<string>;

/** Some servers give out only what a ref names: then all of them are fetched, with their history. */
async function fetchCommit({ repo }: GitSource, commit: string, online: Inside, inside: Inside): Promise<void> {
  const options = ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules'];
  try {
    await online('fetching', [...options, '--depth=1', '--', repo, commit]);
  } catch (error) {
    if (!(error instanceof MaestroError) || !notGivenOut.test(error.message)) throw error;
    await online('fetching', [...options, '--', repo, '+refs/heads/*:refs/fetched/heads/*', '+refs/tags/*:refs/fetched/tags/*']);
  }
  await inside('reading', ['cat-file', '-e', `${commit}^{commit}`]).catch((error: unknown) => {
    throw error instanceof MaestroError ? gone(repo, commit) : error;
  });
}

const notGivenOut = /not our ref|unadvertised object|couldn't find remote ref|upload-pack: not/i;

const gone = (repo: string, commit: string): MaestroError => new MaestroError('fetch_failed', `${repo} has no commit ${commit}`, {
  fix: 'Push the commit again, or submit a new version, which takes what the ref names then.', details: { repo, commit },
});

async function expectFolder({ repo, subpath }: GitSource, tree: string, inside: Inside): Promise<void> {
  const isFolder = subpath === null || (await inside('reading', ['cat-file', '-t', tree]).catch((error: unknown) => {
    if (error instanceof MaestroError) return '';
    throw error;
  })).trim() === 'tree';
  if (!isFolder) throw new MaestroError('fetch_failed', `${repo} has no folder "${subpath}" in this commit`, { fix: 'Correct source.subpath, or push the folder.', details: { repo, subpath } });
}

async function refuseLinksOutside({ repo }: GitSource, files: string, links: readonly string[]): Promise<void> {
  const outside: string[] = [];
  for (const path of links) {
    // A tree that no git would make has a folder of the same name: there is no telling what else is in it.
    const target = await readlink(join(files, path)).catch(() => null);
    if (target === null || leadsOutside(path, target)) outside.push(path);
  }
  if (outside.length === 0) return;
  throw new MaestroError('fetch_failed', `${repo} has symbolic links that lead out of it: ${shown(outside)}`, {
    fix: 'Remove them from the repository, or let them point to files below the source directory.', details: { repo, paths: outside.slice(0, shownPaths) },
  });
}

const shown = (paths: readonly string[]): string => `${paths.slice(0, shownPaths).map((path) => JSON.stringify(path)).join(', ')}${paths.length > shownPaths ? ` and ${String(paths.length - shownPaths)} more` : ''}`;

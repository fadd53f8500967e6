/** Which commit a ref names at this moment: one question to the repository, or none for the full id of a commit. */
import type { GitSource } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { git, type GitContext } from './git.js';

const commitId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export async function resolveRef(source: GitSource, context: GitContext): Promise<string> {
  const { repo, ref } = source;
  if (ref !== null && commitId.test(ref)) return ref;
  const names = namesOf(ref);
  const listed = await git(source, 'asking', '/', ['ls-remote', '--quiet', '--', repo, ...names], context);
  const commits = new Map(listed.split('\n').map((line) => line.split('\t')).map(([commit = '', name = '']) => [name, commit]));
  const found = names.map((name) => commits.get(name)).find((commit) => commit !== undefined && commitId.test(commit));
  if (found !== undefined) return found;
  throw new MaestroError('fetch_failed', ref === null ? `${repo} has no commit yet` : `${repo} has no branch or tag "${ref}"`, {
    fix: ref === null ? 'Push a commit, or name a branch in source.ref.' : 'Push it, or correct source.ref; a commit is named by its full id.', details: { repo, ref },
  });
}

/** In order of preference: a branch before a tag, and of an annotated tag the commit. */
function namesOf(ref: string | null): string[] {
  if (ref === null || ref === 'HEAD') return ['HEAD'];
  if (ref.startsWith('refs/')) return [`${ref}^{}`, ref];
  return [`refs/heads/${ref}`, `refs/tags/${ref}^{}`, `refs/tags/${ref}`];
}

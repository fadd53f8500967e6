/** What a source means at this moment: the commit of a ref, or the sha256 of an archive. */
import type { DesiredSource } from '../../spec/desired.js';
import { digestOfFile } from './host-archive.js';
import type { GitContext } from './git.js';
import { resolveRef } from './refs.js';

/** Throws fetch_failed when it cannot be told. */
export async function seenCommit(source: DesiredSource, context: GitContext): Promise<string> {
  if (source.type === 'git') return resolveRef(source, context);
  return source.at.kind === 'stored' ? source.at.sha256 : digestOfFile(source.at.path, context.signal);
}

/** For people. */
export function nameOf(source: DesiredSource): string {
  if (source.type === 'git') return source.repo;
  return source.at.kind === 'host' ? source.at.path : `the ${source.type}`;
}

/** The component directory as it is, and the commit (or the content of an archive) that is wanted there. Reads only. */
import type { ObservedSource } from '../../spec/observed.js';
import { MaestroError } from '../../spec/errors.js';
import type { LoginOf } from '../credentials/logins.js';
import { readLinkAt } from '../files/link.js';
import type { Journal } from '../journal/journal.js';
import type { PlacementRecord, SourceRecord } from '../journal/records.js';
import { seenCommit } from './seen-commit.js';
import { isThere, pinnedCommit, releaseAt, releaseName, releasePath, type SourcePlacement } from './releases.js';

/** A look has to be quick; a repository that takes longer counts as one that cannot be asked. */
const askTimeoutMs = 8_000;

export async function observeSource(journal: Journal, placement: SourcePlacement, record: PlacementRecord | undefined, signal: AbortSignal, loginOf: LoginOf | null): Promise<ObservedSource> {
  const path = placement.component_directory;
  const known = await journal.source(placement);
  const [found, asked] = await Promise.all([readLinkAt(path), askCommit(known, placement, signal, loginOf)]);
  const release = found.kind === 'link' ? await releaseAt(placement, known, found.target) : null;
  const current = release === null ? null : { commit: release.commit, source_hash: release.source_hash };
  const prepared = asked.wanted_commit !== null && (await isThere(releasePath(placement, releaseName(asked.wanted_commit, placement.source))));
  return { path, kind: found.kind, owned: record?.links.includes(path) ?? false, current, ...asked, prepared };
}

/** One answer that got lost is not yet a repository that is away: a plan that was made on it would be another one. */
const askTries = 2;

/** Pinned, it is not asked about; else by one question. Without its login nobody is asked. */
async function askCommit(known: SourceRecord, placement: SourcePlacement, signal: AbortSignal, loginOf: LoginOf | null): Promise<Pick<ObservedSource, 'wanted_commit' | 'trouble'>> {
  const pinned = pinnedCommit(known, placement);
  if (pinned !== null) return { wanted_commit: pinned, trouble: null };
  if (loginOf === null && placement.credential !== undefined) return { wanted_commit: null, trouble: null };
  try {
    const login = (await loginOf?.(placement)) ?? null;
    return { wanted_commit: await seenCommit(placement.source, { signal, timeoutMs: askTimeoutMs, tries: askTries, tell: () => undefined, login }), trouble: null };
  } catch (error) {
    if (error instanceof MaestroError) return { wanted_commit: null, trouble: error.message };
    throw error;
  }
}

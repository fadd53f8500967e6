/**
 * Where releases of sources are: `/opt/maestro/.releases/<deploy>/<component>/<commit>-<source hash>`, readable by the
 * users of services (the state folder is not), and with no name that a component directory could have. A folder with
 * such a name is complete: it was made as a draft, and renamed.
 */
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import type { DesiredPlacement, DesiredSource } from '../../spec/desired.js';
import type { ObservedPlacement } from '../../spec/observed.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { Folder } from '../files/folder.js';
import { readLinkAt } from '../files/link.js';
import { releasesRoot } from '../files/safe-path.js';
import type { Journal, PlacementKey } from '../journal/journal.js';
import type { PlacementRecord, SourceRecord } from '../journal/records.js';
import { fileTrouble, isMissing } from '../trouble.js';

const releasesKept = 5;
const pinsKept = 50;

export type SourcePlacement = DesiredPlacement & { source: DesiredSource };
export const hasSource = (placement: DesiredPlacement): placement is SourcePlacement => placement.source !== null;

export const releasesFolder = ({ deploy_id, component }: PlacementKey): string => `${releasesRoot}/${deploy_id}/${component}`;
export const draftName = '.draft';
const trashName = '.trash';

export const releaseName = (commit: string, { source_hash }: Pick<DesiredSource, 'source_hash'>): string => `${commit.slice(0, 16)}-${source_hash.slice(0, 16)}`;
export const releasePath = (key: PlacementKey, name: string): string => `${releasesFolder(key)}/${name}`;

export const isThere = (path: string): Promise<boolean> =>
  lstat(path).then((status) => status.isDirectory(), (error: unknown) => {
    if (isMissing(error)) return false;
    throw error;
  });

/** The commit that this version of the placement was pinned to: on all hosts, or before that was told, on this one; an archive that the control plane has is what it is. */
export const pinnedCommit = ({ pins }: SourceRecord, { source }: Pick<SourcePlacement, 'source'>): string | null =>
  standing(source) ?? pins.find((pin) => pin.version === source.content_version && pin.source_hash === source.source_hash)?.commit ?? null;

const standing = (source: DesiredSource): string | null => (source.type === 'git' ? source.commit ?? null : source.at.kind === 'stored' ? source.at.sha256 : null);

/** Once pinned, a version means this commit here, wherever its ref moves: what was applied is what is applied again. */
export async function pin(journal: Journal, placement: SourcePlacement, commit: string): Promise<void> {
  const { content_version: version, source_hash } = placement.source;
  await journal.changeSource(placement, (record) => (pinnedCommit(record, placement) === null ? { ...record, pins: [...record.pins, { version, source_hash, commit }].slice(-pinsKept) } : record));
}

/** Pins what a rollout has decided on; a conflict decides nothing. */
export async function pinObserved(journal: Journal, desired: readonly DesiredPlacement[], observed: readonly ObservedPlacement[], plans: readonly PlacementPlan[]): Promise<void> {
  for (const [index, placement] of desired.entries()) {
    const commit = observed[index]?.source?.wanted_commit ?? null;
    if (hasSource(placement) && commit !== null && plans[index]?.action !== 'conflict') await pin(journal, placement, commit);
  }
}

/** As the one that was made or switched to last. */
export const rememberRelease = (journal: Journal, key: PlacementKey, release: SourceRecord['releases'][number]): Promise<void> =>
  journal.changeSource(key, (record) => ({ ...record, releases: [...record.releases.filter(({ name }) => name !== release.name), release] }));

/** The release of ours that a link points to; null when it points to nothing of the kind, or to one that is gone. */
export async function releaseAt(key: PlacementKey, record: SourceRecord, target: string): Promise<SourceRecord['releases'][number] | null> {
  const release = record.releases.find(({ name }) => target === releasePath(key, name));
  return release !== undefined && (await isThere(target)) ? release : null;
}

/** Removes all but the last five and those that a link of ours points to. */
export async function pruneSourceReleases(journal: Journal, { links, ...key }: Pick<PlacementRecord, 'deploy_id' | 'component' | 'links'>): Promise<void> {
  if (links.length === 0) return;
  const { releases } = await journal.source(key);
  const found = await Promise.all(links.map(readLinkAt));
  const targets = new Set(found.flatMap((link) => (link.kind === 'link' ? [link.target] : [])));
  const kept = new Set(releases.slice(-releasesKept).map(({ name }) => name));
  for (const { name } of releases) {
    if (kept.has(name) || targets.has(releasePath(key, name))) continue;
    await removeRelease(key, name);
    await journal.changeSource(key, (record) => ({ ...record, releases: record.releases.filter((release) => release.name !== name) }));
  }
}

/** Takes its name first: half a release must not look like a whole one. */
async function removeRelease(key: PlacementKey, name: string): Promise<void> {
  const path = releasePath(key, name);
  try {
    await Folder.use(releasesFolder(key), 'create', async (folder) => {
      await rm(folder.entry(trashName), { recursive: true, force: true });
      await rename(folder.entry(name), folder.entry(trashName)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
      await folder.sync();
      await rm(folder.entry(trashName), { recursive: true, force: true });
    });
  } catch (error) {
    throw fileTrouble(path, 'removing', error);
  }
}

/** What an attempt that was killed has left: drafts, and what was half removed. */
export async function leftBehind(key: PlacementKey): Promise<string[]> {
  const names = await readdir(releasesFolder(key)).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.filter((name) => name.startsWith('.'));
}

/**
 * The images of a placement: which of them a deploy brought to this host, and which were applied last. Those of the last
 * five applied are kept for going back to; older ones that we brought are removed when nothing else wants them.
 */
import type Dockerode from 'dockerode';
import type { DesiredPlacement } from '../../spec/desired.js';
import { isFixed, isImageDigest, repositoryOf, withoutDigest } from '../../spec/image-reference.js';
import { call, orNull } from '../docker/docker-call.js';
import { imageId } from '../docker/pull.js';
import type { Journal, PlacementKey } from '../journal/journal.js';
import type { ImageRecord } from '../journal/records.js';
import type { Locks } from '../locks.js';
import { messageOf } from '../trouble.js';

export type ImageDeps = { journal: Journal; docker: Dockerode; locks: Locks };
type Entry = ImageRecord['images'][number];

const imagesKept = 5;
const entriesMax = 50;
/** Between noting that an image is wanted here and removing those that are not. */
const imageLock = 'images';
const removeTimeoutMs = 60_000;

/** The digest reference that is run; null for images that are not pinned to a registry's: those are nobody's to remove. */
export function registryReference({ run }: Pick<DesiredPlacement, 'run'>): string | null {
  const reference = run.type === 'docker' ? run.pinned : undefined;
  return reference === undefined || isImageDigest(reference) || !isFixed(reference) ? null : reference;
}

/** Before it is looked whether the image is here: from now on no other placement removes it. `brought`: it is about to be pulled. */
export async function noteImage({ journal, docker, locks }: ImageDeps, placement: DesiredPlacement, signal: AbortSignal, brought = false): Promise<void> {
  const reference = registryReference(placement);
  if (reference === null) return;
  await locks.run(imageLock, signal, async () => {
    const missing = brought || (await imageId(docker, reference)) === null;
    await journal.changeImages(placement, (record) => {
      const known = record.images.find((entry) => entry.reference === reference);
      if (known !== undefined && (known.brought || !missing)) return record;
      const noted: Entry = { reference, brought: missing, applied: known?.applied ?? false };
      return { ...record, images: [...record.images.filter((entry) => entry !== known), noted].slice(-entriesMax) };
    });
  });
}

/** As the one that was applied last. */
export async function rememberApplied(journal: Journal, placement: DesiredPlacement): Promise<void> {
  const reference = registryReference(placement);
  if (reference === null) return;
  await journal.changeImages(placement, (record) => {
    const last = record.images.at(-1);
    if (last?.reference === reference && last.applied) return record;
    const known = record.images.find((entry) => entry.reference === reference);
    return { ...record, images: [...record.images.filter((entry) => entry !== known), { reference, brought: known?.brought ?? false, applied: true }] };
  });
}

/** The last five that were applied. */
export const keptImages = ({ images }: Pick<ImageRecord, 'images'>): string[] => images.filter(({ applied }) => applied).slice(-imagesKept).map(({ reference }) => reference);

/** What another placement may be about to run counts, too. */
const wantedElsewhere = (record: ImageRecord): string[] => [...keptImages(record), ...record.images.filter(({ applied }) => !applied).map(({ reference }) => reference)];

/** What cannot be removed stays noted, and is tried again after the next change; it fails nothing. */
export async function pruneImages(deps: ImageDeps, key: PlacementKey, signal: AbortSignal, tell: (line: string) => void): Promise<void> {
  const { journal, docker, locks } = deps;
  const own = await journal.images(key);
  const kept = keptImages(own);
  const dropped = own.images.filter(({ reference }) => !kept.includes(reference));
  if (dropped.length === 0) return;
  await locks.run(imageLock, signal, async () => {
    const others = (await journal.allImages()).filter((record) => record.deploy_id !== key.deploy_id || record.component !== key.component);
    const wanted = new Set([...kept, ...others.flatMap(wantedElsewhere)]);
    // Two digests may be of one image.
    const wantedIds = new Set(await Promise.all([...wanted].map((reference) => imageId(docker, reference))));
    for (const entry of dropped) {
      const done = !entry.brought || (!wanted.has(entry.reference) && (await removed(docker, entry.reference, wantedIds, tell)));
      if (done) await journal.changeImages(key, (record) => ({ ...record, images: record.images.filter(({ reference }) => reference !== entry.reference) }));
    }
  });
}

/** Never by force: Docker refuses what a container uses, and what has names of other repositories. */
async function removed(docker: Dockerode, reference: string, wantedIds: ReadonlySet<string | null>, tell: (line: string) => void): Promise<boolean> {
  try {
    const found = await call('inspect an image', () => orNull(docker.getImage(reference).inspect()));
    if (found === null) return true;
    if (wantedIds.has(found.Id) || hasOtherNames(found, reference)) return false;
    await call('remove an image', () => orNull(docker.getImage(found.Id).remove()), removeTimeoutMs);
    tell(`removed the image ${reference}, which none of the last ${String(imagesKept)} versions uses`);
    return true;
  } catch (error) {
    tell(`the image ${reference} is not needed any more and could not be removed: ${messageOf(error)}`);
    return false;
  }
}

/** A name that this component did not give it is somebody's who wants to keep it. */
const hasOtherNames = ({ RepoTags, RepoDigests }: Dockerode.ImageInspectInfo, reference: string): boolean =>
  (RepoTags ?? []).some((tag) => repositoryOf(tag) !== repositoryOf(reference) || tagged(tag) !== tagged(withoutDigest(reference)))
  || (RepoDigests ?? []).some((other) => repositoryOf(other) !== repositoryOf(reference));

const tagged = (image: string): string => image.slice(image.lastIndexOf('/') + 1).replace(/^([^:]+)$/, '$1:latest');

/**
 * What a version's names were resolved to: tags of images to digests, branches and tags of repositories to commits. The
 * first that is said of a version counts, on every host and in every rollback to it; the control plane keeps it.
 */
import type { DesiredPlacement } from './desired.js';
import { componentHash } from './hash.js';
import { atDigest, isFixed, isImageDigest } from './image-reference.js';
import type { ObservedPlacement } from './observed.js';

/**
 * `image`: a registry's digest. `commit`: of a repository. Both are of all hosts. `image_id`: the id of an image that
 * was built or loaded on a host, and that no other host has: of that host alone.
 */
export const pinKinds = ['image', 'image_id', 'commit'] as const;
export type PinKind = (typeof pinKinds)[number];

export interface PinValue { kind: PinKind; value: string }
/** As a host tells it. */
export interface Pin extends PinValue { component: string }
/** As it is kept. */
export interface KeptPin extends PinValue { key: string }

const commit = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const isCommit = (text: string): boolean => commit.test(text);

export const isPinValue = ({ kind, value }: PinValue): boolean => (kind === 'commit' ? isCommit(value) : isImageDigest(value));

/** What a pin of this kind is kept under; null: this placement has nothing of the kind to be pinned. */
export function pinKey({ run, source, component }: Pick<DesiredPlacement, 'run' | 'source' | 'component'>, kind: PinKind): string | null {
  if (kind === 'commit') return source?.type !== 'git' || isCommit(source.ref ?? '') ? null : `${component}/${source.source_hash}`;
  if (run.type !== 'docker' || isFixed(run.image)) return null;
  // With `never` a host has its image from elsewhere, which another host could not get.
  return kind === 'image' && run.pull_policy === 'never' ? null : run.image;
}

/** With what is pinned of it, and the hash over that; itself when nothing is. */
export function withPins(placement: DesiredPlacement, kept: readonly KeptPin[]): DesiredPlacement {
  const valueOf = (kind: PinKind): string | null => {
    const key = pinKey(placement, kind);
    return key === null ? null : kept.find((pin) => pin.kind === kind && pin.key === key)?.value ?? null;
  };
  const { run, source } = placement;
  const [id, digest, pinnedCommit] = [valueOf('image_id'), valueOf('image'), valueOf('commit')];
  const image = run.type !== 'docker' ? null : id ?? (digest === null ? null : atDigest(run.image, digest));
  if (image === null && pinnedCommit === null) return placement;
  const pinned = {
    ...placement,
    run: run.type === 'docker' && image !== null ? { ...run, pinned: image } : run,
    source: source?.type === 'git' && pinnedCommit !== null ? { ...source, commit: pinnedCommit } : source,
  };
  return { ...pinned, hash: componentHash(pinned) };
}

/** What a rollout would pin of a placement, by what its host has seen; nothing of what is pinned already. */
export function seenPins(desired: DesiredPlacement, { source, image_digest: digest = null, wanted_image_id: id = null }: ObservedPlacement): PinValue[] {
  const found: PinValue[] = [];
  const { run } = desired;
  if (run.type === 'docker' && run.pinned === undefined && !isToBeBuilt(desired, source)) {
    if (digest !== null && pinKey(desired, 'image') !== null) found.push({ kind: 'image', value: digest });
    else if (id !== null && pinKey(desired, 'image_id') !== null) found.push({ kind: 'image_id', value: id });
  }
  const wanted = source?.wanted_commit ?? null;
  if (wanted !== null && desired.source?.type === 'git' && desired.source.commit === undefined && pinKey(desired, 'commit') !== null) found.push({ kind: 'commit', value: wanted });
  return found.filter(isPinValue);
}

/** Its image may be one that its build is about to make. */
const isToBeBuilt = ({ build }: DesiredPlacement, source: ObservedPlacement['source']): boolean => build.length > 0 && source?.prepared !== true;

/** As it is with that pinned. */
export const asPinned = (desired: DesiredPlacement, observed: ObservedPlacement): DesiredPlacement => withPins(desired, keyed(desired, seenPins(desired, observed)));

/**
 * So that a plan, which pins nothing, shows what its apply does. With a repository that cannot be asked, the commit that is
 * there counts as the one that is asked for, without being pinned.
 */
export const asSeen = (desired: DesiredPlacement, observed: ObservedPlacement): DesiredPlacement =>
  withPins(desired, keyed(desired, [...seenPins(desired, observed), ...unaskedCommit(desired, observed)]));

const keyed = (desired: DesiredPlacement, pins: readonly PinValue[]): KeptPin[] => pins.map((pin) => ({ ...pin, key: pinKey(desired, pin.kind) ?? '' }));

function unaskedCommit({ source }: DesiredPlacement, { source: found }: ObservedPlacement): PinValue[] {
  if (source?.type !== 'git' || source.commit !== undefined || found == null || found.wanted_commit !== null || found.current?.source_hash !== source.source_hash) return [];
  return [{ kind: 'commit', value: found.current.commit }];
}

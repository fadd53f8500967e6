/**
 * Components that are told to reload when one that they depend on changes (`reload_triggers.dependencies: hot`). What
 * they have been told of is remembered by their host, so that it is done once, and is done after a kill. Pure.
 */
import type { DesiredPlacement } from './desired.js';
import { canonicalJson, sha256Hex } from './hash.js';
import type { ObservedPlacement } from './observed.js';

/** Component → digest of what it shall be, on all of its hosts. */
export type Followed = Readonly<Record<string, string>>;

const digestLength = 24;

/**
 * Adds to those that follow others what these shall be in this version. A dependency counts by itself: what that one
 * follows in turn is its own affair, or a change would run through the whole graph.
 */
export function withFollowed(placements: readonly DesiredPlacement[], dependenciesOf: (component: string) => readonly string[]): DesiredPlacement[] {
  const hashes = new Map<string, Set<string>>();
  for (const { component, hash } of placements) hashes.set(component, (hashes.get(component) ?? new Set()).add(hash));
  const digestOf = (component: string): string => sha256Hex(canonicalJson([...(hashes.get(component) ?? [])].sort())).slice(0, digestLength);
  return placements.map((placement) => (placement.reload_on?.includes('dependencies') === true
    ? { ...placement, follows: Object.fromEntries([...dependenciesOf(placement.component)].sort().map((id) => [id, digestOf(id)])) }
    : placement));
}

/** Dependencies that are not any more what this placement was started with, or told of last; all of them when that is not known. */
export function followedChanges({ follows = {} }: DesiredPlacement, { applied_follows: told }: ObservedPlacement): string[] {
  return Object.keys(follows).filter((id) => told == null || !Object.hasOwn(told, id) || told[id] !== follows[id]).sort();
}

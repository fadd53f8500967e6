/** The claims of a version in the form in which they are compared and kept: what is equal on many hosts, once. */
import type { Claim } from '../../spec/claims/claim.js';
import type { PlacedClaim, PlacementClaims } from '../../spec/claims/placement-claims.js';
import { canonicalJson, sha256Hex } from '../../spec/hash.js';

export interface ClaimGroup { component: string; hosts: string[]; claims: PlacedClaim[] }
/** Without the places in the document, which only its own deploy tells. */
export interface KeptGroup { component: string; hosts: string[]; claims: Claim[] }
/** `digest`: over what is kept. */
export interface DeployClaims { hosts: string[]; groups: ClaimGroup[]; digest: string }

const made = new WeakMap<readonly PlacementClaims[], DeployClaims>();

/** Made once for a rendered version, which is kept in memory: every apply of it asks again. */
export function deployClaims(placements: readonly PlacementClaims[]): DeployClaims {
  const known = made.get(placements);
  if (known !== undefined) return known;
  const groups = grouped(placements);
  const claims = { hosts: [...new Set(placements.map(({ host }) => host))], groups, digest: sha256Hex(canonicalJson(keptGroups(groups))) };
  made.set(placements, claims);
  return claims;
}

function grouped(placements: readonly PlacementClaims[]): ClaimGroup[] {
  const groups = new Map<string, ClaimGroup>();
  for (const { host, component, claims } of placements) {
    const key = JSON.stringify([component, claims]);
    const group = groups.get(key) ?? { component, hosts: [], claims };
    groups.set(key, group);
    group.hosts.push(host);
  }
  return [...groups.values()];
}

export const keptGroups = (groups: readonly ClaimGroup[]): KeptGroup[] =>
  groups.map(({ component, hosts, claims }) => ({ component, hosts, claims: claims.map(({ claim }) => claim) }));

/** What one deploy has for itself alone. A named volume may be shared on purpose, so it is worth a warning and no refusal. */
export const exclusive = (groups: readonly ClaimGroup[]): ClaimGroup[] =>
  groups.map((group) => ({ ...group, claims: group.claims.filter(({ claim }) => claim.kind !== 'volume') }));

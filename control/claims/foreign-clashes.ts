/** Where a version and what other deploys occupy get into each other's way. Pure. */
import type { Claim } from '../../spec/claims/claim.js';
import { Taken } from '../../spec/claims/taken.js';
import type { Path } from '../../spec/document/path.js';
import { maxClashes } from '../documents/clashes.js';
import type { ClaimGroup, KeptGroup } from './groups.js';

/** A version of another deploy that is, or may be, on its hosts. */
export interface Occupant { deploy_id: string; name: string; version: number; groups: KeptGroup[] }

interface Holder { deploy_id: string; name: string; component: string; hosts: ReadonlySet<string> }
export interface ForeignClash { component: string; path: Path; claim: Claim; hosts: string[]; held: Claim; holder: Omit<Holder, 'hosts'> }

export function foreignClashes(own: readonly ClaimGroup[], occupants: readonly Occupant[]): ForeignClash[] {
  const taken = takenBy(occupants);
  const found: ForeignClash[] = [];
  for (const { component, hosts, claims } of own) {
    for (const { claim, path } of claims) {
      found.push(...clashesOf(taken, claim, hosts).map((clash) => ({ component, path, claim, ...clash })));
      if (found.length >= maxClashes) return found.slice(0, maxClashes);
    }
  }
  return found;
}

function takenBy(occupants: readonly Occupant[]): Taken<Holder> {
  const taken = new Taken<Holder>();
  for (const { deploy_id, name, groups } of occupants) {
    for (const { component, hosts, claims } of groups) {
      const holder = { deploy_id, name, component, hosts: new Set(hosts) };
      for (const claim of claims) taken.add(claim, holder);
    }
  }
  return taken;
}

/** Each component of another deploy once, though it holds the thing in two versions or on many hosts. */
function clashesOf(taken: Taken<Holder>, claim: Claim, hosts: readonly string[]): Pick<ForeignClash, 'hosts' | 'held' | 'holder'>[] {
  const found = new Map<string, Pick<ForeignClash, 'held' | 'holder'> & { hosts: Set<string> }>();
  for (const { claim: held, holder: { hosts: theirs, ...holder } } of taken.clashing(claim)) {
    const common = hosts.filter((host) => theirs.has(host));
    if (common.length === 0) continue;
    const key = `${holder.deploy_id} ${holder.component}`;
    const clash = found.get(key) ?? { hosts: new Set(), held, holder };
    found.set(key, clash);
    for (const host of common) clash.hosts.add(host);
  }
  return [...found.values()].map((clash) => ({ ...clash, hosts: [...clash.hosts] }));
}

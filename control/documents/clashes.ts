/** What the placements of one deploy on the same host may not share: ports, names, places for files. */
import { claimName, mayStandTogether, nesting, type Claim } from '../../spec/claims/claim.js';
import type { PlacedClaim, PlacementClaims } from '../../spec/claims/placement-claims.js';
import { Taken, type Held } from '../../spec/claims/taken.js';
import { formatPath, type Path } from '../../spec/document/path.js';
import type { YamlReading } from '../../spec/document/read-yaml.js';
import type { Diagnostic } from '../../spec/errors.js';

export interface Clash { host: string; component: string; claim: Claim; path: Path; /** The component that had it first. */ holder: string; held: Claim }

/** More are not told: the first say enough. */
export const maxClashes = 500;

export function clashes(placements: readonly PlacementClaims[]): Clash[] {
  const taken = new Map<string, Taken<string>>();
  const found: Clash[] = [];
  for (const { host, component, claims } of placements) {
    const ofHost = taken.get(host) ?? new Taken<string>();
    taken.set(host, ofHost);
    for (const { claim, path } of claims.filter(isExclusive)) {
      const first = firstInTheWay(ofHost, component, claim);
      if (first !== undefined) found.push({ host, component, claim, path, holder: first.holder, held: first.claim });
      if (found.length === maxClashes) return found;
      ofHost.add(claim, component);
    }
  }
  return found;
}

/** Components of one deploy share their named volumes as they like. */
const isExclusive = ({ claim }: PlacedClaim): boolean => claim.kind !== 'volume';

function firstInTheWay(taken: Taken<string>, component: string, claim: Claim): Held<string> | undefined {
  for (const held of taken.clashing(claim)) if (held.holder !== component || !mayStandTogether(claim, held.claim)) return held;
  return undefined;
}

export function clashErrors(placements: readonly PlacementClaims[], locate: YamlReading['locate']): Diagnostic[] {
  return clashes(placements).map(({ host, component, claim, path, holder, held }) => {
    const how = nesting(claim, held);
    const whose = holder === component ? 'is used twice' : `is also used by ${holder}`;
    const message = `${claimName(claim, held)} on ${host} ${whose}${how === '' ? '' : `: ${how}`}`;
    return { ...placeOf(component, path, locate), code: 'conflict', message, suggested_fix: anotherOne[claim.kind] };
  });
}

/** What stands for a name that is not written is a section; its key is where to write one. */
export function placeOf(component: string, path: Path, locate: YamlReading['locate']): Pick<Diagnostic, 'path' | 'line' | 'column'> {
  const full = ['components', component, ...path];
  return { path: formatPath(full), ...locate(full, path.length === 1 ? 'key' : 'value') };
}

export const anotherOne: Record<Claim['kind'], string> = {
  container: 'Give it another name.', unit: 'Give it another name.', volume: 'Use another volume.', port: 'Publish another host port.', file: 'Write to another path.', folder: 'Write to another path.',
};

/** Everything that is taken on one host, found by what would clash with it, without comparing each with each. */
import { addressesMeet } from './address.js';
import { isPath, type Claim, type PortClaim } from './claim.js';

export interface Held<Holder> { claim: Claim; holder: Holder }

interface Place<Holder> { held: Held<Holder>[]; below: Map<string, Place<Holder>> }
const emptyPlace = <Holder>(): Place<Holder> => ({ held: [], below: new Map() });

export class Taken<Holder> {
  private readonly byKey = new Map<string, Held<Holder>[]>();
  private readonly root = emptyPlace<Holder>();

  add(claim: Claim, holder: Holder): void {
    const held = { claim, holder };
    if (isPath(claim)) this.placeOf(claim.path).held.push(held);
    else for (const key of keysOf(claim)) this.heldBy(key).push(held);
  }

  /** What clashes with `claim`, each once; lazily, since most ask for the first alone. */
  * clashing(claim: Claim): Generator<Held<Holder>> {
    if (isPath(claim)) yield* this.inTheWay(claim.path);
    else if (claim.kind === 'port') yield* this.ports(claim);
    else for (const key of keysOf(claim)) yield* this.byKey.get(key) ?? [];
  }

  private * ports(claim: PortClaim): Generator<Held<Holder>> {
    const seen = new Set<Held<Holder>>();
    for (const key of keysOf(claim)) {
      for (const held of this.byKey.get(key) ?? []) {
        if (held.claim.kind !== 'port' || seen.has(held) || !addressesMeet(held.claim.address, claim.address)) continue;
        seen.add(held);
        yield held;
      }
    }
  }

  /** On the way to the path, there, and everywhere below. */
  private * inTheWay(path: string): Generator<Held<Holder>> {
    let place: Place<Holder> | undefined = this.root;
    for (const part of partsOf(path)) {
      place = place.below.get(part);
      if (place === undefined) return;
      yield* place.held;
    }
    const open = [...place.below.values()];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      yield* next.held;
      open.push(...next.below.values());
    }
  }

  private heldBy(key: string): Held<Holder>[] {
    const held = this.byKey.get(key) ?? [];
    this.byKey.set(key, held);
    return held;
  }

  private placeOf(path: string): Place<Holder> {
    return partsOf(path).reduce((place, part) => {
      const next = place.below.get(part) ?? emptyPlace<Holder>();
      place.below.set(part, next);
      return next;
    }, this.root);
  }
}

const partsOf = (path: string): string[] => path.split('/').slice(1);

/** A range of ports is as many keys as it has ports; there are at most 256 for a container. */
function keysOf(claim: Exclude<Claim, { path: string }>): string[] {
  if (claim.kind !== 'port') return [`${claim.kind} ${claim.name}`];
  return Array.from({ length: claim.to - claim.from + 1 }, (_, index) => `${claim.protocol} ${claim.from + index}`);
}

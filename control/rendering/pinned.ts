/** Rendered placements with what their version is pinned to. Only what is not fixed by the document itself is asked for. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { pinKey, pinKinds, withPins } from '../../spec/pins.js';
import type { Reader } from '../database.js';
import { pinsOfVersion, type PinnedVersion } from '../pins/index.js';

export async function pinnedPlacements(db: Reader, version: PinnedVersion, placements: readonly DesiredPlacement[]): Promise<DesiredPlacement[]> {
  const keys = placements.map((placement) => pinKinds.flatMap((kind) => {
    const key = pinKey(placement, kind);
    return key === null ? [] : [{ kind, key }];
  }));
  if (keys.every((wanted) => wanted.length === 0)) return [...placements];
  const pins = await pinsOfVersion(db, version);
  return placements.map((placement, index) => withPins(placement, pins.of(placement.host, keys[index] ?? [])));
}

/** Rendered placements with what their version is pinned to. Only what is not fixed by the document itself is asked for. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { pinKey, pinKinds, withPins } from '../../spec/pins.js';
import type { Reader } from '../database.js';
import type { ContentVersions } from '../deploys/content-version.js';
import { pinsOfVersion } from '../pins/index.js';

export async function pinnedPlacements(db: Reader, deployId: string, contentVersion: ContentVersions, placements: readonly DesiredPlacement[]): Promise<DesiredPlacement[]> {
  const keys = placements.map((placement) => pinKinds.flatMap((kind) => {
    const key = pinKey(placement, kind);
    return key === null ? [] : [{ kind, key }];
  }));
  if (keys.every((wanted) => wanted.length === 0)) return [...placements];
  const versions = [...new Set(placements.map(({ component }) => contentVersion(component)))];
  const pins = new Map(await Promise.all(versions.map(async (version) => [version, await pinsOfVersion(db, { deployId, version })] as const)));
  return placements.map((placement, index) => withPins(placement, pins.get(contentVersion(placement.component))?.of(placement.host, keys[index] ?? []) ?? []));
}

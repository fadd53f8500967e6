/** What names of images and commits mean in a version: said once by a host that is about to use them, and kept. */
import { sha256Hex } from '../../spec/hash.js';
import type { KeptPin, PinKind } from '../../spec/pins.js';
import type { Db, Reader } from '../database.js';

/** `version`: the one that the content is of, see control/deploys/content-version. */
export interface PinnedVersion { deployId: string; version: number }

const keyMax = 400;
/** Keys are part of an index, which takes no long ones. */
const stored = (key: string): string => (key.length <= keyMax ? key : `sha256:${sha256Hex(key)}`);

const hostOf = (kind: PinKind, host: string): string => (kind === 'image_id' ? host : '');

/** What stands for each of `pins` afterwards, in their order: what was said first, by whichever host. Safe to repeat. */
export async function recordPins(db: Db, { deployId: deploy_id, version }: PinnedVersion, host: string, pins: readonly KeptPin[]): Promise<KeptPin[]> {
  if (pins.length === 0) return [];
  const data = pins.map(({ kind, key, value }) => ({ deploy_id, version, kind, key: stored(key), host: hostOf(kind, host), value, pinned_by: host }));
  await db.versionPin.createMany({ data, skipDuplicates: true });
  const kept = (await pinsOfVersion(db, { deployId: deploy_id, version })).of(host, pins);
  return pins.map(({ kind, key, value }) => kept.find((pin) => pin.kind === kind && pin.key === key) ?? { kind, key, value });
}

/** For hosts: what is kept of a version, found again by the whole key. */
export interface Pins { of(host: string, wanted: readonly { kind: PinKind; key: string }[]): KeptPin[] }

export async function pinsOfVersion(db: Reader, { deployId: deploy_id, version }: PinnedVersion): Promise<Pins> {
  const rows = await db.versionPin.findMany({ where: { deploy_id, version }, select: { kind: true, key: true, host: true, value: true } });
  const values = new Map(rows.map((row) => [`${row.kind} ${row.host} ${row.key}`, row.value]));
  return {
    of: (host, wanted) => wanted.flatMap(({ kind, key }) => {
      const value = values.get(`${kind} ${hostOf(kind, host)} ${stored(key)}`);
      return value === undefined ? [] : [{ kind, key, value }];
    }),
  };
}

/** All placements' units by one `systemctl show`, with the hash of the file on disk. */
import type { DesiredPlacement, SystemdRun } from '../../spec/desired.js';
import type { ObservedUnit } from '../../spec/observed.js';
import { readFileAt } from '../files/read-file.js';
import { refuseUnsafeUnitName } from '../files/safe-path.js';
import { showUnits, unitPath } from '../systemd/systemctl.js';
import type { UnitStatus } from '../systemd/unit-status.js';

export type SystemdPlacement = DesiredPlacement & { run: SystemdRun };

/** In the order of `placements`; null: no such unit. `ownedUnits` are those of each placement's journal. */
export async function observeUnits(placements: readonly SystemdPlacement[], ownedUnits: readonly ReadonlySet<string>[]): Promise<(ObservedUnit | null)[]> {
  const names = placements.map(({ run }) => run.unit_name);
  names.forEach(refuseUnsafeUnitName);
  const [statuses, hashes] = await Promise.all([showUnits(names), Promise.all(names.map(hashOnDisk))]);
  return placements.map(({ run }, index) => {
    const status = statuses[index];
    return status === undefined ? null : toObserved(run.unit_name, status, hashes[index] ?? null, ownedUnits[index]?.has(run.unit_name) ?? false);
  });
}

async function hashOnDisk(unit: string): Promise<string | null> {
  const found = await readFileAt(unitPath(unit));
  return found.kind === 'file' ? found.sha256 : null;
}

function toObserved(unit_name: string, status: UnitStatus, unit_sha256: string | null, owned: boolean): ObservedUnit | null {
  if (status.load_state === 'not-found' && unit_sha256 === null && status.active_state === 'inactive') return null;
  const { load_state, active_state, sub_state, enabled, needs_daemon_reload, exit_code, started_at } = status;
  return { owned, load_state, active_state, sub_state, enabled, unit_sha256, needs_daemon_reload, exit_code, run: { unit_name }, started_at };
}

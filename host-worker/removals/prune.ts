/**
 * Removes what a deploy has made here and the version that is applied does not have. What is to be removed is decided once
 * and kept before the first thing goes, so that whoever repeats it after a kill or a lost answer goes on and tells the same.
 */
import { placementRemovals, type PlacementRemoval, removalPlan, removalText, type Removal } from '../../spec/prune.js';
import { MaestroError } from '../../spec/errors.js';
import type { PlacementPlan } from '../../spec/plan.js';
import type { HostWork } from '../../workflows/shared.js';
import type { PruneResult, RemovedPlacement } from '../../workflows/shared-removals.js';
import { throwIfCancelled } from '../activate/step.js';
import type { HostDeps } from '../activate/host-deps.js';
import type { ActivityScope } from '../activity-scope.js';
import type { RemovalPlane } from '../control-plane/removals-client.js';
import type { PlacementKey } from '../journal/journal.js';
import type { PruneJournal} from '../journal/prunes.js';
import { type PruneRecord } from '../journal/prunes.js';
import type { PlacementRecord } from '../journal/records.js';
import { dockerHere, ownedBy } from './find.js';
import { removeEmpty, removeOne } from './remove.js';

export interface PruneDeps extends HostDeps { removals: RemovalPlane; prunes: PruneJournal }

export async function previewPrune(deps: PruneDeps, work: HostWork, scope: ActivityScope): Promise<{ placements: PlacementPlan[] }> {
  return { placements: (await decide(deps, work, scope)).map(removalPlan) };
}

/** Asked at the moment of use: the control plane answers for a run that is open, and for nothing else. */
async function decide(deps: PruneDeps, { deploy_id, run_id }: HostWork, { signal }: ActivityScope): Promise<PlacementRemoval[]> {
  const answer = await deps.removals.removals(run_id, signal);
  const foreign = answer.deploy_id !== deploy_id || answer.placements.some((placement) => placement.deploy_id !== deploy_id || placement.host !== deps.node);
  if (foreign) throw new MaestroError('internal', 'the control plane answered for something else', { fix: 'Apply again; report it when it comes again.' });
  const [owned, docker] = await Promise.all([ownedBy(deps.journal, deploy_id), dockerHere(deps.docker)]);
  return placementRemovals({ deploy_id, owned, docker, kept: answer.placements, order: answer.order, volumes: answer.volumes });
}

export async function prune(deps: PruneDeps, work: HostWork, scope: ActivityScope): Promise<PruneResult> {
  return deps.locks.run(`prune ${work.deploy_id}`, scope.signal, async () => {
    const known = await deps.prunes.read(work.run_id);
    if (known?.done === true) return { placements: known.results };
    const placements = known?.placements ?? (await decide(deps, work, scope));
    const record: PruneRecord = known ?? { format: 1, run_id: work.run_id, deploy_id: work.deploy_id, placements, results: [], done: false };
    if (known === null) await effect(deps, scope, 'prune.open', () => deps.prunes.write(record));
    const results = await removeAll(deps, work, scope, placements);
    await deps.prunes.write({ ...record, results, done: true });
    return { placements: results };
  });
}

const isShared = ({ op }: Removal): boolean => op === 'remove_network' || op === 'remove_volume';

/** Networks and volumes are free when all of their containers are gone. */
async function removeAll(deps: PruneDeps, work: HostWork, scope: ActivityScope, placements: readonly PlacementRemoval[]): Promise<RemovedPlacement[]> {
  const results = placements.map(({ component, whole }): RemovedPlacement => ({ component, whole, removed: [], kept: [] }));
  for (const [index, placement] of placements.entries()) await removePlacement(deps, work, scope, { ...placement, removals: placement.removals.filter((removal) => !isShared(removal)) }, results[index]);
  for (const [index, placement] of placements.entries()) {
    for (const removal of placement.removals.filter(isShared)) await removeAndNote(deps, { deploy_id: work.deploy_id, component: placement.component }, scope, removal, results[index]);
  }
  return results;
}

async function removePlacement(deps: PruneDeps, work: HostWork, scope: ActivityScope, { component, whole, removals }: PlacementRemoval, result: RemovedPlacement | undefined): Promise<void> {
  const key: PlacementKey = { deploy_id: work.deploy_id, component };
  await deps.locks.run(`${key.deploy_id}/${component}`, scope.signal, async () => {
    for (const removal of removals) await removeAndNote(deps, key, scope, removal, result);
    if (removals.some(({ op }) => op === 'remove_container' || op === 'remove_unit')) await effect(deps, scope, 'prune.withdraw', () => withdraw(deps, key, removals));
    if (removals.some(({ op }) => op === 'remove_unit')) await effect(deps, scope, 'prune.reload', () => deps.reload.request());
    // Last: until then the journal is what says that these things are ours.
    if (whole) await effect(deps, scope, 'prune.forget', () => forget(deps, key));
    else await effect(deps, scope, 'prune.disown', async () => deps.journal.savePlacement(without(await deps.journal.placement(key), removals)));
  });
}

async function removeAndNote(deps: PruneDeps, key: PlacementKey, scope: ActivityScope, removal: Removal, result: RemovedPlacement | undefined): Promise<void> {
  const why = await effect(deps, scope, `prune.${removal.op}`, () => removeOne(deps, key, removal));
  if (why === null) result?.removed.push(removalText(removal));
  else result?.kept.push(why);
}

/** Ports that the host's own rules publish for it lead to nothing now. */
async function withdraw({ publisher }: PruneDeps, key: PlacementKey, removals: readonly Removal[]): Promise<void> {
  const entry = await publisher.of(key);
  const goes = (unit: string): boolean => removals.some((removal) => removal.op === 'remove_unit' && removal.unit === unit);
  // A unit may stay where a container goes, and the other way round.
  if (entry === null || (entry.unit === true ? goes(entry.container) : removals.some(({ op }) => op === 'remove_container'))) {
    if (entry !== null) await publisher.record(key, null);
    await publisher.giveUpSlots(key);
  }
  await publisher.refresh();
}

async function forget(deps: PruneDeps, key: PlacementKey): Promise<void> {
  await deps.journal.forget(key);
  await removeEmpty(`/opt/maestro/${key.component}`);
}

function without(record: PlacementRecord, removals: readonly Removal[]): PlacementRecord {
  const named = new Set(removals.map(removalText));
  const stays = (removal: Removal): boolean => !named.has(removalText(removal));
  return {
    ...record,
    units: record.units.filter((unit) => stays({ op: 'remove_unit', unit })), files: record.files.filter((path) => stays({ op: 'remove_file', path })),
    links: record.links.filter((path) => stays({ op: 'remove_link', path })), trees: record.trees.filter((tree) => stays({ op: 'remove_tree', ...tree })),
  };
}

async function effect<T>({ fault }: Pick<HostDeps, 'fault'>, { signal }: ActivityScope, point: string, work: () => Promise<T>): Promise<T> {
  throwIfCancelled(signal);
  await fault(`before:${point}`);
  const result = await work();
  await fault(`after:${point}`);
  return result;
}

/**
 * What one host has to do, decided by comparing what shall be with what is. Pure: no clock, no I/O; the same
 * input gives the same plan, and planning again after applying gives nothing to do.
 */
import type { DesiredFile, DesiredPlacement, DesiredTree } from './desired.js';
import { containerChanges } from './plan-container.js';
import { followedChanges } from './follow.js';
import { fieldChange } from './plan-fields.js';
import { canReload } from './reload.js';
import { type SourceChanges, sourceChanges } from './plan-source.js';
import { unitChanges } from './plan-unit.js';
import { isUp, type RunChanges } from './run-changes.js';
import type { HostFacts, ObservedFile, ObservedPlacement, ObservedTree } from './observed.js';
import type { FieldChange, FileChange, Operation, PlacementPlan } from './plan.js';
import type { ComponentState, DriftKind } from './words.js';

export function planHost(desired: readonly DesiredPlacement[], observed: readonly ObservedPlacement[], facts: HostFacts): PlacementPlan[] {
  const byComponent = new Map(observed.map((placement) => [placement.component, placement]));
  return desired.map((placement) => planPlacement(placement, byComponent.get(placement.component) ?? nothingObserved(placement.component), facts));
}

function planPlacement(desired: DesiredPlacement, observed: ObservedPlacement, facts: HostFacts): PlacementPlan {
  const drifted = observed.applied_hash === desired.hash;
  const run = desired.run.type === 'docker' ? containerChanges(desired, desired.run, observed, drifted) : unitChanges(desired, desired.run, observed, drifted);
  const source = sourceChanges(desired, observed, drifted);
  const files = desired.files.flatMap((file) => fileChanges(file, observed.files, drifted));
  const trees = desired.trees.flatMap((tree) => treeChanges(tree, observed.trees, drifted));
  const conflicts = [missingRuntime(desired, facts), run.conflict, source.conflict, ...[...files, ...trees].map((change) => change.conflict)].filter((text) => text !== null);
  if (conflicts.length > 0) return conflicted(desired.component, run.state, conflicts, [...run.fields, ...source.fields, ...[...files, ...trees].map(({ field }) => field)]);
  return assemble(desired, run, source, [...files, ...trees], observed);
}

interface PathChange { field: FieldChange; file: FileChange; operation: Operation; conflict: string | null; reason: string }

function fileChanges(file: DesiredFile, observed: readonly ObservedFile[], drifted: boolean): PathChange[] {
  const found = observed.find(({ path }) => path === file.path);
  const kind = found?.kind ?? 'missing';
  const sameContent = kind === 'file' && found?.sha256 === file.sha256;
  const wrong = kind === 'file' ? [
    ...(sameContent ? [] : ['content']),
    ...(found?.mode === file.mode ? [] : ['mode']),
    ...(file.owner === null || found?.owner === file.owner ? [] : ['owner']),
    ...(file.group === null || found?.group === file.group ? [] : ['group']),
  ] : [kind];
  if (wrong.length === 0) return [];
  const change: DriftKind | 'desired' = kind === 'missing' && drifted ? 'missing' : drifted ? 'changed' : 'desired';
  // A file with the same content may be adopted; any other file that this placement did not make is somebody else's.
  const foreign = kind === 'other' || (kind === 'file' && found?.owned === false && !sameContent);
  return [{
    field: sameContent ? fieldChange(`files.${file.path}`, change, rights(found), rights(file)) : fieldChange(`files.${file.path}`, foreign ? 'foreign' : change, found?.sha256 ?? null, file.sha256),
    file: { path: file.path, old_sha256: found?.sha256 ?? null, new_sha256: file.sha256, kind: foreign ? 'foreign' : change },
    operation: { op: 'write_file', path: file.path },
    conflict: foreign ? `${file.path} exists and was not made by this deploy` : null,
    reason: kind === 'missing' ? `${file.path} is missing` : `${file.path} differs (${wrong.join(', ')})`,
  }];
}

/** `0640 deploy:deploy`; what the document leaves open is left out. */
const rights = ({ mode, owner, group }: Pick<ObservedFile, 'mode' | 'owner' | 'group'>): string =>
  [(mode ?? 0).toString(8).padStart(4, '0'), [owner ?? '', group ?? ''].join(':')].join(' ').replace(/[ :]+$/, '');

function treeChanges(tree: DesiredTree, observed: readonly ObservedTree[], drifted: boolean): PathChange[] {
  const found = observed.find(({ dest }) => dest === tree.dest);
  const kind = found?.kind ?? 'missing';
  if (kind === 'tree' && found?.tree_hash === tree.tree_hash) return [];
  const change: DriftKind | 'desired' = kind === 'missing' && drifted ? 'missing' : drifted ? 'changed' : 'desired';
  const foreign = kind === 'other' || (kind === 'tree' && found?.owned === false);
  return [{
    field: fieldChange(`files.${tree.dest}`, foreign ? 'foreign' : change, found?.tree_hash ?? null, tree.tree_hash),
    file: { path: tree.dest, old_sha256: found?.tree_hash ?? null, new_sha256: tree.tree_hash, kind: foreign ? 'foreign' : change },
    operation: { op: 'write_tree', dest: tree.dest },
    conflict: foreign ? `${tree.dest} exists and was not made by this deploy` : null,
    reason: kind === 'missing' ? `${tree.dest} is missing` : `${tree.dest} differs`,
  }];
}

function missingRuntime(desired: DesiredPlacement, facts: HostFacts): string | null {
  if (desired.run.type === 'docker' && !facts.docker) return 'this host has no Docker that answers';
  if (desired.run.type === 'systemd' && !facts.systemd) return 'this host is not run by systemd';
  return null;
}

function conflicted(component: string, state: ComponentState, conflicts: string[], fields: FieldChange[]): PlacementPlan {
  return { component, action: 'conflict', restart: false, downtime: false, reasons: conflicts, fields, files: [], operations: [], observed_state: state, needs_prepare: false };
}

function assemble(desired: DesiredPlacement, run: RunChanges, source: SourceChanges, paths: PathChange[], observed: ObservedPlacement): PlacementPlan {
  const brought = [...source.operations, ...paths.map(({ operation }) => operation)];
  const reloads = run.need === 'none' && isUp(run.state) && canReload(desired, brought);
  // A start, and a reload for another reason, show it what it follows as well.
  const followed = run.need === 'none' && isUp(run.state) ? followedChanges(desired, observed) : [];
  const need = needOf(run, brought, reloads || followed.length > 0 && brought.length === 0);
  const beside = isBeside(desired, need, run);
  const changes = need !== 'none' || run.before.some((operation) => !isEarly(operation));
  const doubt = changes ? [] : doubts(desired, run, observed);
  const release: Operation[] = source.unsure && changes ? [{ op: 'switch_release', path: desired.component_directory }] : source.operations;
  const health: Operation[] = changes || doubt.length > 0 ? [{ op: 'check_health' }] : [];
  return {
    component: desired.component,
    action: need === 'none' ? (changes ? 'update' : 'unchanged') : beside ? 'update' : need,
    restart: need === 'update' || need === 'restart',
    downtime: !beside && (need === 'update' || (need === 'restart' && isUp(run.state))),
    reasons: [...run.reasons, ...source.reasons, ...paths.map(({ reason }) => reason), ...followed.map((id) => `${id}, which it depends on, has changed`), ...doubt, ...wayIn(desired, need, beside, run)],
    fields: [...run.fields, ...source.fields, ...paths.map(({ field }) => field)],
    files: paths.map(({ file }) => file),
    operations: [...run.before.filter(isEarly), ...release, ...paths.map(({ operation }) => operation), ...run.before.filter((operation) => !isEarly(operation) && !(beside && (operation.op === 'publish_ports' || operation.op === 'enable_unit'))), ...startOperation(desired, need, run, beside), ...health],
    observed_state: run.state,
    needs_prepare: run.before.some(({ op }) => op === 'pull_image') || (release.length > 0 && !source.prepared) || (changes && desired.tests?.some(({ when }) => when === 'pre_deploy') === true),
  };
}

function needOf({ need }: RunChanges, brought: readonly Operation[], reloads: boolean): Need {
  if (need !== 'none' || (brought.length === 0 && !reloads)) return need;
  return reloads ? 'reload' : 'restart';
}

const isEarly = ({ op }: Operation): boolean => op === 'pull_image' || op === 'create_network';

/** Why something that is as it shall be is still looked at: being there is not being well. */
function doubts(desired: DesiredPlacement, run: RunChanges, { health, applied_hash }: ObservedPlacement): string[] {
  if (health !== null && !health.ok) return [`runs as asked, but is not healthy: ${health.detail}`];
  if (run.state === 'failed') return ['is as asked, but does not stay up'];
  const unproven = desired.healthcheck !== null && applied_hash !== null && applied_hash !== desired.hash;
  return unproven ? ['runs as asked; the health check is done again, since the component has changed'] : [];
}

type Need = RunChanges['need'] | 'reload';

/** The old one serves until the new one does. One that is only stopped is started again, in every mode. */
const isBeside = ({ run, deploy_mode: mode }: DesiredPlacement, need: Need, { up }: RunChanges): boolean =>
  (run.type === 'docker' ? mode !== undefined : run.slots !== undefined) && (need === 'update' || (need === 'restart' && up));

/** How a change is brought in, where the document asks for more than a restart. */
function wayIn(desired: DesiredPlacement, need: Need, beside: boolean, { state }: RunChanges): string[] {
  if (beside) return [`the new ${desired.run.type === 'docker' ? 'container' : 'unit'} takes over from the old one when it is healthy, without an interruption`];
  if (need === 'reload') return ['what runs is told to reload; it is not restarted'];
  const restarts = desired.run.type === 'systemd' && desired.deploy_mode === 'hot' && (need === 'update' || need === 'restart') && isUp(state);
  return restarts ? ['this change needs a restart: a reload does not bring it in'] : [];
}

function startOperation(desired: DesiredPlacement, need: Need, { up, slots }: RunChanges, beside: boolean): Operation[] {
  if (need === 'none') return [];
  if (need === 'reload') return [desired.run.type === 'systemd' ? { op: 'reload_unit', unit: desired.run.unit_name } : { op: 'reload_container', name: desired.run.container_name }];
  if (desired.run.type === 'systemd' && slots === true && (beside || need === 'create' || need === 'update')) return [{ op: 'switch_unit', unit: desired.run.unit_name }];
  if (desired.run.type === 'systemd') return [{ op: up ? 'restart_unit' : 'start_unit', unit: desired.run.unit_name }];
  const name = desired.run.container_name;
  if (need === 'create') return [{ op: 'create_container', name }];
  if (beside) return [{ op: 'switch_container', name }];
  if (need === 'update') return [{ op: 'replace_container', name }];
  return [{ op: up ? 'restart_container' : 'start_container', name }];
}

const nothingObserved = (component: string): ObservedPlacement => ({
  component, applied_hash: null, applied_version: null, image_present: false, container: null, unit: null, files: [], trees: [], source: null, health: null,
});

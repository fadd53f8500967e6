/** What a systemd placement needs: the unit file's content, whether systemd read it, and whether it runs. */
import type { DesiredPlacement, SystemdRun } from './desired.js';
import { sha256Hex } from './hash.js';
import type { ObservedPlacement, ObservedUnit } from './observed.js';
import type { FieldChange, Operation } from './plan.js';
import { fieldChange } from './plan-fields.js';
import { isUp, type RunChanges } from './run-changes.js';
import type { ComponentState } from './words.js';

export function unitChanges(desired: DesiredPlacement, run: SystemdRun, observed: ObservedPlacement, drifted: boolean): RunChanges {
  const slots = run.slots !== undefined || observed.unit?.slot !== undefined;
  return slots ? { ...changesOf(run, observed, drifted), slots } : changesOf(run, observed, drifted);
}

function changesOf(run: SystemdRun, observed: ObservedPlacement, drifted: boolean): RunChanges {
  const { unit } = observed;
  const unitName = run.unit_name;
  // One that comes beside another brings its file along.
  const write: Operation[] = run.slots !== undefined || unit?.slot !== undefined ? [] : [{ op: 'write_unit', unit: unitName }, { op: 'enable_unit', unit: unitName }];
  if (unit === null || (unit.unit_sha256 === null && unit.load_state === 'not-found')) {
    const reason = drifted ? `the unit ${unitName} is missing` : `the unit ${unitName} does not exist yet`;
    return { fields: [fieldChange('unit', drifted ? 'missing' : 'desired', null, unitName)], reasons: [reason], conflict: null, need: 'create', before: write, state: 'missing', up: false };
  }
  const state = stateOf(unit, observed);
  if (!unit.owned) {
    const conflict = `a unit named ${unitName} exists and was not made by this deploy`;
    return { fields: [fieldChange('unit', 'foreign', unitName, unitName)], reasons: [conflict], conflict, need: 'none', before: [], state, up: false };
  }
  const changed = [...kindChanges(run, unit), ...fileChanges(run, unit, drifted ? 'changed' : 'desired')];
  if (changed.length > 0) return { fields: changed, reasons: changed.map(({ field }) => `${field} differs`), conflict: null, need: 'update', before: write, state, up: isUp(state) };
  return runningChanges(unitName, unit, state);
}

/** From one unit to two that take turns, or back. */
function kindChanges({ slots }: SystemdRun, { slot }: ObservedUnit): FieldChange[] {
  if ((slots === undefined) === (slot === undefined)) return [];
  const [one, two] = ['one unit', 'two units that take turns'];
  return [fieldChange('unit.slots', 'desired', slot === undefined ? one : two, slots === undefined ? one : two)];
}

function fileChanges(run: SystemdRun, unit: ObservedUnit, kind: FieldChange['kind']): FieldChange[] {
  const wanted = sha256Hex(run.unit_text);
  const content = unit.unit_sha256 === wanted ? [] : [fieldChange('unit.file', unit.unit_sha256 === null ? 'missing' : kind, unit.unit_sha256, wanted)];
  return unit.needs_daemon_reload && content.length === 0 ? [fieldChange('unit.loaded', 'changed', 'an older unit file', 'the unit file on disk')] : content;
}

function runningChanges(unitName: string, unit: ObservedUnit, state: ComponentState): RunChanges {
  const { alias = true, published = true } = unit.slot ?? {};
  const enable: Operation[] = [...(unit.enabled && alias ? [] : [{ op: 'enable_unit' as const, unit: unitName }]), ...(published ? [] : [{ op: 'publish_ports' as const, name: unitName }])];
  const fields = [
    ...(unit.enabled ? [] : [fieldChange('unit.enabled', 'changed', 'disabled', 'enabled')]), ...(alias ? [] : [fieldChange('unit.alias', 'changed', null, unitName)]),
    ...(published ? [] : [fieldChange('ports', 'changed', null, 'published')]),
  ];
  const reasons = [...(unit.enabled ? [] : [`the unit ${unitName} is not enabled`]), ...(alias ? [] : [`${unitName} does not name the unit that serves`]), ...(published ? [] : ['the published port does not lead to it'])];
  if (['active', 'activating', 'reloading'].includes(unit.active_state)) return { fields, reasons, conflict: null, need: 'none', before: enable, state, up: isUp(state) };
  const stopped = fieldChange('unit.active_state', 'stopped', unit.active_state, 'active');
  return { fields: [...fields, stopped], reasons: [...reasons, `the unit ${unitName} is ${unit.active_state}`], conflict: null, need: 'restart', before: enable, state, up: isUp(state) };
}

function stateOf(unit: ObservedUnit, observed: ObservedPlacement): ComponentState {
  if (unit.active_state === 'active') return observed.health === null ? 'running' : observed.health.ok ? 'healthy' : 'unhealthy';
  if (unit.active_state === 'failed' || unit.sub_state === 'auto-restart') return 'failed';
  return unit.active_state === 'activating' || unit.active_state === 'reloading' ? 'running' : 'stopped';
}

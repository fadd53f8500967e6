/** A placement that is a systemd unit: what was before, writing and starting it, putting the old one back. */
import type { SystemdRun } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { Step } from '../activate/step.js';
import { groupId, ownerIds, userId } from '../files/owners.js';
import { readFileAt } from '../files/read-file.js';
import { refuseUnsafeUnitName } from '../files/safe-path.js';
import { writeFile } from '../files/write-file.js';
import type { UndoEntry } from '../journal/records.js';
import { runProgram } from '../run-program.js';
import { isEnabled, setEnabled } from './enablement.js';
import { type DaemonReload, showUnit, unitJob, unitPath } from './systemctl.js';
import { isActive, type UnitStatus } from './unit-status.js';

export type UnitUndo = Extract<UndoEntry, { kind: 'unit' }>;

const unitMode = 0o644;
const journalLines = 60;
const journalTimeoutMs = 10_000;

/**
 * What there is before anything is touched (as seen since `sinceMs`); conflict when the unit is somebody else's,
 * dependency_missing without its user.
 */
export async function unitBefore(run: SystemdRun, owned: boolean, sinceMs: number): Promise<UnitUndo> {
  refuseUnsafeUnitName(run.unit_name);
  const [status, file] = await Promise.all([showUnit(run.unit_name, sinceMs), readFileAt(unitPath(run.unit_name))]);
  const exists = file.kind !== 'missing' || status.load_state !== 'not-found';
  if (exists && !owned) {
    throw new MaestroError('conflict', `a unit named ${run.unit_name} exists and was not made by this deploy`, {
      fix: 'Remove it, or give this component another unit_name.', details: { unit: run.unit_name },
    });
  }
  if (run.user !== null) await userId(run.user);
  if (run.group !== null) await groupId(run.group);
  return { kind: 'unit', unit: run.unit_name, existed: file.kind === 'file', was_active: isActive(status), was_enabled: status.enabled, invocation: status.invocation };
}

export async function writeUnit(step: Step, run: SystemdRun): Promise<void> {
  const path = unitPath(run.unit_name);
  const found = await readFileAt(path);
  // Written again, it would have to be read again too.
  if (found.kind === 'file' && found.uid === 0 && found.mode === unitMode && found.bytes.toString('utf8') === run.unit_text) return;
  step.report.output('info', `writing ${path}`);
  await step.effect('unit.write', async () => writeFile({ path, bytes: Buffer.from(run.unit_text), mode: unitMode, owner: await ownerIds('0', '0'), strategy: 'atomic' }));
}

export async function enableUnit(step: Step, reload: DaemonReload, { unit, existed }: UnitUndo): Promise<void> {
  if (await isEnabled(unit)) return;
  await step.effect('unit.enable', () => setEnabled(unit, true));
  // systemd remembers of a unit that it knows that it was not enabled; a new one is read when it starts.
  if (existed) await step.effect('unit.reload', () => reload.request());
}

/** Starts or restarts the unit with what is on disk now, unless this attempt has done so already. */
export async function startUnit(step: Step, reload: DaemonReload, verb: 'start' | 'restart', before: UnitUndo): Promise<void> {
  const { unit } = before;
  if (!before.existed && (await startedNew(step, unit))) return;
  const status = await reloaded(step, reload, unit);
  // Started since, and not by its restart policy, which counts.
  const startedByUs = isActive(status) && status.invocation !== before.invocation && status.restarts === 0;
  if (startedByUs || (verb === 'start' && isActive(status))) return;
  step.report.output('info', `systemctl ${verb} ${unit}`);
  await step.effect('unit.start', () => unitJob(verb, unit, status.started_at === null && status.active_state === 'inactive'));
}

/**
 * A unit that nobody had before is read from disk by its start, and starting one that is up changes nothing, so it is not
 * asked about first. False: systemd did not try, because it remembers something else of it.
 */
async function startedNew(step: Step, unit: string): Promise<boolean> {
  step.report.output('info', `systemctl start ${unit}`);
  try {
    await step.effect('unit.start', () => unitJob('start', unit, true));
    return true;
  } catch (error) {
    const { load_state, needs_daemon_reload, result } = await showUnit(unit);
    if (load_state === 'not-found' || needs_daemon_reload || result === 'start-limit-hit') return false;
    throw error;
  }
}

async function reloaded(step: Step, reload: DaemonReload, unit: string): Promise<UnitStatus> {
  const status = await showUnit(unit);
  if (!status.needs_daemon_reload && status.load_state !== 'not-found') return status;
  await step.effect('unit.reload', () => reload.request());
  return showUnit(unit);
}

/** First half of undoing; the unit's file is put back with the other files, in between. */
export async function takeDownUnit(step: Step, before: UnitUndo): Promise<void> {
  const status = await showUnit(before.unit);
  if (status.load_state === 'not-found' || status.active_state === 'inactive') return;
  // Not touched yet. What came after it is stopped: its restart policy would start the old one, and then we would once more.
  if (before.existed && before.was_active && status.invocation === before.invocation) return;
  await step.effect('undo.stop_unit', () => unitJob('stop', before.unit));
}

/** Second half, with the old file in place. True when the old unit serves again. */
export async function bringBackUnit(step: Step, reload: DaemonReload, before: UnitUndo): Promise<boolean> {
  if (!before.existed) return false;
  if (!before.was_enabled) await step.effect('undo.disable_unit', () => setEnabled(before.unit, false));
  await step.effect('undo.reload', () => reload.request());
  if (!before.was_active) return false;
  const status = await showUnit(before.unit);
  // Untouched: it failed before it came to the restart.
  if (isActive(status) && status.invocation === before.invocation) return true;
  await step.effect('undo.restart_unit', () => unitJob('restart', before.unit));
  return isActive(await showUnit(before.unit));
}

/** The last lines of this start of the unit, or of any when it has none. */
export async function lastUnitLines(unit: string): Promise<string> {
  const argv = ['--unit', unit, '--lines', String(journalLines), '--output', 'cat', '--no-pager', '--quiet'];
  const result = await runProgram('journalctl', argv, { timeoutMs: journalTimeoutMs }).catch(() => null);
  return result?.exit_code === 0 ? result.stdout.trimEnd() : '';
}

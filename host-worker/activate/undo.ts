/**
 * Putting a placement back as it was before an attempt, from the journal alone. With nothing there before, what
 * failed is stopped and kept, so that its logs can be read; the next attempt starts from it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { publishAsBefore } from '../docker/beside.js';
import { bringBackOld, type ContainerUndo, takeDownNew } from '../docker/replace.js';
import { inspectContainer } from '../docker/own-containers.js';
import { pointLink } from '../files/link.js';
import { dropRelease, flip } from '../files/write-tree.js';
import { settleMs } from '../health/wait-healthy.js';
import { forgetPrevious, restorePrevious } from '../journal/previous.js';
import type { AttemptRecord, UndoEntry } from '../journal/records.js';
import { removeEmpty } from '../removals/remove.js';
import { showUnit, unitJob } from '../systemd/systemctl.js';
import { bringBackUnit, takeDownUnit } from '../systemd/unit.js';
import { isActive } from '../systemd/unit-status.js';
import type { StepFailure } from '../../workflows/shared.js';
import type { HostDeps } from './host-deps.js';
import type { OpenRecord } from './open-attempt.js';
import { runReload } from './reload.js';
import type { Step } from './step.js';

/** True when the old one serves again. Safe to repeat from any point. */
export async function undo(deps: HostDeps, step: Step, { attempt }: OpenRecord): Promise<boolean> {
  const container = attempt.undo.find((entry) => entry.kind === 'container');
  const unit = attempt.undo.find((entry) => entry.kind === 'unit');
  const changes = attempt.undo.filter((entry) => entry.kind === 'file' || entry.kind === 'link' || entry.kind === 'source_link');
  // Back to the old one before the new one goes, where both run.
  if (container?.published !== undefined) await publishAsBefore(deps.publisher, step, container.published);
  // A restart alone changed nothing that could be taken back.
  if (changes.length === 0 && container?.how !== 'deploy') return false;
  if (container !== undefined) await takeDownNew(deps.docker, step, container, attempt.result?.taken_back !== true);
  if (unit !== undefined) await takeDownUnit(step, unit);
  if (!hadSomething(attempt)) return false;
  const previousFolder = deps.journal.previousFolder(step.key);
  for (const entry of changes.toReversed()) await step.effect('undo.restore', () => restore(attempt, previousFolder, entry));
  if (container !== undefined) return containerServes(deps, step, container);
  if (unit === undefined || !(await bringBackUnit(step, deps.reload, unit))) return false;
  if (attempt.operations.some(({ op }) => op === 'reload_unit')) await step.effect('undo.reload_running', () => unitJob('reload', unit.unit));
  return staysUp(async () => isActive(await showUnit(unit.unit)));
}

async function containerServes(deps: HostDeps, step: Step, container: ContainerUndo): Promise<boolean> {
  if (!(await bringBackOld(deps.docker, step, container))) return false;
  const id = container.old?.id ?? '';
  const { reload, published } = container;
  // With the files in place that it had before.
  if (reload !== undefined) await step.effect('undo.reload_running', () => runReload(deps.docker, id, reload, step.signal));
  if (published !== undefined) await step.effect('undo.publish_rules', () => deps.publisher.refresh());
  return staysUp(async () => (await inspectContainer(deps.docker, id))?.State.Running === true);
}

export function hadSomething({ undo: entries }: AttemptRecord): boolean {
  return entries.every((entry) => (entry.kind === 'container' ? entry.old !== null : entry.kind === 'unit' ? entry.existed : true));
}

function restore(attempt: AttemptRecord, previousFolder: string, entry: Extract<UndoEntry, { kind: 'file' | 'link' | 'source_link' }>): Promise<void> {
  if (entry.kind === 'source_link') return pointLink(entry.path, entry.previous);
  return entry.kind === 'file' ? restorePrevious(previousFolder, entry) : restoreTree(attempt, entry);
}

/** What the attempt has made of it is in nobody's list afterwards, so it goes. */
async function restoreTree({ releases, owned_before: before }: AttemptRecord, { dest, previous }: Extract<UndoEntry, { kind: 'link' }>): Promise<void> {
  await flip(dest, previous);
  const made = releases[dest];
  const owned = before.trees.find((tree) => tree.dest === dest);
  if (made === undefined || previous === `releases/${made}` || owned?.releases.includes(made) === true) return;
  await dropRelease(dest, made);
  if (owned === undefined) for (const folder of [`${dest}/releases`, dest]) await removeEmpty(folder);
}

async function staysUp(isUp: () => Promise<boolean>): Promise<boolean> {
  await sleep(settleMs);
  return isUp();
}

/** Nothing is left to do for the attempt; what it claimed is given back when things were put back. */
export async function closeUndone(deps: HostDeps, step: Step, record: OpenRecord, failure: StepFailure | null): Promise<void> {
  const { attempt } = record;
  const owned = hadSomething(attempt) ? attempt.owned_before : { units: record.units, files: record.files, trees: record.trees, links: record.links };
  // First: once the journal says that it ended, nobody comes to clear up. What is restored does not need its copy again.
  await forgetPrevious(deps.journal.previousFolder(record));
  await step.effect('journal.end', () => deps.journal.savePlacement({ ...record, ...owned, attempt: { ...attempt, state: 'ended', failure } }));
}

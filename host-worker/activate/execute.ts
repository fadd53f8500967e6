/** Carries out an attempt's operations, in order, up to a healthy placement. Every one is safe to repeat. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { Operation } from '../../spec/plan.js';
import { loginsOf } from '../credentials/logins.js';
import { ownershipLabels } from '../docker/labels.js';
import { ensureNetwork } from '../docker/networks.js';
import { publish, routeBeside, startBeside, takeOver, withdraw } from '../docker/beside.js';
import { type ContainerUndo, deployContainer, restartContainer, startContainer } from '../docker/replace.js';
import { contentOf } from '../files/content.js';
import { digestFor } from '../files/digest.js';
import { ownerIds } from '../files/owners.js';
import { readFileAt } from '../files/read-file.js';
import { pointLink } from '../files/link.js';
import { removeFile, writeFile } from '../files/write-file.js';
import { writeTree } from '../files/write-tree.js';
import { waitHealthy } from '../health/wait-healthy.js';
import { bringImage } from '../images/bring-image.js';
import type { AttemptRecord } from '../journal/records.js';
import { enableTurn, routeInTurn, startTurn, takeTurn, type Turn } from '../slots/turn.js';
import { releasePath } from '../source/releases.js';
import { enableUnit, startUnit, type UnitUndo, writeUnit } from '../systemd/unit.js';
import type { HostDeps } from './host-deps.js';
import { fileAt, type OpenRecord, treeAt } from './open-attempt.js';
import { reloadContainer, reloadUnit } from './reload.js';
import { type Runtime, runtimeOf, unitRuntime } from './runtime.js';
import type { Step } from './step.js';

/** With `hold` it ends where the new one is healthy and the old one still serves. */
export async function execute(deps: HostDeps, step: Step, desired: DesiredPlacement, record: OpenRecord, hold = false): Promise<'held' | 'done'> {
  const { operations } = record.attempt;
  const starting = operations.filter(starts);
  const files = operations.filter((operation) => !starts(operation) && operation.op !== 'pull_image' && operation.op !== 'check_health');
  if (operations.some(({ op }) => op === 'pull_image')) await pullIfMissing(deps, step, desired);
  if (files.length > 0) {
    await step.report.phase('files', async () => {
      for (const operation of files) await prepareFor(deps, step, desired, record, operation);
    });
  }
  const turn = turnOf(record.attempt);
  if (turn !== null) return inTurn(deps, step, desired, turn, hold);
  let started: string | null = null;
  for (const operation of starting) started = await startBy(deps, step, desired, record.attempt, operation);
  const fresh = starting.some(({ op }) => op !== 'reload_container' && op !== 'reload_unit');
  const beside = besideOf(record.attempt);
  if (beside !== null && started !== null) return besideTheOld(deps, step, desired, beside, started, hold);
  // Its address may be another one since it was started.
  if (fresh && desired.run.type === 'docker' && (await deps.publisher.isUsed())) await step.effect('publish.rules', () => deps.publisher.refresh());
  if (starting.length > 0 || operations.some(({ op }) => op === 'check_health')) await awaitHealth(step, desired, await runtimeOf(deps, desired, fresh, started));
  return 'done';
}

const besideOf = ({ undo }: AttemptRecord): ContainerUndo | null => undo.find((entry) => entry.kind === 'container' && entry.beside === true) as ContainerUndo | undefined ?? null;

async function besideTheOld(deps: HostDeps, step: Step, desired: DesiredPlacement, before: ContainerUndo, started: string, hold: boolean): Promise<'held' | 'done'> {
  const { run } = desired;
  if (run.type !== 'docker') throw misfit(desired);
  await awaitHealth(step, desired, await runtimeOf(deps, desired, true, started, routeBeside(deps, run, started)));
  if (hold) return 'held';
  await takeOver(deps, step, run, before, started);
  // By the way that others go: while it can still be led back.
  if (run.ports.length > 0 && desired.healthcheck !== null) await awaitHealth(step, desired, await runtimeOf(deps, desired, true, started));
  return 'done';
}

const turnOf = ({ undo }: AttemptRecord): Turn | null => undo.find((entry) => entry.kind === 'slot') ?? null;

async function inTurn(deps: HostDeps, step: Step, desired: DesiredPlacement, turn: Turn, hold: boolean): Promise<'held' | 'done'> {
  const { run, healthcheck } = desired;
  if (run.type !== 'systemd') throw misfit(desired);
  await startTurn(deps, step, run, turn);
  // One that listens on the published port itself cannot be asked while that leads to another: it has to stay up.
  await awaitHealth(step, turn.port === null ? { ...desired, healthcheck: null } : desired, await unitRuntime(turn.unit, turn.port === null ? null : desired, true, routeInTurn(run, turn)));
  if (hold) return 'held';
  await takeTurn(deps, step, run, turn);
  // By the way that others go: while it can still be led back.
  if (healthcheck !== null) await awaitHealth(step, desired, await unitRuntime(turn.unit, desired, true));
  return 'done';
}

const startingOperations: readonly Operation['op'][] = [
  'create_container', 'replace_container', 'switch_container', 'start_container', 'restart_container', 'reload_container', 'switch_unit', 'start_unit', 'restart_unit', 'reload_unit',
];
const starts = ({ op }: Operation): boolean => startingOperations.includes(op);

/** The prepare activity has fetched it; what it fetched is not fetched again, or it might be another one by now. */
async function pullIfMissing(deps: HostDeps, step: Step, desired: DesiredPlacement): Promise<void> {
  const { run } = desired;
  if (run.type !== 'docker') return;
  const policy = run.pull_policy === 'never' ? 'never' : 'if_not_present';
  await step.report.phase('fetch', () => bringImage(deps, { ...desired, run: { ...run, pull_policy: policy } }, { signal: step.signal, tell: (line) => step.report.output('info', line), loginOf: loginsOf(deps.control, step.key.run_id, step.signal, desired.component) }));
}

async function prepareFor(deps: HostDeps, step: Step, desired: DesiredPlacement, record: OpenRecord, operation: Operation): Promise<void> {
  const { run } = desired;
  if (operation.op === 'create_network') {
    const { network } = operation;
    // Docker itself makes two of one name when it is asked twice at the same moment.
    const made = await deps.locks.run(`network ${network}`, step.signal, () => step.effect('network.create', () => ensureNetwork(deps.docker, network, ownershipLabels(desired))));
    if (made) step.report.output('info', `created network ${operation.network}`);
  }
  if (operation.op === 'write_file') await writeDesiredFile(step, desired, operation.path);
  if (operation.op === 'write_tree') await writeDesiredTree(step, desired, record, operation.dest);
  if (operation.op === 'switch_release') await switchRelease(step, desired, record, operation.path);
  if (operation.op === 'publish_ports' && run.type === 'docker') {
    const { old } = containerOf(record.attempt, desired);
    if (old !== null) await publish(deps.publisher, step, { ports: run.ports, container: old.id, draining: null });
  }
  if (operation.op === 'remove_owned_file') await step.effect('file.remove', () => removeFile(operation.path));
  if (operation.op === 'write_unit' && run.type === 'systemd') await writeUnit(step, run);
  if (operation.op === 'enable_unit' && run.type === 'systemd') await (run.slots === undefined ? enableUnit(step, deps.reload, unitOf(record.attempt, desired)) : enableTurn(step, deps.reload, run.unit_name, unitOf(record.attempt, desired).unit));
  if (operation.op === 'publish_ports' && run.type === 'systemd') await step.effect('publish.rules', () => deps.publisher.refresh());
}

async function writeDesiredFile(step: Step, desired: DesiredPlacement, path: string): Promise<void> {
  const file = fileAt(desired, path);
  const owner = await ownerIds(file.owner, file.group);
  const found = await readFileAt(path);
  const done = found.kind === 'file' && digestFor(file, found, desired.digest_key) === file.sha256 && found.mode === file.mode
    && (owner.uid === null || owner.uid === found.uid) && (owner.gid === null || owner.gid === found.gid);
  if (done) return;
  step.report.output('info', `writing ${path}`);
  await step.effect('file.write', () => writeFile({ path, bytes: contentOf(file, desired.digest_key), mode: file.mode, owner, strategy: file.strategy }));
}

async function writeDesiredTree(step: Step, desired: DesiredPlacement, record: OpenRecord, dest: string): Promise<void> {
  const tree = treeAt(desired, dest);
  const owned = record.trees.find((candidate) => candidate.dest === dest) ?? { dest, strategy: tree.strategy, releases: [], files: [] };
  step.report.output('info', `writing ${dest} (${String(tree.files.length)} files)`);
  await step.effect('tree.write', () => writeTree(tree, record.attempt.releases[dest] ?? null, owned));
}

async function switchRelease(step: Step, desired: DesiredPlacement, { attempt }: OpenRecord, path: string): Promise<void> {
  const release = attempt.releases[path];
  if (release === undefined) throw misfit(desired);
  step.report.output('info', `switching ${path} to release ${release}`);
  await step.effect('source.switch', () => pointLink(path, releasePath(desired, release)));
}

/** The id of the container that was started; null for a unit, which is known by its name. */
async function startBy(deps: HostDeps, step: Step, desired: DesiredPlacement, attempt: AttemptRecord, { op }: Operation): Promise<string | null> {
  const { run } = desired;
  if (run.type === 'systemd' && op === 'reload_unit') {
    await reloadUnit(step, unitOf(attempt, desired).unit);
    return null;
  }
  if (run.type === 'systemd') {
    await step.report.phase('start', () => startUnit(step, deps.reload, op === 'restart_unit' ? 'restart' : 'start', unitOf(attempt, desired)));
    return null;
  }
  const container = containerOf(attempt, desired);
  if (op === 'reload_container') return reloadContainer(deps.docker, step, container);
  if (container.beside === true) return startBeside(deps, step, desired, run, container);
  if (op === 'restart_container') return restartContainer(deps.docker, step, container);
  if (op === 'start_container') return startContainer(deps.docker, step, container);
  // From now on Docker publishes its ports.
  if (container.published !== undefined) await withdraw(deps.publisher, step);
  return deployContainer(deps.docker, step, desired, run, container);
}

function containerOf({ undo }: AttemptRecord, desired: DesiredPlacement): ContainerUndo {
  const container = undo.find((entry) => entry.kind === 'container');
  if (container === undefined) throw misfit(desired);
  return container;
}

function unitOf({ undo }: AttemptRecord, desired: DesiredPlacement): UnitUndo {
  const unit = undo.find((entry) => entry.kind === 'unit');
  if (unit === undefined) throw misfit(desired);
  return unit;
}

const misfit = ({ component }: DesiredPlacement): MaestroError =>
  new MaestroError('internal', `the plan of ${component} does not fit its run section`, { fix: 'Retry; report it when it comes again.' });

/** `runtime` is null when nothing runs that could be looked at. */
export async function awaitHealth(step: Step, desired: DesiredPlacement, runtime: Runtime | null): Promise<void> {
  if (runtime === null) throw new MaestroError('runtime_error', `${desired.component} does not run`, { fix: 'Apply the deploy again.' });
  await step.report.phase('health', async () => {
    const { what, probe, death } = runtime;
    const seen = await waitHealthy({ what, probe, timing: desired.healthcheck, death, signal: step.signal, tell: (line) => step.report.output('info', line) });
    step.report.output('info', `health: ${seen}`);
  });
}

/**
 * Before an attempt has any effect: everything that can be refused is refused, how things are is kept so that it
 * can be put back, and the journal is told what this placement is about to own. One durable write.
 */
import type { DesiredFile, DesiredPlacement, DesiredTree, DockerRun, SystemdRun } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { Operation } from '../../spec/plan.js';
import { unitNames } from '../../spec/slots.js';
import { boundPorts, type ContainerUndo, containerBefore } from '../docker/replace.js';
import { contentOf } from '../files/content.js';
import { digestFor } from '../files/digest.js';
import { ownerIds } from '../files/owners.js';
import { readFileAt } from '../files/read-file.js';
import { readLinkAt } from '../files/link.js';
import { currentRelease, type OwnedTree, readTree } from '../files/read-tree.js';
import { nextRelease } from '../files/write-tree.js';
import type { AttemptKey } from '../journal/journal.js';
import { forgetPrevious, keepPrevious } from '../journal/previous.js';
import { secretFilesOf, type AttemptRecord, type PlacementRecord, type UndoEntry } from '../journal/records.js';
import { servingRun } from '../slots/serving.js';
import { turnBefore } from '../slots/turn.js';
import { hasSource, isThere, pinnedCommit, releaseName, releasePath } from '../source/releases.js';
import { unitPath } from '../systemd/systemctl.js';
import { unitBefore } from '../systemd/unit.js';
import type { HostDeps } from './host-deps.js';

export type OpenRecord = PlacementRecord & { attempt: AttemptRecord };

export async function openAttempt(deps: HostDeps, key: AttemptKey, desired: DesiredPlacement, operations: Operation[], record: PlacementRecord, seenSinceMs: number): Promise<OpenRecord> {
  const previousFolder = deps.journal.previousFolder(key);
  await forgetPrevious(previousFolder);
  const releases: Record<string, string> = {};
  const undo: UndoEntry[] = [];
  for (const operation of operations) undo.push(...(await before(deps, { desired, record, releases, previousFolder, seenSinceMs }, operation)));
  const { units, files, trees, links } = record;
  const attempt: AttemptRecord = {
    run_id: key.run_id, attempt: key.attempt, version: desired.version, hash: desired.hash, state: 'forward', operations, releases,
    undo: firstOfEach(undo), owned_before: { units, files, trees, links }, failure: null, result: null,
  };
  const opened = { ...claimed(record, desired, operations, releases), attempt };
  await deps.journal.savePlacement(opened);
  return opened;
}

interface Scene { desired: DesiredPlacement; record: PlacementRecord; releases: Record<string, string>; previousFolder: string; seenSinceMs: number }

async function before(deps: HostDeps, scene: Scene, operation: Operation): Promise<UndoEntry[]> {
  const { run } = scene.desired;
  switch (operation.op) {
    case 'write_file':
      return [await beforeFile(scene, fileAt(scene.desired, operation.path))];
    case 'remove_owned_file':
      return [await keepPrevious(scene.previousFolder, operation.path, 'atomic')];
    case 'write_tree':
      return beforeTree(scene, treeAt(scene.desired, operation.dest));
    case 'switch_release':
      return [await beforeSwitch(deps, scene, operation.path)];
    case 'create_container':
    case 'replace_container':
    case 'switch_container':
    case 'restart_container':
    case 'start_container':
    case 'reload_container':
      return run.type === 'docker' ? [await beforeContainer(deps, scene.desired, run, operation.op)] : [];
    case 'publish_ports':
      return run.type === 'docker' ? [await beforeContainer(deps, scene.desired, run, operation.op)] : [];
    case 'switch_unit':
      return run.type === 'systemd' ? [await turnBefore(deps, scene.desired, run, scene.record)] : [];
    case 'write_unit':
    case 'enable_unit':
    case 'start_unit':
    case 'restart_unit':
    case 'reload_unit':
      return run.type === 'systemd' ? beforeUnit(deps, scene, run, operation.op === 'write_unit') : [];
    case 'pull_image':
    case 'create_network':
    case 'check_health':
      return [];
  }
}

const hows: Readonly<Partial<Record<Operation['op'], ContainerUndo['how']>>> = { restart_container: 'restart', start_container: 'start', publish_ports: 'publish', reload_container: 'reload' };

/** Ports that our rules are to publish are looked at first: nobody else may have them. */
async function beforeContainer({ docker, publisher }: HostDeps, desired: DesiredPlacement, run: DockerRun, op: Operation['op']): Promise<ContainerUndo> {
  const entry = await containerBefore(docker, desired, run, hows[op] ?? 'deploy');
  const published = await publisher.of(desired);
  const beside = entry.how === 'deploy' && desired.deploy_mode !== undefined;
  if (beside || entry.how === 'publish') await publisher.refuseTaken(desired, run.ports, [...(published?.ports ?? []), ...(await boundPorts(docker, entry.old?.id ?? null))]);
  return {
    ...entry, ...(beside ? { beside } : {}), ...(desired.deploy_mode !== undefined || published !== null ? { published } : {}),
    ...(entry.how === 'reload' ? { reload: run.reload_command ?? [] } : {}),
  };
}

async function beforeUnit({ publisher }: HostDeps, { desired, record, previousFolder, seenSinceMs }: Scene, run: SystemdRun, writes: boolean): Promise<UndoEntry[]> {
  const serving = await servingRun(publisher, desired, run);
  const entry = await unitBefore(serving, record.units.includes(serving.unit_name), seenSinceMs);
  return writes ? [await keepPrevious(previousFolder, unitPath(entry.unit), 'atomic'), entry] : [entry];
}

async function beforeFile({ desired, record, previousFolder }: Scene, file: DesiredFile): Promise<UndoEntry> {
  contentOf(file, desired.digest_key);
  await ownerIds(file.owner, file.group);
  const found = await readFileAt(file.path);
  const foreign = found.kind === 'other' || (found.kind === 'file' && digestFor(file, found, desired.digest_key) !== file.sha256 && !record.files.includes(file.path));
  if (foreign) throw foreignPath(file.path);
  return keepPrevious(previousFolder, file.path, file.strategy);
}

async function beforeTree({ record, releases, previousFolder }: Scene, tree: DesiredTree): Promise<UndoEntry[]> {
  tree.files.forEach((file) => contentOf(file));
  await ownerIds(tree.owner, tree.group);
  const owned = ownedTree(record, tree);
  const found = await readTree(tree, owned);
  if (found.kind === 'other' || (found.kind === 'tree' && owned === null)) throw foreignPath(tree.dest);
  if (tree.strategy !== 'atomic_symlink') {
    const { strategy } = tree;
    const paths = [...new Set([...tree.files.map(({ path }) => path), ...(owned?.files ?? [])])];
    return Promise.all(paths.map((path) => keepPrevious(previousFolder, `${tree.dest}/${path}`, strategy)));
  }
  releases[tree.dest] = await nextRelease(tree);
  const current = await currentRelease(tree.dest);
  return [{ kind: 'link', dest: tree.dest, previous: current === null ? null : `releases/${current}` }];
}

/** The release is there: it was prepared. */
async function beforeSwitch({ journal }: HostDeps, { desired, record, releases }: Scene, path: string): Promise<UndoEntry> {
  if (!hasSource(desired)) throw new MaestroError('internal', `the plan switches ${path}, and ${desired.component} has no source`, { fix: 'Retry; report it when it comes again.' });
  const found = await readLinkAt(path);
  if (found.kind === 'other' || (found.kind === 'link' && !record.links.includes(path))) throw foreignPath(path);
  const commit = pinnedCommit(await journal.source(desired), desired);
  const release = commit === null ? null : releaseName(commit, desired.source);
  if (release === null || !(await isThere(releasePath(desired, release)))) throw new MaestroError('runtime_error', `the release of ${desired.component} is gone`, { fix: 'Retry the placement: it is made again.' });
  releases[path] = release;
  return { kind: 'source_link', path, previous: found.kind === 'link' ? found.target : null };
}

const foreignPath = (path: string): MaestroError =>
  new MaestroError('conflict', `${path} exists and was not made by this deploy`, { fix: 'Move it away, or choose another dest.', details: { path } });

const significance = ['deploy', 'restart', 'start', 'reload', 'publish'] as const satisfies readonly ContainerUndo['how'][];
const rank = (entry: UndoEntry): number => (entry.kind === 'container' ? significance.indexOf(entry.how) : 0);

/** Several operations may speak of the same unit or container; how it was before is told once, with the most that is done to it. */
function firstOfEach(entries: readonly UndoEntry[]): UndoEntry[] {
  const seen = new Set<string>();
  return entries.toSorted((a, b) => rank(a) - rank(b)).filter((entry) => {
    const name = entry.kind === 'file' || entry.kind === 'source_link' ? entry.path : entry.kind === 'link' ? entry.dest : entry.kind;
    const first = !seen.has(`${entry.kind}:${name}`);
    seen.add(`${entry.kind}:${name}`);
    return first;
  });
}

/** Written before the effect: what we made and then were killed over must not look like somebody else's. */
function claimed(record: PlacementRecord, desired: DesiredPlacement, operations: readonly Operation[], releases: Readonly<Record<string, string>>): PlacementRecord {
  const files = [...record.files, ...operations.flatMap((operation) => (operation.op === 'write_file' ? [operation.path] : []))];
  const units = [...record.units, ...operations.flatMap((operation) => (operation.op === 'write_unit' ? [operation.unit] : operation.op === 'switch_unit' && desired.run.type === 'systemd' ? unitNames(desired.run) : []))];
  const written = operations.flatMap((operation) => (operation.op === 'write_tree' ? [treeAt(desired, operation.dest)] : []));
  const kept = record.trees.filter(({ dest }) => !written.some((tree) => tree.dest === dest));
  const links = [...record.links, ...operations.flatMap((operation) => (operation.op === 'switch_release' ? [operation.path] : []))];
  const secret = [...secretFilesOf(record), ...files.filter((path) => desired.files.some((file) => file.path === path && file.keyed === true))];
  return { ...record, files: unique(files), secret_files: unique(secret), units: unique(units), links: unique(links), trees: [...kept, ...written.map((tree) => claimedTree(ownedTree(record, tree), tree, releases[tree.dest]))] };
}

function claimedTree(owned: OwnedTree | null, tree: DesiredTree, release: string | undefined): OwnedTree {
  const older = (owned?.releases ?? []).filter((name) => name !== release);
  return {
    dest: tree.dest, strategy: tree.strategy,
    releases: release === undefined ? older : [...older, release],
    // Those that are no longer wanted stay ours until they are removed.
    files: tree.strategy === 'atomic_symlink' ? [] : unique([...(owned?.files ?? []), ...tree.files.map(({ path }) => path)]),
  };
}

export const ownedTree = (record: PlacementRecord, tree: Pick<DesiredTree, 'dest'>): OwnedTree | null => record.trees.find(({ dest }) => dest === tree.dest) ?? null;

const unique = (items: readonly string[]): string[] => [...new Set(items)];

export function fileAt(desired: DesiredPlacement, path: string): DesiredFile {
  const file = desired.files.find((candidate) => candidate.path === path);
  if (file !== undefined) return file;
  throw new MaestroError('internal', `the plan writes ${path}, which ${desired.component} does not have`, { fix: 'Retry; report it when it comes again.' });
}

export function treeAt(desired: DesiredPlacement, dest: string): DesiredTree {
  const tree = desired.trees.find((candidate) => candidate.dest === dest);
  if (tree !== undefined) return tree;
  throw new MaestroError('internal', `the plan writes ${dest}, which ${desired.component} does not have`, { fix: 'Retry; report it when it comes again.' });
}

/**
 * Whether what runs can be told to read its files again instead of being started anew: every file that changes is of a
 * kind for which the document says so, and is seen from inside. Pure.
 */
import type { DesiredFile, DesiredPlacement, DesiredTree, ReloadTrigger } from './desired.js';
import type { Operation } from './plan.js';

/** `changes`: the operations that bring files, and nothing that changes the run section. */
export function canReload(desired: DesiredPlacement, changes: readonly Operation[]): boolean {
  const on = desired.reload_on ?? [];
  return changes.length > 0 && changes.every((change) => {
    const trigger = triggerOf(desired, change);
    return trigger !== null && on.includes(trigger) && isSeen(desired, change);
  });
}

/** null: no reload brings it in. An environment is read at a start and never again. */
function triggerOf(desired: DesiredPlacement, change: Operation): ReloadTrigger | null {
  if (change.op === 'switch_release') return 'code';
  if (change.op === 'write_tree') return 'content';
  const origin = fileOf(desired, change)?.origin;
  return origin === 'template' ? 'config' : origin === 'file' ? 'content' : null;
}

/**
 * What is mounted into a container is looked up when it starts: one that is mounted by its own path stays what it was
 * when another takes its place, and so does what lies behind a link.
 */
function isSeen(desired: DesiredPlacement, change: Operation): boolean {
  if (desired.run.type !== 'docker') return true;
  const mounts = desired.run.volumes.filter(({ kind }) => kind === 'bind').map(({ source }) => source);
  const replaced = replacedBy(desired, change);
  return !mounts.some((mount) => replaced.some((path) => mount === path || mount.startsWith(`${path}/`)));
}

/** Paths that are another file or folder afterwards, rather than the same one with another content. */
function replacedBy(desired: DesiredPlacement, change: Operation): string[] {
  if (change.op === 'switch_release') return [change.path];
  if (change.op === 'write_tree') return replacedInTree(desired.trees.find(({ dest }) => dest === change.dest));
  const file = fileOf(desired, change);
  return file === undefined || file.strategy === 'overwrite' ? [] : [file.path];
}

function replacedInTree(tree: DesiredTree | undefined): string[] {
  if (tree === undefined || tree.strategy === 'overwrite') return [];
  return tree.strategy === 'atomic_symlink' ? [`${tree.dest}/current`, `${tree.dest}/releases`] : tree.files.map(({ path }) => `${tree.dest}/${path}`);
}

const fileOf = (desired: DesiredPlacement, change: Operation): DesiredFile | undefined =>
  change.op === 'write_file' ? desired.files.find(({ path }) => path === change.path) : undefined;

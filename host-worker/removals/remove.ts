/**
 * Removing one thing, if it still is what this deploy made: each is looked at right before. What is gone already is fine;
 * what has become something else, or is in use by others, stays, and says why. Safe to repeat from any point.
 */
import { rmdir } from 'node:fs/promises';
import { removalText, type Removal } from '../../spec/prune.js';
import type { HostDeps } from '../activate/host-deps.js';
import { call, orNull, refused, saidBy, statusOf } from '../docker/docker-call.js';
import { isOf } from '../docker/labels.js';
import { inspectContainer } from '../docker/own-containers.js';
import { remove, stop } from '../docker/replace.js';
import { Folder } from '../files/folder.js';
import { pointLink, readLinkAt } from '../files/link.js';
import { readFileAt } from '../files/read-file.js';
import { releasesRoot, refuseUnsafePath, refuseUnsafeUnitName } from '../files/safe-path.js';
import { removeFile } from '../files/write-file.js';
import type { PlacementKey } from '../journal/journal.js';
import { isOwnAlias } from '../slots/turn.js';
import { releasesFolder } from '../source/releases.js';
import { setEnabled } from '../systemd/enablement.js';
import { isBooted, showUnit, unitJob, unitPath } from '../systemd/systemctl.js';
import { fileTrouble, isMissing, systemCode } from '../trouble.js';

export type RemoveDeps = Pick<HostDeps, 'docker' | 'stateFolder'>;

/** null: it is gone. Else why it stays. */
export function removeOne(deps: RemoveDeps, key: PlacementKey, removal: Removal): Promise<string | null> {
  switch (removal.op) {
    case 'remove_container': return removeContainer(deps, key, removal.id);
    case 'remove_unit': return removeUnit(removal.unit);
    case 'remove_link': return removeLink(deps, key, removal.path);
    case 'remove_file': return removeOwnFile(deps, removal.path);
    case 'remove_tree': return removeTree(deps, removal);
    case 'remove_releases': return removeReleases(key);
    case 'remove_network': return removeNetwork(deps, key, removal.id, removalText(removal));
    case 'remove_volume': return removeVolume(deps, key, removal.name, removalText(removal));
  }
}

async function removeContainer({ docker }: RemoveDeps, key: PlacementKey, id: string): Promise<string | null> {
  const found = await inspectContainer(docker, id);
  if (found === null) return null;
  if (!isOf(found.Config.Labels, key)) return 'the container is not this deploy\'s';
  try {
    if (found.State.Running || found.State.Restarting) await stop(docker, id);
    await remove(docker, id);
  } catch (error) {
    throw refused('removing the container', error);
  }
  return null;
}

/** systemd hears of it by the reload that follows. */
async function removeUnit(unit: string): Promise<string | null> {
  refuseUnsafeUnitName(unit);
  if (isBooted()) {
    const { load_state: loaded, active_state: active } = await showUnit(unit);
    if (loaded !== 'not-found' && active !== 'inactive') await unitJob('stop', unit);
    await setEnabled(unit, false);
  }
  if (await isOwnAlias(unit)) await pointLink(unitPath(unit), null);
  const found = await readFileAt(unitPath(unit));
  if (found.kind === 'other') return `${unitPath(unit)} is not the file that was written`;
  if (found.kind === 'file') await removeFile(unitPath(unit));
  return null;
}

async function removeLink({ stateFolder }: RemoveDeps, key: PlacementKey, path: string): Promise<string | null> {
  refuseUnsafePath(path, stateFolder);
  const found = await readLinkAt(path);
  if (found.kind === 'missing') return null;
  if (found.kind === 'other') return `${path} is not a link any more`;
  if (!found.target.startsWith(`${releasesFolder(key)}/`)) return `${path} points to something else`;
  await pointLink(path, null);
  return null;
}

async function removeOwnFile({ stateFolder }: RemoveDeps, path: string): Promise<string | null> {
  refuseUnsafePath(path, stateFolder);
  const found = await readFileAt(path);
  if (found.kind === 'other') return `${path} is not a file any more, or is behind something that is no folder`;
  if (found.kind === 'file') await removeFile(path);
  return null;
}

async function removeTree(deps: RemoveDeps, { dest, strategy, files, releases }: Extract<Removal, { op: 'remove_tree' }>): Promise<string | null> {
  refuseUnsafePath(dest, deps.stateFolder);
  if (strategy === 'atomic_symlink') return removeReleaseTree(dest, releases);
  const kept: string[] = [];
  for (const path of files) {
    const why = await removeOwnFile(deps, `${dest}/${path}`);
    if (why !== null) kept.push(why);
  }
  // Deepest first; folders with something of others in them stay.
  const folders = [...new Set(files.flatMap((path) => path.split('/').slice(0, -1).map((_, index, parts) => parts.slice(0, index + 1).join('/'))))].sort((a, b) => b.length - a.length);
  for (const folder of folders) await removeEmpty(`${dest}/${folder}`);
  await removeEmpty(dest);
  return kept.length === 0 ? null : kept.join('; ');
}

async function removeReleaseTree(dest: string, releases: readonly string[]): Promise<string | null> {
  const current = await readLinkAt(`${dest}/current`);
  if (current.kind === 'other') return `${dest}/current is not a link any more`;
  if (current.kind === 'link' && !releases.some((name) => current.target === `releases/${name}`)) return `${dest}/current points to something else`;
  if (current.kind === 'link') await pointLink(`${dest}/current`, null);
  await inFolder(`${dest}/releases`, async (folder) => {
    for (const name of releases) await folder.remove(name);
  });
  await removeEmpty(`${dest}/releases`);
  await removeEmpty(dest);
  return null;
}

async function removeReleases(key: PlacementKey): Promise<string | null> {
  await inFolder(`${releasesRoot}/${key.deploy_id}`, (folder) => folder.remove(key.component));
  await removeEmpty(`${releasesRoot}/${key.deploy_id}`);
  return null;
}

async function inFolder(path: string, work: (folder: Folder) => Promise<void>): Promise<void> {
  try {
    await Folder.use(path, 'fail', work);
  } catch (error) {
    if (!isMissing(error)) throw fileTrouble(path, 'removing from', error);
  }
}

/** Only a folder with nothing in it, and never a link. */
export async function removeEmpty(path: string): Promise<void> {
  const at = path.lastIndexOf('/');
  await inFolder(path.slice(0, at) === '' ? '/' : path.slice(0, at), async (parent) => {
    await rmdir(parent.entry(path.slice(at + 1))).catch((error: unknown) => {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY'].includes(systemCode(error) ?? '')) throw error;
    });
  });
}

async function removeNetwork({ docker }: RemoveDeps, key: PlacementKey, id: string, what: string): Promise<string | null> {
  const network = docker.getNetwork(id);
  const found = await call('inspect a network', () => orNull(network.inspect() as Promise<{ Labels?: Record<string, string> }>));
  if (found === null) return null;
  if (!isOf(found.Labels, key)) return `the ${what} is not this deploy's`;
  return unlessUsed(what, () => call('remove a network', () => network.remove()));
}

async function removeVolume({ docker }: RemoveDeps, key: PlacementKey, name: string, what: string): Promise<string | null> {
  const volume = docker.getVolume(name);
  const found = await call('inspect a volume', () => orNull(volume.inspect()));
  if (found === null) return null;
  if (!isOf(found.Labels, key)) return `the ${what} is not this deploy's`;
  return unlessUsed(what, () => call('remove a volume', () => volume.remove()));
}

/** Docker knows better than any list who uses it. */
async function unlessUsed(what: string, work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return null;
    if (status === 403 || status === 409) return `the ${what} is in use: ${saidBy(error)}`;
    throw refused(`removing the ${what}`, error);
  }
}

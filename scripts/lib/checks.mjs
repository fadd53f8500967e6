// What must hold before any work starts: the right Node, and room on the disk.
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, root } from './run.mjs';

const neededNode = [20, 19];
const neededBytes = 2 * 1024 ** 3;

export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1])) return;
  throw new SetupError(`Node ${version} is too old, ${neededNode.join('.')} or newer is needed`, 'install Node 20 LTS or newer from https://nodejs.org', process.execPath);
}

export function checkDisk(path = root, needed = neededBytes) {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  if (free >= needed) return;
  const gib = (bytes) => (bytes / 1024 ** 3).toFixed(1);
  throw new SetupError(`only ${gib(free)} GB of disk are free, ${gib(needed)} GB are needed`, 'free some room, or move the checkout to a larger disk', path);
}

/** True when every package of the lock file that is not optional is installed in exactly that version. */
export function packagesAreInstalled() {
  const lockPath = join(root, 'package-lock.json');
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(lockPath)) throw new SetupError('package-lock.json is missing', 'check the project out again', root);
  if (!existsSync(installedPath)) return false;
  const wanted = JSON.parse(readFileSync(lockPath, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedPath, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    if (path === '' || (!found && (entry.optional || entry.devOptional))) return true;
    return found?.version === entry.version && found?.integrity === entry.integrity;
  });
}

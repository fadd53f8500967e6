import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError, hasCode, reason } from './errors.js';

const neededBytes = 500 * 1024 ** 2;

/** The folder of package.json, looked for upwards: this code runs from scripts/ in tests and from dist/ when bundled. */
export function findRoot(from = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'package-lock.json'))) return folder;
  }
  throw new StartError('the project folder was not found', 'start Maestro from inside its checkout', from);
}

export interface DataFolders {
  readonly root: string;
  readonly keys: string;
  readonly logs: string;
  readonly postgres: string;
  readonly temporal: string;
  readonly hostWorker: string;
}

/** Node's own recursive mkdir never returns where a folder cannot be made although its parent exists (below /proc). */
function makeWithParents(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeWithParents(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

function makePrivate(folder: string): string {
  makeWithParents(folder);
  chmodSync(folder, 0o700);
  return folder;
}

/** Everything Maestro keeps lies below one folder that only its owner can enter. */
export function openData(dataDir: string): DataFolders {
  const root = resolve(dataDir);
  try {
    makePrivate(root);
    const below = (name: string) => makePrivate(join(root, name));
    return { root, keys: below('keys'), logs: below('logs'), postgres: below('postgres'), temporal: below('temporal'), hostWorker: below('host-worker') };
  } catch (error) {
    throw new StartError(`the data folder cannot be used (${reason(error)})`, 'make it writable, or set MAESTRO_DATA to another folder', root);
  }
}

export function checkRoom(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= neededBytes) return;
  const megabytes = (bytes: number) => Math.round(bytes / 1024 ** 2);
  throw new StartError(`the disk is nearly full: ${megabytes(free)} MB free, ${megabytes(neededBytes)} MB needed`, 'free some room, or set MAESTRO_DATA to a folder on another disk', folder);
}

/** Replaces a file in one step: readers see the old text or the new one. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, path);
}

/**
 * The content of a file that is made once by whoever comes first. `link` fails when the name exists, so two makers agree
 * on one content and nobody reads half of it.
 */
export function readOrCreate(path: string, make: () => string): string {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  if (!existsSync(path)) {
    try {
      writeFileSync(draft, make(), { mode: 0o600, flag: 'wx', flush: true });
      linkSync(draft, path);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }
  return readFileSync(path, 'utf8').trim();
}

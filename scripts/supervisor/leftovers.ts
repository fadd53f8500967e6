import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { StartError } from './errors.js';

/** In the environment of every child: which data folder it belongs to. Device and inode tell copies of a folder apart. */
export const markName = 'MAESTRO_SUPERVISED';

export function markOf(dataDir: string): string {
  const { dev, ino } = statSync(dataDir);
  return `${dev}:${ino}:${dataDir}`;
}

interface Found {
  readonly pid: number;
  readonly isDatabase: boolean;
}

function readQuietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // gone meanwhile, or another user's process
  }
}

/** A child of ours says so in its environment; a database process also by working inside our database folder. */
function examine(pid: number, mark: string, databaseFolder: string): Found | undefined {
  const cwd = readQuietly(() => readlinkSync(`/proc/${pid}/cwd`));
  const name = readQuietly(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
  if (name === 'postgres' && cwd?.startsWith(`${databaseFolder}/`)) return { pid, isDatabase: true };
  const environment = readQuietly(() => readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'));
  return environment?.includes(`${markName}=${mark}`) ? { pid, isDatabase: name === 'postgres' } : undefined;
}

function findAll(mark: string, databaseFolder: string): Found[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return pids
    .filter((pid) => pid !== process.pid)
    .map((pid) => examine(pid, mark, databaseFolder))
    .filter((found) => found !== undefined);
}

function signal(found: readonly Found[], final: boolean): void {
  for (const { pid, isDatabase } of found) {
    // SIGINT asks the database for a fast, clean stop.
    readQuietly(() => process.kill(pid, final ? 'SIGKILL' : isDatabase ? 'SIGINT' : 'SIGTERM'));
  }
}

/**
 * Ends what an earlier supervisor of this data folder left running, and returns how many processes that were. Processes
 * are recognised by what they are now, never by a pid from a file: a pid may belong to somebody else by now. Only the
 * holder of the folder's lock may call this.
 */
export async function endLeftovers(dataDir: string, politeMs = 5_000): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const mark = markOf(dataDir);
  const databaseFolder = join(dataDir, 'postgres');
  let found = findAll(mark, databaseFolder);
  const count = found.length;
  const begin = Date.now();
  signal(found, false);
  while (found.length > 0 && Date.now() - begin < 2 * politeMs) {
    await wait(50);
    found = findAll(mark, databaseFolder);
    if (Date.now() - begin > politeMs) signal(found, true);
  }
  if (found.length === 0) return count;
  throw new StartError(`processes of an earlier run do not end: ${found.map(({ pid }) => pid).join(', ')}`, 'end them by hand, then start again', dataDir);
}

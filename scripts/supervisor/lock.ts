import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StartError, hasCode } from './errors.js';

export interface Lock {
  release(): void;
}

function refuse(dataDir: string, owner: string): StartError {
  const who = /^\d+$/.test(owner) ? ` (process ${owner})` : '';
  return new StartError(`another Maestro is using this data folder${who}`, 'stop it first, or set MAESTRO_DATA to another folder', dataDir);
}

/** True when flock(1) took the lock on our open file. The kernel frees it when this process ends, however it ends. */
function takeByKernel(fd: number): boolean | 'no-flock' {
  const { status, error } = spawnSync('flock', ['-n', '0'], { stdio: [fd, 'ignore', 'ignore'], timeout: 5_000 });
  if (error) return 'no-flock';
  return status === 0;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Where flock is missing: a file with our pid; one whose owner is gone is stale. Tried twice, for the stale case. */
function takeByFile(path: string, dataDir: string): Lock {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      const owner = readFileSync(path, 'utf8').trim();
      if (isAlive(Number(owner))) throw refuse(dataDir, owner);
      rmSync(path, { force: true });
    }
  }
  throw refuse(dataDir, '');
}

/** One supervisor for one data folder: two databases on the same files would destroy them. */
export function lockData(dataDir: string): Lock {
  const path = join(dataDir, 'supervisor.lock');
  const fd = openSync(path, 'a+', 0o600);
  const taken = takeByKernel(fd);
  if (taken === 'no-flock') {
    closeSync(fd);
    return takeByFile(`${path}.pid`, dataDir);
  }
  if (!taken) {
    const owner = readFileSync(path, 'utf8').trim();
    closeSync(fd);
    throw refuse(dataDir, owner);
  }
  ftruncateSync(fd, 0);
  writeSync(fd, String(process.pid));
  return { release: () => closeSync(fd) };
}

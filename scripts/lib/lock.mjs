// One set-up at a time in one checkout. flock(1) takes the lock on a descriptor we keep open, so the kernel frees it when
// this process ends, however it ends. Where flock is missing (macOS) a lock file with the pid of its owner does.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SetupError, execute } from './run.mjs';

const longestWaitMs = 30 * 60_000;

async function flock(fd, args, timeoutMs) {
  return (await execute('flock', [...args, '0'], { timeoutMs, input: fd })).code === 0;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The fallback: create the file or fail; a file whose owner is gone is stale. */
async function lockByFile(path) {
  const own = `${path}.pid`;
  const deadline = Date.now() + longestWaitMs;
  while (Date.now() < deadline) {
    try {
      writeFileSync(own, String(process.pid), { flag: 'wx' });
      return () => rmSync(own, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = existsSync(own) ? Number(readFileSync(own, 'utf8')) : 0;
      if (owner > 0 && !isAlive(owner)) rmSync(own, { force: true });
      await wait(300);
    }
  }
  throw new SetupError('another set-up of this checkout does not end', `delete ${own} if no set-up is running`);
}

/** Waits for the lock (with a line that says so) and returns the function that frees it. */
export async function takeLock(path, say) {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'a');
  try {
    if (!(await flock(fd, ['-n'], 5_000))) {
      say('another set-up is running in this checkout; waiting for it');
      if (!(await flock(fd, ['-w', String(longestWaitMs / 1000)], longestWaitMs + 5_000))) {
        throw new SetupError('another set-up of this checkout does not end', 'look for a running "node scripts/setup.mjs"', path);
      }
    }
    return () => closeSync(fd);
  } catch (error) {
    closeSync(fd);
    if (error.code !== 'ENOENT') throw error;
    return lockByFile(path);
  }
}

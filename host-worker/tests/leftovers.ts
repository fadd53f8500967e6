/**
 * Everything that a test starts carries a mark in its environment, in a container as on the host, so that it can be
 * ended with the test: also what has left the process group, and what a worker that was killed has left behind.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MaestroError } from '../../spec/errors.js';
import type { PlacementKey } from '../journal/journal.js';

const markName = 'MAESTRO_TEST_OF';
export const markOf = ({ deploy_id, component }: PlacementKey): Record<string, string> => ({ [markName]: `${deploy_id}/${component}` });

const rounds = 100;
const roundMs = 20;

/** Ends every process with the placement's mark that this host shows. One that makes others faster than they are ended is an error in the end. */
export async function endTestsOf(key: PlacementKey): Promise<void> {
  const mark = Buffer.from(`\0${markName}=${key.deploy_id}/${key.component}\0`);
  for (let round = 0; round < rounds; round += 1) {
    const pids = await withMark(mark);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await sleep(roundMs);
  }
  throw new MaestroError('test_failed', `processes of the tests of ${key.component} do not end`, { fix: `End them on the host (they have ${markName}=${key.deploy_id}/${key.component} in their environment) and retry.` });
}

async function withMark(mark: Buffer): Promise<number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map(async (name) => ((await environmentOf(name)).includes(mark) ? [Number(name)] : [])));
  return found.flat();
}

/** Empty of what has ended, and of what we may not look into. */
const environmentOf = (pid: string): Promise<Buffer> =>
  readFile(`/proc/${pid}/environ`).then((variables) => Buffer.concat([Buffer.from('\0'), variables]), () => Buffer.alloc(0));

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself a moment ago.
  }
}

/**
 * The user that builds run as: it owns nothing on the host but the folder that is being built. One build runs at a time,
 * so that every process of this user is of that build and is ended with it, also one that has left its process group.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MaestroError } from '../../spec/errors.js';
import { groupId, userId } from '../files/owners.js';
import { runProgram } from '../run-program.js';
import { messageOf } from '../trouble.js';

export const buildUserName = 'maestro-build';
export interface BuildUser { uid: number; gid: number }

const useraddArgv = ['--system', '--no-create-home', '--user-group', '--shell', '/usr/sbin/nologin', buildUserName];
const useraddTimeoutMs = 30_000;

export async function ensureBuildUser(): Promise<BuildUser> {
  if (process.getuid?.() !== 0) throw missing('the host worker does not run as root, which it has to for building as another user', 'Run the host worker as root.');
  const user = (await existing()) ?? (await create());
  if (user.uid > 0 && user.gid > 0) return user;
  throw missing(`the user ${buildUserName} is root`, `Give the user ${buildUserName} ids of its own, or remove it: it is made when it is missing.`);
}

export const existing = (): Promise<BuildUser | null> =>
  Promise.all([userId(buildUserName), groupId(buildUserName)]).then(([uid, gid]) => ({ uid, gid }), (error: unknown) => {
    if (error instanceof MaestroError) return null;
    throw error;
  });

async function create(): Promise<BuildUser> {
  const said = await runProgram('useradd', useraddArgv, { timeoutMs: useraddTimeoutMs }).then(({ exit_code, stderr }) => (exit_code === 0 ? '' : stderr.trim()), messageOf);
  const user = await existing();
  if (user !== null) return user;
  throw missing(`the user ${buildUserName} does not exist on this host and cannot be made: ${said}`, `Create it on the host (sudo useradd ${useraddArgv.join(' ')}) and retry.`);
}

const missing = (message: string, fix: string): MaestroError => new MaestroError('dependency_missing', message, { fix, details: { missing_dependency: `user:${buildUserName}` } });

const rounds = 100;
const roundMs = 20;

/** Ends every process of the user. A process that makes others faster than they are ended is an error in the end. */
export async function endProcessesOf({ uid }: BuildUser): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const pids = await processesOf(uid);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await sleep(roundMs);
  }
  throw new MaestroError('build_failed', 'processes of the build do not end', { fix: `End them on the host (sudo pkill -KILL -u ${buildUserName}) and retry.` });
}

async function processesOf(uid: number): Promise<number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map(async (name) => ((await isOf(uid, name)) ? [Number(name)] : [])));
  return found.flat();
}

async function isOf(uid: number, pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const ids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number) ?? [];
  return ids.includes(uid) && !/^State:\s+[ZX]/m.test(status) && (await isOurs(pid));
}

/**
 * A container may have a user with the same number. Its processes are in another PID namespace, made by root; those of
 * a build are in ours, or in one that they could only make together with a user namespace of their own.
 */
async function isOurs(pid: string): Promise<boolean> {
  const [pids, ourPids, users, ourUsers] = await Promise.all([namespaceOf(pid, 'pid'), namespaceOf('self', 'pid'), namespaceOf(pid, 'user'), namespaceOf('self', 'user')]);
  return pids !== null && users !== null && (pids === ourPids || users !== ourUsers);
}

const namespaceOf = (pid: string, kind: string): Promise<string | null> => readlink(`/proc/${pid}/ns/${kind}`).catch(() => null);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself a moment ago.
  }
}

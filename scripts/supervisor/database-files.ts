import { execFile } from 'node:child_process';
import { chownSync, existsSync, lchownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DatabasePrograms, Owner } from './database-program.js';
import { StartError, reason } from './errors.js';

/** What a cluster is made with. */
export interface ClusterPlan {
  readonly password: string;
  readonly programs: DatabasePrograms;
  readonly owner: Owner | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly interrupted: AbortSignal;
}

export const databaseUser = 'maestro';
const initTimeoutMs = 120_000;

/**
 * How the database names its own folder. Under a lent account it may not walk down to it (our data folder is closed to
 * others), but it is started inside it, and the kernel's name for "where I am" needs no walking.
 */
export function folderArgument(folder: string, owner: Owner | undefined): string {
  return owner && process.platform === 'linux' ? '/proc/self/cwd' : folder;
}

function giveTo(folder: string, owner: Owner): void {
  lchownSync(folder, owner.uid, owner.gid);
  if (!statSync(folder).isDirectory()) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) giveTo(path, owner);
    else lchownSync(path, owner.uid, owner.gid);
  }
}

/** Makes a new cluster in a draft folder and names it last: a start that was cut short leaves nothing half made. */
async function createCluster(folder: string, { password, programs, owner, env, interrupted }: ClusterPlan): Promise<void> {
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const secret = mkdtempSync(join(tmpdir(), 'maestro-init-'));
  const passwordFile = join(secret, 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner) for (const path of [draft, secret, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const args = ['-D', folderArgument(draft, owner), '--auth=scram-sha-256', `--username=${databaseUser}`, `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C'];
  try {
    await promisify(execFile)(programs.initdb, args, { cwd: draft, timeout: initTimeoutMs, env: { NODE_ENV: 'production', ...env }, signal: interrupted, ...owner });
    renameSync(draft, folder);
  } catch (error) {
    throw new StartError(`the database cannot be created (${reason(error)})`, 'check the room on the disk and the rights of the folder', folder);
  } finally {
    rmSync(secret, { recursive: true, force: true });
  }
}

function refuseOtherVersion(postgresFolder: string, major: string): void {
  const other = readdirSync(postgresFolder).find((name) => /^\d+$/.test(name) && name !== major);
  if (!other) return;
  throw new StartError(`the database in the data folder was made by PostgreSQL ${other}; this version of Maestro brings ${major}`, `dump it with the version of Maestro that made it, move ${other} away, and restore into the new one`, join(postgresFolder, other));
}

/** The folder of the cluster, made on the first start and owned by the account that runs it. */
export async function ensureCluster(postgresFolder: string, plan: ClusterPlan): Promise<string> {
  const { programs, owner } = plan;
  const folder = join(postgresFolder, programs.major);
  if (!existsSync(folder)) {
    refuseOtherVersion(postgresFolder, programs.major);
    await createCluster(folder, plan);
  }
  const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  if (found !== programs.major) throw new StartError(`the database was made by PostgreSQL ${found}, not ${programs.major}`, 'restore the data folder from a backup of this version', folder);
  // A data folder restored from a backup, or first used by another user, may belong to somebody else.
  if (owner && statSync(folder).uid !== owner.uid) giveTo(folder, owner);
  return folder;
}

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { Launch } from './child.js';
import { openLog, plainEnv, type Context } from './context.js';
import { databaseUser, ensureCluster, folderArgument } from './database-files.js';
import { databaseOwner, findPrograms } from './database-program.js';
import { StartError, hasCode, reason } from './errors.js';
import { databasePassword } from './keys.js';
import { Part } from './part.js';

const databaseName = 'maestro';
const noSuchDatabase = '3D000';
const wrongPassword = '28P01';
const pollMs = 40;

function url(port: number, password: string, name: string): string {
  return `postgresql://${databaseUser}:${password}@127.0.0.1:${port}/${name}`;
}

async function withClient(connectionString: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000, query_timeout: 30_000 });
  client.on('error', () => undefined); // a connection that breaks while idle is noticed by whoever uses it next
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** One try: connect to our database, making it when the cluster is new. False: the server is not up yet. */
async function serves(port: number, password: string): Promise<boolean> {
  const nothing = async () => undefined;
  try {
    await withClient(url(port, password, databaseName), nothing);
    return true;
  } catch (error) {
    if (hasCode(error, wrongPassword)) throw new StartError('the database refuses its own password', 'restore keys/database-password from the same backup as the database', 'keys/database-password');
    if (!hasCode(error, noSuchDatabase)) return false;
    await withClient(url(port, password, 'postgres'), async (client) => void (await client.query(`CREATE DATABASE ${databaseName}`)));
    return true;
  }
}

async function untilServing(port: number, password: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (await serves(port, password)) return;
    await wait(pollMs, undefined, { signal });
  }
}

/** The embedded PostgreSQL: on loopback only, no socket file, its cluster below the data folder. */
export async function embeddedDatabase(context: Context, port: number): Promise<{ part: Part; url: string }> {
  const owner = databaseOwner();
  const programs = findPrograms(owner);
  const password = databasePassword(context.data.keys);
  const env = { ...plainEnv(context), LC_ALL: 'C' };
  const folder = await ensureCluster(context.data.postgres, { password, programs, owner, env, interrupted: context.interrupted });
  // Nobody of ours runs (the lock is held, leftovers are ended), so this can only name a process that is gone.
  rmSync(join(folder, 'postmaster.pid'), { force: true });
  const options = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'log_destination=stderr', 'logging_collector=off', 'log_checkpoints=off'];
  const launch = (): Launch => ({
    file: programs.postgres,
    args: ['-D', folderArgument(folder, owner), '-p', String(port), ...options.flatMap((option) => ['-c', option])],
    cwd: folder,
    env,
    ...owner,
    ipc: false,
    orphanSignal: 'INT',
  });
  const part = new Part({
    name: 'database',
    title: 'the database',
    ...openLog(context, 'database', 'postgres'),
    launch,
    ready: (_child, signal) => untilServing(port, password, signal),
    readyWithinMs: 60_000,
    // After a crash the old backends hold the shared memory for a moment, and the first start fails.
    startAttempts: 20,
    stopSignals: [['SIGINT', 10_000], ['SIGQUIT', 3_000]],
  });
  return { part, url: url(port, password, databaseName) };
}

/** An external database is only looked at: a wrong address should be said now, by us, and once. */
export async function checkDatabase(databaseUrl: string): Promise<void> {
  try {
    await withClient(databaseUrl, async (client) => void (await client.query('SELECT 1')));
  } catch (error) {
    throw new StartError(`the database of DATABASE_URL does not answer (${reason(error)})`, 'start it, or correct DATABASE_URL; without DATABASE_URL an embedded one is used', 'DATABASE_URL');
  }
}

/** A private PostgreSQL server of either kind, in a folder of its own, as an account without rights. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { databaseOwner, findPrograms, type Owner } from '../../scripts/supervisor/database-program.js';

export type DatabaseKind = 'embedded' | 'debian';
export const databaseKinds: readonly DatabaseKind[] = ['embedded', 'debian'];

const debianHome = '/usr/lib/postgresql';
const startTimeoutMs = 20_000;
const stopTimeoutMs = 10_000;

interface Programs { initdb: string; postgres: string }

function programsOf(kind: DatabaseKind, owner: Owner | undefined): Programs {
  if (kind === 'embedded') return findPrograms(owner);
  const newest = existsSync(debianHome) ? readdirSync(debianHome).filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a))[0] : undefined;
  if (newest === undefined) throw new Error(`no PostgreSQL in ${debianHome}: apt-get install postgresql`);
  return { initdb: join(debianHome, newest, 'bin', 'initdb'), postgres: join(debianHome, newest, 'bin', 'postgres') };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}

export interface Cluster { /** Of the database `postgres`, as its superuser. */ url: string; stop(): Promise<void> }

export async function startCluster(kind: DatabaseKind): Promise<Cluster> {
  const owner = databaseOwner();
  const { initdb, postgres } = programsOf(kind, owner);
  const folder = mkdtempSync(join(tmpdir(), `maestro-${kind}-`));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const data = join(folder, 'data');
  await promisify(execFile)(initdb, ['-D', data, '--auth=trust', '--username=maestro', '--encoding=UTF8', '--locale=C', '--no-sync'], { cwd: folder, env, timeout: 60_000, ...owner });
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'full_page_writes=off', 'wal_level=minimal', 'max_wal_senders=0', 'max_connections=300', 'log_min_messages=fatal'];
  const server = spawn(postgres, ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])], { cwd: folder, env, stdio: 'ignore', ...owner });
  const killAtExit = (): void => void server.kill('SIGQUIT');
  process.once('exit', killAtExit);
  const stop = async (): Promise<void> => {
    await stopServer(server);
    process.removeListener('exit', killAtExit);
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `postgresql://maestro@127.0.0.1:${port}/postgres`;
  try {
    await untilReady(url, server);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

async function untilReady(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    try {
      await withClient(url, (client) => client.query('SELECT 1'));
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw new Error('PostgreSQL did not start', { cause: error });
      await wait(50);
    }
  }
}

/** Immediate shutdown: the data is thrown away with it. */
async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => { server.once('exit', resolve); });
  server.kill('SIGQUIT');
  await Promise.race([ended, wait(stopTimeoutMs, undefined, { ref: false })]);
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 30_000 });
  client.on('error', () => undefined); // seen by the query that needs the connection
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Brings a database to the newest schema: `prisma migrate deploy` by the real engine, on the same table. */
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { noFilters, openEngine, type SchemaEngine } from './engine.js';
import { prismaFolder, readMigrations, readSchema } from './migration-files.js';
import { withWholeScripts } from './whole-scripts.js';

export interface MigrateOptions {
  /** Holds schema.prisma and migrations/. Default: the one this code came with. */
  folder?: string;
  /** For all of it, waiting for other processes included. Default 60 s. */
  timeoutMs?: number;
}

/** Any number that nobody else locks on; the engine's own lock (72707369) is given up after 10 s, ours waits. */
const migrationLock = 7_261_984_100;

/**
 * Applies what is missing and returns the names applied, oldest first; empty when the database was current.
 * Processes may race: one applies, the others wait for it and return []. Each migration is one transaction, so an
 * interrupted one left nothing behind and is simply applied again.
 */
export async function migrate(databaseUrl: string, { folder = prismaFolder(), timeoutMs = 60_000 }: MigrateOptions = {}): Promise<string[]> {
  const bounds = { connectionString: databaseUrl, connectionTimeoutMillis: Math.min(timeoutMs, 10_000), statement_timeout: timeoutMs, query_timeout: timeoutMs + 1000 };
  const lock = new pg.Client(bounds);
  const pool = new pg.Pool({ ...bounds, max: 1 });
  const ignore = (): void => undefined; // a lost connection fails the query that runs on it
  lock.on('error', ignore);
  pool.on('error', ignore);
  try {
    await lock.connect();
    await lock.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    const engine = await openEngine(withWholeScripts(new PrismaPg(pool), (script) => runWhole(pool, script)), await readSchema(folder));
    await forgetInterrupted(lock, engine);
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList: await readMigrations(folder), filters: noFilters });
    return appliedMigrationNames;
  } catch (error) {
    throw new Error(`the database could not be migrated: ${message(error)}`, { cause: error });
  } finally {
    await Promise.allSettled([pool.end(), lock.end()]); // closing the session releases the lock
  }
}

/** Several statements in one message; the connection goes away after a failure, and an open transaction with it. */
async function runWhole(pool: pg.Pool, script: string): Promise<void> {
  const client = await pool.connect();
  let failed = true;
  try {
    await client.query(script);
    failed = false;
  } finally {
    client.release(failed);
  }
}

/** Prisma refuses to go on after a migration that never finished; ours are atomic, so there is nothing to clean up by hand. */
async function forgetInterrupted(connection: pg.Client, engine: SchemaEngine): Promise<void> {
  const { rows: [table] } = await connection.query<{ found: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`);
  if (!table?.found) return;
  const { rows } = await connection.query<{ migration_name: string }>('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL');
  for (const { migration_name: migrationName } of rows) await engine.markMigrationRolledBack({ migrationName });
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error)).trim();

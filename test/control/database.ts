/**
 * Databases for tests: one server per suite, and migrated databases by copying a template, cheap enough for one per test.
 *
 *   const server = await startDatabase('embedded');
 *   const { db, url, close } = await server.freshDatabase();
 *   await server.stop();
 */
import { PrismaPg } from '@prisma/adapter-pg';
import { sealVersionsWith } from '../../control/deploys/index.js';
import { createPrisma, PrismaClient } from '../../prisma/client.js';
import { migrate } from '../../prisma/migrate.js';
import { startCluster, withClient, type DatabaseKind } from './cluster.js';

export { databaseKinds, withClient, type DatabaseKind } from './cluster.js';

export interface FreshDatabase { url: string; db: PrismaClient; /** Closes the client; the database goes with the server. */ close(): Promise<void> }
export interface DatabaseServer {
  /** Of the server's own database `postgres`: nothing of Maestro is in it. */
  url: string;
  /** Migrated and without rows, for one test or one suite. */
  freshDatabase(): Promise<FreshDatabase>;
  /** Without tables. */
  emptyDatabase(): Promise<string>;
  /** Closes what is still open, then the server. */
  stop(): Promise<void>;
}

export async function startDatabase(kind: DatabaseKind = 'embedded'): Promise<DatabaseServer> {
  sealVersionsWith('5e'.repeat(32));
  const cluster = await startCluster(kind);
  const open = new Set<PrismaClient>();
  let count = 0;
  let template: Promise<string> | undefined;
  const urlOf = (name: string): string => cluster.url.replace(/postgres$/, name);
  const create = async (from: string): Promise<string> => {
    const name = `test_${(count += 1)}`;
    await withClient(cluster.url, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${from} STRATEGY FILE_COPY`));
    return name;
  };
  const makeTemplate = async (): Promise<string> => {
    const name = await create('template0');
    await migrate(urlOf(name));
    return name;
  };
  return {
    url: cluster.url,
    emptyDatabase: async () => urlOf(await create('template0')),
    freshDatabase: async () => {
      template ??= makeTemplate();
      const url = urlOf(await create(await template));
      const db = createPrisma(url);
      open.add(db);
      return { url, db, close: async () => { open.delete(db); await db.$disconnect(); } };
    },
    stop: async () => {
      await Promise.allSettled([...open].map((db) => db.$disconnect()));
      await cluster.stop();
    },
  };
}

/** How many statements `work` sends, transaction control included. */
export async function countQueries(url: string, work: (db: PrismaClient) => Promise<unknown>): Promise<number> {
  const db = new PrismaClient({ adapter: new PrismaPg(url), log: [{ emit: 'event', level: 'query' }] });
  let count = 0;
  db.$on('query', () => { count += 1; });
  try {
    await work(db);
    return count;
  } finally {
    await db.$disconnect();
  }
}

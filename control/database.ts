/** How services use the database: one kind of transaction, and the few errors they tell apart. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prisma, PrismaClient } from '../prisma/client.js';
import { MaestroError } from '../spec/errors.js';
import { isDatabaseUnreachable } from './unreachable.js';

export type Db = PrismaClient;
export type Tx = Prisma.TransactionClient;
/** Reads run anywhere: in a transaction or outside. */
export type Reader = Db | Tx;

/**
 * Locks that are held until the end of a transaction. One order everywhere, or transactions deadlock:
 * rows first, then `claims`, then `vault`, then `audit`, then `events`. (Behind `claims` only rows of version_claims are
 * written, of a deploy whose row is locked already.)
 */
export const locks = { audit: 7_261_984_101, events: 7_261_984_102, setup: 7_261_984_103, claims: 7_261_984_104, vault: 7_261_984_105, authority: 7_261_984_106, seals: 7_261_984_107 } as const;

export async function takeLock(tx: Tx, name: keyof typeof locks): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${locks[name]}::bigint)`;
}

const attempts = 3;

/**
 * Runs `work` in one transaction; begins anew (at most 3 times in all) when the database picked it as a deadlock's victim.
 * A commit whose answer got lost is asked for: when it went through, so did this. An error that says the database cannot be
 * reached means that nothing was changed, unless it stayed out of reach for ten seconds more.
 */
export async function inTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>, timeoutMs?: number): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const begun = new Begun<T>();
    try {
      return await db.$transaction((tx) => begun.run(tx, work), timeoutMs === undefined ? {} : { timeout: timeoutMs });
    } catch (error) {
      if (isDatabaseUnreachable(error) && begun.end !== null && (await wentThrough(db, begun.end.id))) return begun.end.result;
      if (attempt >= attempts || !isDeadlock(error)) throw error;
    }
  }
}

/** A transaction of which only the commit may be missing knows its `end`. Without an id it has changed nothing. */
class Begun<T> {
  end: { id: string | null; result: T } | null = null;

  async run(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
    const result = await work(tx);
    const [row] = await tx.$queryRaw<{ id: string | null }[]>`SELECT pg_current_xact_id_if_assigned()::text AS id`;
    this.end = { id: row?.id ?? null, result };
    return result;
  }
}

const askForMs = 10_000;
const askEveryMs = 100;

/** What became of a transaction whose connection was lost. False when that cannot be told. */
async function wentThrough(db: Db, id: string | null): Promise<boolean> {
  if (id === null) return true;
  for (const until = Date.now() + askForMs; Date.now() < until; await sleep(askEveryMs)) {
    const [row] = await db.$queryRaw<{ status: string | null }[]>`SELECT pg_xact_status(${id}::xid8) AS status`.catch((error: unknown) => {
      if (isDatabaseUnreachable(error)) return [{ status: 'in progress' }];
      throw error;
    });
    if (row?.status !== 'in progress') return row?.status === 'committed';
  }
  return false;
}

const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined);

export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === 'P2002' || sqlState(error) === '23505';
const isDeadlock = (error: unknown): boolean => codeOf(error) === 'P2034' || sqlState(error) === '40P01' || sqlState(error) === '40001';

/** The five-letter SQLSTATE inside a Prisma error, wherever the driver adapter put it. */
export function sqlState(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; typeof at === 'object' && at !== null && depth < 6; depth += 1) {
    if ('originalCode' in at && typeof at.originalCode === 'string') return at.originalCode;
    at = 'meta' in at ? at.meta : 'driverAdapterError' in at ? at.driverAdapterError : 'cause' in at ? at.cause : undefined;
  }
  return undefined;
}

/** `not_found` in the words of whoever asked. */
export const notFound = (what: string, id: string): MaestroError =>
  new MaestroError('not_found', `There is no ${what} "${id}".`, { fix: `Check the id; list what there is to find the ${what}.`, details: { id } });

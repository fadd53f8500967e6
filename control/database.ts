/** How services use the database: one kind of transaction, and the few errors they tell apart. */
import type { Prisma, PrismaClient } from '../prisma/client.js';
import { MaestroError } from '../spec/errors.js';

export type Db = PrismaClient;
export type Tx = Prisma.TransactionClient;
/** Reads run anywhere: in a transaction or outside. */
export type Reader = Db | Tx;

/**
 * Locks that are held until the end of a transaction. One order everywhere, or transactions deadlock:
 * rows first, then `claims`, then `vault`, then `audit`, then `events`. (Behind `claims` only rows of version_claims are
 * written, of a deploy whose row is locked already.)
 */
export const locks = { audit: 7_261_984_101, events: 7_261_984_102, setup: 7_261_984_103, claims: 7_261_984_104, vault: 7_261_984_105 } as const;

export async function takeLock(tx: Tx, name: keyof typeof locks): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${locks[name]}::bigint)`;
}

const attempts = 3;

/** Runs `work` in one transaction; begins anew (at most 3 times in all) when the database picked it as a deadlock's victim. */
export async function inTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.$transaction(work);
    } catch (error) {
      if (attempt >= attempts || !isDeadlock(error)) throw error;
    }
  }
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

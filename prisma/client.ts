/** The database client, with a bound on everything it waits for. */
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.js';

export { Prisma, PrismaClient } from './generated/client.js';
export * as $Enums from './generated/enums.js';

export interface PrismaOptions {
  /** Connections this process may open; default 10. */
  poolSize?: number;
  /** A broken idle connection is replaced by itself; this is told of it. Default: ignored. */
  onConnectionError?: (error: Error) => void;
}

/** Connects on first use. `$disconnect()` closes the pool. */
export function createPrisma(databaseUrl: string, { poolSize = 10, onConnectionError = () => undefined }: PrismaOptions = {}): PrismaClient {
  const adapter = new PrismaPg(
    {
      connectionString: databaseUrl,
      max: poolSize,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      // The server's bound, and a little later the client's, for a server that no longer answers.
      statement_timeout: 30_000,
      query_timeout: 35_000,
      idle_in_transaction_session_timeout: 60_000,
    },
    { onPoolError: onConnectionError, onConnectionError },
  );
  return new PrismaClient({ adapter, transactionOptions: { maxWait: 10_000, timeout: 30_000 } });
}

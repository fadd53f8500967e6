import { createPrisma } from '../../prisma/client.js';
import { inTransaction, isUniqueViolation, sqlState, type Tx } from '../../control/database.js';
import { databaseKinds, startDatabase, withClient, type DatabaseServer, type FreshDatabase } from './database.js';
import { shop } from './documents.js';

interface Gate { opened: Promise<void>; open(): void }
const gate = (): Gate => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => { open = resolve; });
  return { opened, open: () => open() };
};

describe.each(databaseKinds)('transactions on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); });
  afterEach(() => fresh.close());

  const lock = (tx: Tx, id: string) => tx.$executeRaw`SELECT 1 FROM deploys WHERE id = ${id} FOR UPDATE`;

  test('the victim of a deadlock begins anew, and both transactions end well', async () => {
    const { db } = fresh;
    const [a, b] = [await shop(db, 'a'), await shop(db, 'b')];
    const begun = { ab: 0, ba: 0 };
    const [first, second] = [gate(), gate()];
    const cross = (order: 'ab' | 'ba', mine: string, other: string, ready: Gate, wait: Gate) => inTransaction(db, async (tx) => {
      begun[order] += 1;
      await lock(tx, mine);
      ready.open();
      await wait.opened;
      await lock(tx, other);
      return order;
    });
    expect(await Promise.all([cross('ab', a, b, first, second), cross('ba', b, a, second, first)])).toEqual(['ab', 'ba']);
    expect(begun.ab + begun.ba).toBe(3);
  });

  test('what fails for another reason is not repeated', async () => {
    let begun = 0;
    const failing = inTransaction(fresh.db, async () => {
      begun += 1;
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    expect(begun).toBe(1);
  });

  test('violations of unique columns are told from others, in models and in raw statements', async () => {
    const { db } = fresh;
    await shop(db);
    const row = { name: 'shop', latest_version: 1, created_by: 'x' };
    const model: unknown = await db.deploy.create({ data: { id: 'dpl_2', ...row } }).catch((error: unknown) => error);
    const raw: unknown = await db.$executeRaw`INSERT INTO deploys (id, name, latest_version, created_by, updated_at) VALUES ('dpl_3', 'shop', 1, 'x', now())`.catch((error: unknown) => error);
    const other: unknown = await db.$executeRaw`SELECT 1 / 0`.catch((error: unknown) => error);
    expect([model, raw, other].map(isUniqueViolation)).toEqual([true, true, false]);
    expect(sqlState(other)).toBe('22012');
    expect(sqlState(new Error('x'))).toBeUndefined();
  });

  test('the client outlives the loss of all its connections', async () => {
    const db = createPrisma(fresh.url, { poolSize: 4 });
    const used = await Promise.all(Array.from({ length: 4 }, () => db.$queryRaw`SELECT pg_backend_pid(), pg_sleep(0.05)::text`));
    expect(used).toHaveLength(4);
    await withClient(fresh.url, (client) => client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'));
    let alive = false;
    for (let tries = 0; tries < 5 && !alive; tries += 1) alive = await db.deploy.count().then(() => true, () => false);
    expect(alive).toBe(true);
    await db.$disconnect();
  });

  test('a statement is cut after its time, and a transaction that idles too', async () => {
    const [row] = await fresh.db.$queryRaw<{ statement: string; idle: string }[]>`SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle`;
    expect(row).toEqual({ statement: '30s', idle: '1min' });
  });
});

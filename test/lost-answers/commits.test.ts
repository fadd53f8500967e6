/** The database carries out what it was asked and nobody hears of it: it is done once, and told as done. */
import { createDeploy, submitVersion } from '../../control/deploys/index.js';
import { once } from '../../control/idempotency/index.js';
import { inTransaction, type Tx } from '../../control/database.js';
import { createPrisma, type PrismaClient } from '../../prisma/client.js';
import { startDatabase, type DatabaseServer, type FreshDatabase } from '../control/database.js';
import { actor, twoComponents } from '../control/documents.js';
import { Chance } from './chance.js';
import { proxyDatabase, type Proxy } from './postgres-proxy.js';

let server: DatabaseServer;
let fresh: FreshDatabase;
let proxy: Proxy;
let chance: Chance;
let db: PrismaClient;

beforeAll(async () => { server = await startDatabase(); });
afterAll(() => server.stop());
beforeEach(async () => {
  fresh = await server.freshDatabase();
  chance = new Chance(1, 1);
  const url = new URL(fresh.url);
  proxy = await proxyDatabase(Number(url.port), chance);
  url.port = String(proxy.port);
  db = createPrisma(url.href, { poolSize: 3 });
});
afterEach(async () => {
  await db.$disconnect();
  await proxy.stop();
  await fresh.close();
});

const lost = (): Record<string, number> => Object.fromEntries(Object.entries(chance.counts).map(([kind, count]) => [kind, count.lost]));

test('a version is submitted once, though no commit is ever answered', async () => {
  chance.armed = true;
  const { deploy_id: id } = await createDeploy(db, actor, { yaml: twoComponents(), files: [] });
  expect(await submitVersion(db, actor, { deployId: id, yaml: twoComponents() })).toMatchObject({ version: 2 });
  expect(lost()).toEqual({ commit: 2 });
  expect(await fresh.db.version.count()).toBe(2);
  expect(await fresh.db.auditEntry.count()).toBe(2);
  expect(await fresh.db.event.count()).toBe(2);
});

test('a request with a key is done once and answered the same, though neither its claim nor its end is answered', async () => {
  chance.armed = true;
  let runs = 0;
  const work = async (): Promise<number> => (runs += 1);
  expect(await once(db, 'usr_1', 'k', 'h', work)).toBe(1);
  expect(await once(db, 'usr_1', 'k', 'h', work)).toBe(1);
  expect(lost()['commit']).toBeGreaterThanOrEqual(2);
});

test('a transaction that did not get as far as its commit changes nothing, and says so', async () => {
  const failing = inTransaction(db, async (tx: Tx) => {
    await tx.idempotencyKey.create({ data: { actor_id: 'usr_1', key: 'k', body_hash: 'h' } });
    await tx.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`;
  });
  await expect(failing).rejects.toThrow();
  expect(await fresh.db.idempotencyKey.count()).toBe(0);
});

test('one that the server ends at its commit is not taken for one that went through', async () => {
  // A deferred constraint fails at the commit itself.
  await fresh.db.$executeRaw`CREATE TABLE single (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)`;
  await expect(inTransaction(db, (tx) => tx.$executeRaw`INSERT INTO single VALUES (1), (1)`)).rejects.toThrow();
  const [row] = await fresh.db.$queryRaw<{ count: bigint }[]>`SELECT count(*) FROM single`;
  expect(row?.count).toBe(0n);
});

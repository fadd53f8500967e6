import { appendAudit, listAudit, recordAudit, verifyAudit } from '../../control/audit/index.js';
import { inTransaction, type Db } from '../../control/database.js';
import { databaseKinds, startDatabase, withClient, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor } from './documents.js';

describe.each(databaseKinds)('audit on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); });
  afterEach(() => fresh.close());

  const add = (db: Db, count: number): Promise<void[]> => Promise.all(Array.from({ length: count }, (_, index) =>
    recordAudit(db, { actor, action: 'test.add', target: `t${index}`, result: 'ok', details: { index, text: `é\u0000\ud800😀`, number: 0.1 + 1e-9, nested: { z: [1, null, undefined], a: new Date(0) } } })));
  /** As somebody would who owns the database. */
  const tamper = (statement: string): Promise<void> => withClient(fresh.url, async (client) => {
    await client.query('ALTER TABLE audit DISABLE TRIGGER ALL');
    await client.query(statement);
    await client.query('ALTER TABLE audit ENABLE TRIGGER ALL');
  });

  test('entries written in parallel make one chain that verifies', async () => {
    expect(await verifyAudit(fresh.db)).toEqual({ ok: true, entries: 0 });
    await add(fresh.db, 30);
    expect(await verifyAudit(fresh.db)).toEqual({ ok: true, entries: 30 });
    const rows = await fresh.db.auditEntry.findMany({ orderBy: { id: 'asc' } });
    expect(rows[0]?.prev_hash).toBe('0'.repeat(64));
    rows.slice(1).forEach((row, index) => expect(row.prev_hash).toBe(rows[index]?.hash));
  });

  test('an entry of a transaction that failed is not in the chain', async () => {
    await add(fresh.db, 2);
    await expect(inTransaction(fresh.db, async (tx) => {
      await appendAudit(tx, { actor, action: 'test.lost', target: 't', result: 'ok' });
      throw new Error('on purpose');
    })).rejects.toThrow('on purpose');
    await add(fresh.db, 1);
    expect(await verifyAudit(fresh.db)).toEqual({ ok: true, entries: 3 });
  });

  test.each([`UPDATE audit SET action = 'other'`, `UPDATE audit SET hash = hash`, 'DELETE FROM audit', 'TRUNCATE audit'])('the database refuses %s', async (statement) => {
    await add(fresh.db, 1);
    await expect(fresh.db.$executeRawUnsafe(statement)).rejects.toThrow(/never change/);
    expect(await verifyAudit(fresh.db)).toEqual({ ok: true, entries: 1 });
  });

  test.each([
    ['actor', `actor_name = 'mallory'`], ['actor id', `actor_id = 'usr_other'`], ['kind', `actor_kind = 'system'`], ['action', `action = 'test.none'`], ['target', `target = 'x'`],
    ['result', `result = 'refused'`], ['details', `details = jsonb_set(details, '{index}', '99')`], ['time', `ts = ts + interval '1 second'`],
  ])('a row whose %s was changed is found', async (_, change) => {
    await add(fresh.db, 5);
    const [, , third] = await fresh.db.auditEntry.findMany({ orderBy: { id: 'asc' } });
    await tamper(`UPDATE audit SET ${change} WHERE id = ${third?.id}`);
    expect(await verifyAudit(fresh.db)).toEqual({ ok: false, entries: 2, bad_id: Number(third?.id), reason: expect.stringContaining('not what was written') });
  });

  test('a row that was taken out, or whose hash was made to fit, is found', async () => {
    await add(fresh.db, 4);
    const [, second, third] = await fresh.db.auditEntry.findMany({ orderBy: { id: 'asc' } });
    await tamper(`DELETE FROM audit WHERE id = ${second?.id}`);
    expect(await verifyAudit(fresh.db)).toMatchObject({ ok: false, entries: 1, bad_id: Number(third?.id), reason: expect.stringContaining('missing') });
    await tamper(`UPDATE audit SET prev_hash = '${second?.prev_hash}' WHERE id = ${third?.id}`);
    expect(await verifyAudit(fresh.db)).toMatchObject({ ok: false, bad_id: Number(third?.id) });
  });

  test('more entries than one read are verified and listed, newest first, page by page', async () => {
    await inTransaction(fresh.db, async (tx) => {
      for (let index = 0; index < 25; index += 1) await appendAudit(tx, { actor, action: 'test.add', target: `${index}`, result: 'ok' });
    });
    for (const batch of [1, 7, 25, 26]) expect(await verifyAudit(fresh.db, batch)).toEqual({ ok: true, entries: 25 });
    const first = await listAudit(fresh.db, { limit: 10 });
    const second = await listAudit(fresh.db, { limit: 10, cursor: first.next_cursor ?? '' });
    expect([first.items[0]?.target, first.items.at(-1)?.target, second.items[0]?.target]).toEqual(['24', '15', '14']);
    expect(first.items[0]).toMatchObject({ actor: { kind: 'user', id: 'usr_test', name: 'tess' }, action: 'test.add', result: 'ok', details: {} });
  });
});

/** T-D2: what somebody with the whole database in their hands changes in the audit trail is found. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AuditAnchor, keepAnchored, recordAudit } from '../../control/audit/index.js';
import { auditHash, genesisHash } from '../../control/audit/append.js';
import { startDatabase, withClient, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor } from './documents.js';

describe('the anchor of the audit trail', () => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  let dataDir: string;
  let anchor: AuditAnchor;
  beforeAll(async () => { server = await startDatabase(); });
  afterAll(() => server.stop());
  beforeEach(async () => {
    fresh = await server.freshDatabase();
    dataDir = await mkdtemp(join(tmpdir(), 'maestro-anchor-'));
    anchor = await AuditAnchor.open(dataDir);
  });
  afterEach(async () => {
    await fresh.close();
    await rm(dataDir, { recursive: true });
  });

  const add = async (count: number): Promise<void> => { for (let index = 0; index < count; index += 1) await recordAudit(fresh.db, { actor, action: 'test.add', target: `t${index}`, result: 'ok', details: { index } }); };
  const tamper = (...statements: string[]): Promise<void> => withClient(fresh.url, async (client) => {
    await client.query('ALTER TABLE audit DISABLE TRIGGER ALL');
    for (const statement of statements) await client.query(statement);
    await client.query('ALTER TABLE audit ENABLE TRIGGER ALL');
  });
  const ids = async (): Promise<number[]> => (await fresh.db.auditEntry.findMany({ orderBy: { id: 'asc' }, select: { id: true } })).map(({ id }) => Number(id));

  /** As somebody would who knows how hashes are made: everything from the first entry on is written anew and fits together. */
  async function rewrite(): Promise<void> {
    const rows = await fresh.db.auditEntry.findMany({ orderBy: { id: 'asc' } });
    let previous = genesisHash;
    for (const row of rows) {
      const hash = auditHash(previous, row);
      await tamper(`UPDATE audit SET prev_hash = '${previous}', hash = '${hash}' WHERE id = ${row.id}`);
      previous = hash;
    }
  }

  test('follows the chain, in a file that its owner alone reads', async () => {
    expect(await anchor.verify(fresh.db)).toEqual({ ok: true, entries: 0, anchor: null });
    await anchor.advance(fresh.db);
    await add(3);
    await anchor.advance(fresh.db);
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: true, entries: 3, anchor: { entries: 3, id: (await ids()).at(-1) } });
    await add(4);
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: true, entries: 7, anchor: { entries: 3 } });
    await anchor.advance(fresh.db);
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: true, entries: 7, anchor: { entries: 7 } });
    expect((await stat(join(dataDir, 'audit', 'anchor.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'keys', 'audit.key'))).mode & 0o777).toBe(0o600);
    const database = JSON.stringify(await fresh.db.auditEntry.findMany({ select: { details: true, hash: true } }));
    expect(database).not.toContain((await readFile(join(dataDir, 'keys', 'audit.key'), 'utf8')).trim());
  });

  test('one flipped byte in any column of any entry is found', async () => {
    await add(4);
    await anchor.advance(fresh.db);
    const flips = ['actor_name', 'actor_id', 'action', 'target', 'result', 'prev_hash', 'hash'].map((column) => `${column} = overlay(${column} placing chr(ascii(${column}) # 1) from 1 for 1)`);
    const all = await ids();
    for (const [place, id] of all.entries()) {
      for (const flip of [...flips, `details = '{"index": 9}'`, `ts = ts + interval '1 millisecond'`]) {
        const [before] = await fresh.db.auditEntry.findMany({ where: { id } });
        await tamper(`UPDATE audit SET ${flip} WHERE id = ${id}`);
        const verdict = await anchor.verify(fresh.db);
        expect([flip, verdict.ok, !verdict.ok && [id, all[place + 1]].includes(verdict.bad_id)]).toEqual([flip, false, true]);
        await tamper(`DELETE FROM audit WHERE id = ${id}`);
        if (!before) throw new Error('no entry');
        await fresh.db.auditEntry.create({ data: { ...before, details: before.details ?? {} } });
        expect(await anchor.verify(fresh.db)).toMatchObject({ ok: true });
      }
    }
  });

  test('an entry that was taken out is found, wherever it stood, and so is a tail that was cut off', async () => {
    await add(6);
    await anchor.advance(fresh.db);
    const all = await ids();
    await tamper(`DELETE FROM audit WHERE id > ${all[3]}`);
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: false, entries: 4, bad_id: all[5], reason: expect.stringContaining('cut off') });
    await tamper(`DELETE FROM audit WHERE id = ${all[1]}`);
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: false, entries: 1, bad_id: all[2] });
    await tamper('DELETE FROM audit');
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: false, entries: 0, bad_id: all[5] });
  });

  test('a chain that was written anew, and fits together, is found', async () => {
    await add(5);
    await anchor.advance(fresh.db);
    const [, second] = await ids();
    await tamper(`UPDATE audit SET actor_name = 'somebody else' WHERE id = ${second}`);
    await rewrite();
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: false, reason: expect.stringContaining('written anew') });
    await add(3);
    await expect(anchor.advance(fresh.db)).rejects.toMatchObject({ code: 'runtime_error' });
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: false });
  });

  test('a cut tail that was replaced by as many other entries is found, and is not anchored', async () => {
    await add(5);
    await anchor.advance(fresh.db);
    const all = await ids();
    await tamper(`DELETE FROM audit WHERE id > ${all[2]}`);
    await add(4);
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: false, bad_id: all[4] });
    await expect(anchor.advance(fresh.db)).rejects.toMatchObject({ code: 'runtime_error' });
  });

  test('an anchor of another key, or with another number in it, is refused and not replaced', async () => {
    await add(2);
    await anchor.advance(fresh.db);
    const path = join(dataDir, 'audit', 'anchor.json');
    const written = await readFile(path, 'utf8');
    for (const text of [written.replace('"entries":2', '"entries":1'), '{}', '', written.slice(0, -5), JSON.stringify({ ...JSON.parse(written), mac: 'ff' })]) {
      await writeFile(path, text);
      await expect(anchor.verify(fresh.db)).rejects.toMatchObject({ code: 'config_error' });
      await expect(anchor.advance(fresh.db)).rejects.toMatchObject({ code: 'config_error' });
    }
    await writeFile(path, written);
    expect(await anchor.verify(fresh.db)).toMatchObject({ ok: true });
  });

  test('is kept up by itself, tells of trouble once, and moves on when it is over', async () => {
    const troubles: string[] = [];
    const stop = keepAnchored(fresh.db, anchor, (error) => troubles.push(String(error)), 20);
    await add(2);
    for (const end = Date.now() + 10_000; (await anchor.read())?.entries !== 2; await wait(10)) if (Date.now() > end) throw new Error('no anchor');
    const path = join(dataDir, 'audit', 'anchor.json');
    const written = await readFile(path, 'utf8');
    await writeFile(path, '{}');
    for (const end = Date.now() + 10_000; troubles.length === 0; await wait(10)) if (Date.now() > end) throw new Error('no trouble');
    await wait(100);
    expect(troubles).toHaveLength(1);
    await writeFile(path, written);
    await add(1);
    await stop();
    expect(await anchor.read()).toMatchObject({ entries: 3 });
  });
});

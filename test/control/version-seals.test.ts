/** T-D2: whoever can write the database alone can change a version; it is not used then, not carried over, and told of. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemActor } from '../../control/actor.js';
import { createDeploy, loadBundle, loadVersionKey, openVersionSeals, sealVersionsWith, submitVersion, verifyVersions } from '../../control/deploys/index.js';
import { openRollout } from '../../control/rollouts/index.js';
import { startDatabase, withClient, type DatabaseServer, type FreshDatabase } from './database.js';
import { twoComponents } from './documents.js';

let server: DatabaseServer;
let database: FreshDatabase;
beforeAll(async () => { server = await startDatabase(); }, 60_000);
afterAll(() => server.stop());
beforeEach(async () => { database = await server.freshDatabase(); });
afterEach(() => database.close());

const file = (text: string) => ({ path: 'app.conf', bytes: Buffer.from(text), mode: 0o644 });
const submit = async (): Promise<string> => (await createDeploy(database.db, systemActor, { yaml: twoComponents('shop'), files: [file('port = 1')] })).deploy_id;

/** As somebody who owns the database: triggers do not stop him. */
const forge = (...statements: string[]): Promise<void> => withClient(database.url, async (client) => {
  for (const table of ['versions', 'version_files', 'bundle_blobs', 'version_seals']) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
  for (const statement of statements) await client.query(statement);
});
const verdict = async () => (await verifyVersions(database.db)).altered.map(({ version, reason }) => `v${String(version)}: ${reason}`);

const otherBytes = "UPDATE bundle_blobs SET bytes = 'port = 2'";
const forgeries: [string, string[], string][] = [
  ['its document', ["UPDATE versions SET yaml = replace(yaml, 'shop', 'shop ')"], 'its content is not what was submitted'],
  ['a byte of its document', ["UPDATE versions SET yaml = overlay(yaml placing '#' from length(yaml) for 1)"], 'its content is not what was submitted'],
  ['what it came from', ['UPDATE versions SET parent = 7'], 'its content is not what was submitted'],
  ['who submitted it', ["UPDATE versions SET submitted_by_id = 'usr_else'"], 'its content is not what was submitted'],
  ['the mode of a file', ['UPDATE version_files SET mode = 2541'], 'its content is not what was submitted'],
  ['the path of a file', ["UPDATE version_files SET path = 'other.conf'"], 'its content is not what was submitted'],
  ['a file that is taken out', ['DELETE FROM version_files'], 'its content is not what was submitted'],
  ['its digest', ["UPDATE versions SET yaml = yaml || '# x'", "UPDATE version_seals SET digest = repeat('a', 64)"], 'its seal is not of this Maestro'],
  ['its seal, which is gone', ['DELETE FROM version_seals'], 'it has no seal: it was put in past Maestro'],
];

test.each(forgeries)('%s: found by a verification, refused by whoever would use it', async (_, statements, reason) => {
  const { db } = database;
  const deployId = await submit();
  expect(await verifyVersions(db)).toEqual({ checked: 1, altered: [] });
  await forge(...statements);
  expect(await verdict()).toEqual([`v1: ${reason}`]);
  const refusal = { code: 'conflict', message: expect.stringContaining(reason), details: { altered: true, deploy_id: deployId, version: 1 } };
  await expect(loadBundle(db, deployId, 1)).rejects.toMatchObject(refusal);
  await expect(openRollout(db, systemActor, { deployId, version: 1, kind: 'apply' })).rejects.toMatchObject(refusal);
  await expect(openRollout(db, systemActor, { deployId, version: 1, kind: 'rollback' })).rejects.toMatchObject(refusal);
  // The files of the version before are those of the next one: what was altered gets no seal that way.
  await expect(submitVersion(db, systemActor, { deployId, yaml: twoComponents('shop') })).rejects.toMatchObject(refusal);
  expect(await db.rollout.count()).toBe(0);
  const { version } = await submitVersion(db, systemActor, { deployId, yaml: twoComponents('shop'), files: [] });
  expect((await loadBundle(db, deployId, version)).version).toBe(2);
});

test('the content of a file: found by a verification, and refused when it is read', async () => {
  const { db } = database;
  const deployId = await submit();
  await forge(otherBytes);
  expect(await verdict()).toEqual(['v1: the content of app.conf is not what was submitted']);
  await expect((await loadBundle(db, deployId, 1)).read('app.conf')).rejects.toMatchObject({ code: 'conflict', details: { altered: true } });
});

test('the seal of another version does not fit, nor does one of another Maestro', async () => {
  const { db } = database;
  const deployId = await submit();
  await submitVersion(db, systemActor, { deployId, yaml: twoComponents('shop'), files: [file('port = 2')] });
  await forge('UPDATE version_seals SET (digest, mac) = (SELECT digest, mac FROM version_seals s JOIN versions v ON v.id = s.version_id WHERE v.number = 1)');
  expect(await verdict()).toEqual(['v2: its content is not what was submitted']);
  sealVersionsWith('6f'.repeat(32));
  expect((await verdict()).every((line) => line.includes('its seal is not of this Maestro'))).toBe(true);
  sealVersionsWith('5e'.repeat(32));
});

test('a version that is rolled back to, and every one that is made, has its seal', async () => {
  const { db } = database;
  const deployId = await submit();
  await openRollout(db, systemActor, { deployId, version: 1, kind: 'rollback' });
  expect(await verifyVersions(db)).toEqual({ checked: 2, altered: [] });
});

test('what was there before seals were is sealed once, at the first start; what comes in without one later is refused', async () => {
  const { db } = database;
  const deployId = await submit();
  await forge('DELETE FROM version_seals');
  const dataDir = await mkdtemp(join(tmpdir(), 'maestro-seals-'));
  try {
    // Processes that start at once do it once; one that needs no database may be first.
    await loadVersionKey(dataDir);
    const sealed = await Promise.all(Array.from({ length: 4 }, () => openVersionSeals(db, dataDir)));
    expect(sealed.reduce((sum, count) => sum + count)).toBe(1);
    expect((await readdir(join(dataDir, 'keys'))).sort()).toEqual(['version-seals-begun', 'version.key']);
    expect((await loadBundle(db, deployId, 1)).version).toBe(1);
    await forge('DELETE FROM version_seals');
    expect(await openVersionSeals(db, dataDir)).toBe(0);
    await expect(loadBundle(db, deployId, 1)).rejects.toMatchObject({ code: 'conflict' });
    await rm(join(dataDir, 'keys', 'version.key'));
    await expect(openVersionSeals(db, dataDir)).rejects.toMatchObject({ code: 'config_error', message: expect.stringContaining('version.key is missing') });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
    sealVersionsWith('5e'.repeat(32));
  }
});

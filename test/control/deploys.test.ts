import { createPrisma } from '../../prisma/client.js';
import { bundlePath, createDeploy, deployState, getDeploy, getVersion, listDeploys, listVersions, loadBundle, submitVersion, tombstoneDeploy } from '../../control/deploys/index.js';
import { listAudit } from '../../control/audit/index.js';
import { readEvents } from '../../control/events/index.js';
import { openRollout, recordRolloutState, startRollout } from '../../control/rollouts/index.js';
import { sha256Hex } from '../../spec/hash.js';
import { type ComponentState, rolloutStates } from '../../spec/words.js';
import { countQueries, databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor, shop, twoComponents } from './documents.js';

/** What is refused is refused before the database is asked. */
const unreachable = createPrisma('postgresql://127.0.0.1:1/none');
const file = (path: string, text: string, mode?: number) => ({ path, bytes: Buffer.from(text), ...(mode === undefined ? {} : { mode }) });

describe.each(databaseKinds)('deploys on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); });
  afterEach(() => fresh.close());

  test('a submitted document is version 1, as it was written, with its files', async () => {
    const { db } = fresh;
    const yaml = twoComponents();
    const made = await createDeploy(db, actor, { yaml, files: [file('conf/b.conf', 'b', 0o640), file('./conf//a.conf', 'a')] });
    expect(made).toEqual({ deploy_id: expect.stringMatching(/^dpl_[0-9a-z]{20}$/), version: 1 });
    expect(await getVersion(db, made.deploy_id, 1)).toEqual({
      number: 1, kind: 'apply', parent: null, component: null, component_from: null, submitted_by: 'tess', created_at: expect.any(String), rollouts: [], yaml,
      files: [
        { path: 'conf/a.conf', size: 1, sha256: sha256Hex('a'), mode: 0o644 },
        { path: 'conf/b.conf', size: 1, sha256: sha256Hex('b'), mode: 0o640 },
      ],
    });
    const bundle = await loadBundle(db, made.deploy_id, 1);
    expect((await bundle.read('conf/b.conf')).toString()).toBe('b');
    await expect(bundle.read('conf/c.conf')).rejects.toMatchObject({ code: 'not_found' });
    expect(await readEvents(db)).toEqual([expect.objectContaining({ type: 'deploy.version', deploy_id: made.deploy_id, data: { version: 1, kind: 'apply', parent: null, submitted_by: 'tess' } })]);
    expect((await listAudit(db)).items).toMatchObject([{ action: 'deploy.create', target: made.deploy_id, result: 'ok', actor: { name: 'tess' } }]);
  });

  test('a document with errors stores nothing and says all of them', async () => {
    const { db } = fresh;
    const yaml = twoComponents().replace('depends_on: [db]', 'depends_on: [dbb]').replace('components: [db, web]', 'components: [db, wob]');
    await expect(createDeploy(db, actor, { yaml, files: [file('a', 'a')] })).rejects.toMatchObject({ code: 'validation_error', errors: [expect.objectContaining({ line: expect.any(Number) }), expect.anything()] });
    for (const broken of ['\u0000', '\ud800']) await expect(createDeploy(db, actor, { yaml: `${twoComponents()}# ${broken}`, files: [] })).rejects.toMatchObject({ code: 'validation_error' });
    await expect(createDeploy(db, actor, { yaml: 'api_version: [', files: [] })).rejects.toMatchObject({ code: 'validation_error', errors: [expect.anything()] });
    expect(await db.deploy.count()).toBe(0);
    expect(await db.bundleBlob.count()).toBe(0);
    expect(await db.auditEntry.count()).toBe(0);
    expect(await readEvents(db)).toEqual([]);
  });

  test('names are unique among living deploys; a conflict names the other, a tombstone frees the name', async () => {
    const { db } = fresh;
    const first = await shop(db);
    const before = await db.event.count();
    await expect(shop(db)).rejects.toMatchObject({ code: 'conflict', details: { name: 'shop', deploy_id: first } });
    expect(await db.event.count()).toBe(before);
    await tombstoneDeploy(db, actor, first);
    await expect(getDeploy(db, first)).rejects.toMatchObject({ code: 'not_found' });
    await expect(submitVersion(db, actor, { deployId: first, yaml: twoComponents() })).rejects.toMatchObject({ code: 'not_found' });
    const second = await shop(db);
    expect((await listDeploys(db)).items.map(({ deploy_id }) => deploy_id)).toEqual([second]);
  });

  test('of many that race for one name exactly one wins, and the others hear which', async () => {
    const { db } = fresh;
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => shop(db)));
    const [winner] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(losers).toHaveLength(11);
    for (const loser of losers) expect(loser).toMatchObject({ code: 'conflict', details: { deploy_id: winner } });
    expect(await db.version.count()).toBe(1);
  });

  test('a tombstone keeps versions, files, rollouts, events and audit', async () => {
    const { db } = fresh;
    const { deploy_id: id } = await createDeploy(db, actor, { yaml: twoComponents(), files: [file('a.txt', 'kept')] });
    const { rollout_id } = await openRollout(db, actor, { deployId: id, version: 1, kind: 'apply' });
    await expect(tombstoneDeploy(db, actor, id)).rejects.toMatchObject({ code: 'conflict', details: { rollout_id } });
    await recordRolloutState(db, rollout_id, { state: 'aborted', reason: '' });
    const count = async (): Promise<number[]> => Promise.all([db.version.count(), db.versionFile.count(), db.bundleBlob.count(), db.rollout.count()]);
    const before = await count();
    await tombstoneDeploy(db, actor, id);
    expect(await count()).toEqual(before);
    expect((await getVersion(db, id, 1)).files).toHaveLength(1);
    await expect(tombstoneDeploy(db, actor, id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('versions are numbered without holes, also under a race', async () => {
    const { db } = fresh;
    const id = await shop(db);
    const made = await Promise.all(Array.from({ length: 10 }, (_, index) => submitVersion(db, actor, { deployId: id, yaml: twoComponents('shop', `1.${index}`) })));
    expect(made.map(({ version }) => version).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect((await getDeploy(db, id)).latest_version).toBe(11);
  });

  test('expected_version lets exactly one of two through and tells the other the current one', async () => {
    const { db } = fresh;
    const id = await shop(db);
    const submit = () => submitVersion(db, actor, { deployId: id, yaml: twoComponents(), expectedVersion: 1 });
    const results = await Promise.allSettled([submit(), submit()]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusal = results.find((result) => result.status === 'rejected');
    expect(refusal).toMatchObject({ reason: { code: 'conflict', details: { expected_version: 1, current_version: 2 } } });
    expect((await listVersions(db, id)).items.map(({ number }) => number)).toEqual([2, 1]);
  });

  test('a version is immutable for everybody: rows of versions, files and contents refuse changes', async () => {
    const { db } = fresh;
    const { deploy_id } = await createDeploy(db, actor, { yaml: twoComponents(), files: [file('a.txt', 'a')] });
    const statements = [
      `UPDATE versions SET yaml = 'other'`, `UPDATE versions SET submitted_by = 'other'`, `UPDATE versions SET number = 7`, 'DELETE FROM versions',
      `UPDATE version_files SET mode = 511`, 'DELETE FROM version_files', `UPDATE bundle_blobs SET bytes = 'other'`,
    ];
    for (const statement of statements) await expect(db.$executeRawUnsafe(statement)).rejects.toThrow(/immutable|never change|foreign key/);
    expect((await getVersion(db, deploy_id, 1)).yaml).toBe(twoComponents());
    await db.$executeRaw`UPDATE versions SET applied_at = now()`;
    await expect(db.$executeRaw`UPDATE versions SET applied_at = NULL`).rejects.toThrow(/immutable/);
  });

  test('equal contents are stored once, in a bundle, across versions and deploys', async () => {
    const { db } = fresh;
    const { deploy_id } = await createDeploy(db, actor, { yaml: twoComponents(), files: [file('a', 'same'), file('b', 'same'), file('c', 'other')] });
    await submitVersion(db, actor, { deployId: deploy_id, yaml: twoComponents(), files: [file('d', 'same'), file('e', 'new')] });
    await createDeploy(db, actor, { yaml: twoComponents('second'), files: [file('a', 'same')] });
    expect(await db.bundleBlob.count()).toBe(3);
    const raced = await Promise.all(Array.from({ length: 6 }, (_, index) =>
      createDeploy(db, actor, { name: `raced-${index}`, yaml: twoComponents(), files: Array.from({ length: 20 }, (__, n) => file(`f${n}`, `raced ${(n * 7 + index) % 20}`)) })));
    expect(raced).toHaveLength(6);
    expect(await db.bundleBlob.count()).toBe(23);
  });

  test('a submit without files keeps those of the latest version; an empty list removes them', async () => {
    const { db } = fresh;
    const { deploy_id: deployId } = await createDeploy(db, actor, { yaml: twoComponents(), files: [file('a.txt', 'a', 0o600)] });
    await submitVersion(db, actor, { deployId, yaml: twoComponents('shop', '2') });
    await submitVersion(db, actor, { deployId, yaml: twoComponents('shop', '3'), files: [] });
    expect((await getVersion(db, deployId, 2)).files).toEqual((await getVersion(db, deployId, 1)).files);
    expect((await getVersion(db, deployId, 3)).files).toEqual([]);
  });

  test('a bundle of 1000 files and 30 MiB is stored and read back', async () => {
    const { db } = fresh;
    const files = Array.from({ length: 1000 }, (_, index) => ({ path: `dir-${index % 10}/file-${index}`, bytes: Buffer.alloc(6000, index % 251) }));
    const large = Buffer.alloc(24 * 1024 * 1024, 7);
    files[0] = { path: 'large.bin', bytes: large };
    const { deploy_id } = await createDeploy(db, actor, { yaml: twoComponents(), files });
    const bundle = await loadBundle(db, deploy_id, 1);
    expect(bundle.files).toHaveLength(1000);
    expect((await bundle.read('large.bin')).equals(large)).toBe(true);
    expect((await bundle.read('dir-5/file-995')).equals(Buffer.alloc(6000, 995 % 251))).toBe(true);
  });

  test('lists are paged to the end without repeats', async () => {
    const { db } = fresh;
    const names = Array.from({ length: 23 }, (_, index) => `deploy-${String(index).padStart(2, '0')}`);
    for (const name of [...names].reverse()) await shop(db, name);
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await listDeploys(db, { limit: 10, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(names);
    await expect(listDeploys(db, { limit: 201 })).rejects.toMatchObject({ code: 'validation_error' });
    await expect(listDeploys(db, { cursor: 'nonsense' })).rejects.toMatchObject({ code: 'validation_error' });
  });

  test('a list and a detail cost the same number of queries however much there is', async () => {
    const { db, url } = fresh;
    const submitAndApply = async (id: string, version: number): Promise<void> => {
      const { rollout_id } = await openRollout(db, actor, { deployId: id, version, kind: 'apply' });
      await recordRolloutState(db, rollout_id, { state: 'succeeded', reason: '' });
    };
    const id = await shop(db);
    await submitAndApply(id, 1);
    const few = [await countQueries(url, (one) => listDeploys(one)), await countQueries(url, (one) => getDeploy(one, id))];
    for (let index = 2; index <= 8; index += 1) {
      await submitVersion(db, actor, { deployId: id, yaml: twoComponents() });
      await submitAndApply(id, index);
      await submitAndApply(await shop(db, `deploy-${index}`), 1);
    }
    const many = [await countQueries(url, (one) => listDeploys(one)), await countQueries(url, (one) => getDeploy(one, id))];
    expect(many).toEqual(few);
    expect(Math.max(...many)).toBeLessThanOrEqual(6);
  });

  test('the detail says what every version went through, newest first', async () => {
    const { db } = fresh;
    const id = await shop(db);
    const { rollout_id: first } = await openRollout(db, actor, { deployId: id, version: 1, kind: 'apply' });
    await startRollout(db, first);
    await recordRolloutState(db, first, { state: 'succeeded', reason: '' });
    await submitVersion(db, actor, { deployId: id, yaml: twoComponents('shop', '2') });
    const { rollout_id: second } = await openRollout(db, actor, { deployId: id, version: 2, kind: 'apply' });
    const view = await getDeploy(db, id);
    expect(view).toMatchObject({
      deploy_id: id, name: 'shop', state: 'rolling_out', active_version: 1, latest_version: 2, description: 'A shop',
      hosts: ['web-01'], components: ['db', 'web'],
      last_rollout: { rollout_id: second, state: 'pending', kind: 'apply', version: 2, started_at: null, ended_at: null },
      versions: [
        { number: 2, kind: 'apply', rollouts: [{ rollout_id: second, state: 'pending' }] },
        { number: 1, kind: 'apply', rollouts: [{ rollout_id: first, state: 'succeeded', started_at: expect.any(String), ended_at: expect.any(String) }] },
      ],
    });
    expect((await listDeploys(db)).items).toEqual([{
      deploy_id: view.deploy_id, name: view.name, state: view.state, active_version: 1, latest_version: 2, last_rollout: view.last_rollout, updated_at: view.updated_at, observed: {}, drift: { placements: 0, kinds: [] },
    }]);
  });
});

test.each([
  ['/etc/passwd', 'absolute'], ['C:/x', 'absolute'], ['../x', 'leads out'], ['a/../../x', 'leads out'], ['a/..', 'leads out'], ['a\\b', 'backslash'],
  ['a\u0000b', 'unprintable'], ['', 'names no file'], ['.', 'names no file'], ['a/', 'names no file'], ['a'.repeat(513), 'longer than'],
])('the bundle path %.20j is refused', (path, why) => {
  expect(() => bundlePath(path)).toThrow(why);
});

test('bundle paths come out normal', () => {
  expect(['a', './a', 'a//b', 'a/./b', '.env', '..a/b'].map(bundlePath)).toEqual(['a', 'a', 'a/b', 'a/b', '.env', '..a/b']);
});

test.each([
  ['twice', [file('a', '1'), file('./a', '2')], /twice/],
  ['as a file and a folder', [file('a', '1'), file('a/b', '2')], /a file and a folder/],
  ['with a mode beyond 07777', [file('a', '1', 0o10000)], /mode/],
])('a path %s is refused', async (_, files, why) => {
  await expect(createDeploy(unreachable, actor, { yaml: twoComponents(), files })).rejects.toThrow(why);
});

test('bundles over 1000 files or 32 MiB are refused', async () => {
  const many = Array.from({ length: 1001 }, (_, index) => file(`f${index}`, ''));
  await expect(createDeploy(unreachable, actor, { yaml: twoComponents(), files: many })).rejects.toMatchObject({ code: 'validation_error' });
  await expect(createDeploy(unreachable, actor, { yaml: twoComponents(), files: [{ path: 'a', bytes: Buffer.alloc(32 * 1024 * 1024 + 1) }] })).rejects.toMatchObject({ code: 'payload_too_large' });
});

test('the state of a deploy follows from its last rollout', () => {
  const states = Object.fromEntries(rolloutStates.map((state) => [state, deployState(state, 1)]));
  expect(states).toEqual({ pending: 'rolling_out', running: 'rolling_out', paused: 'paused', awaiting_approval: 'paused', succeeded: 'in_sync', failed: 'failed', aborted: 'failed', rolled_back: 'in_sync' });
  expect(deployState('rolled_back', null)).toBe('failed');
  expect(deployState(null, null)).toBe('never_applied');
});

test('what was applied and is not so any more has drifted; while something is going on that is said first', () => {
  const seen = (placements: number, observed: Partial<Record<ComponentState, number>> = {}) => ({ drift: { placements, kinds: [] }, observed });
  for (const drifted of [seen(1), seen(0, { stopped: 1 }), seen(0, { unhealthy: 2 }), seen(0, { failed: 1 }), seen(0, { missing: 1 })]) {
    expect([deployState('succeeded', 1, drifted), deployState('rolled_back', 1, drifted), deployState('running', 1, drifted), deployState('failed', 1, drifted)]).toEqual(['drifted', 'drifted', 'rolling_out', 'failed']);
  }
  expect(deployState('succeeded', 1, seen(0, { running: 1, healthy: 2, unknown: 1, host_offline: 1 }))).toBe('in_sync');
});

import { authenticate, changePassword, createKey, createUser, deleteKey, listKeys, login, logout, needsSetup, requireRight, setupAdmin, type Actor } from '../../control/auth/index.js';
import { listAudit } from '../../control/audit/index.js';
import { sha256Hex } from '../../spec/hash.js';
import { rights, rightsOfRole, roles, type Role } from '../../spec/words.js';
import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';

const password = 'correct horse';

describe.each(databaseKinds)('auth on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); });
  afterEach(() => fresh.close());

  const signIn = async (username: string): Promise<Actor> => {
    const { token } = await login(fresh.db, { username, password });
    const actor = await authenticate(fresh.db, { cookie: token });
    if (!actor) throw new Error(`${username} cannot sign in`);
    return actor;
  };
  const admin = async (): Promise<Actor> => {
    await setupAdmin(fresh.db, { username: 'Ada', password });
    return signIn('ada');
  };
  const user = async (by: Actor, username: string, role: Role): Promise<Actor> => {
    await createUser(fresh.db, by, { username, password, role });
    return signIn(username);
  };

  test('of 20 racing setups exactly one makes the administrator, and all later ones conflict', async () => {
    const { db } = fresh;
    expect(await needsSetup(db)).toBe(true);
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => setupAdmin(db, { username: `admin${index}`, password })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
    expect(await db.user.findMany({ select: { role: true } })).toEqual([{ role: 'admin' }]);
    expect(await needsSetup(db)).toBe(false);
    await expect(setupAdmin(db, { username: 'late', password })).rejects.toMatchObject({ code: 'conflict' });
    expect((await listAudit(db)).items.map(({ action }) => action)).toEqual(['auth.setup_admin']);
  });

  test('user names are trimmed and the same in any case', async () => {
    const { db } = fresh;
    const ada = await admin();
    expect(ada.name).toBe('Ada');
    expect((await signIn('  aDA ')).id).toBe(ada.id);
    await expect(createUser(db, ada, { username: ' ADA', password, role: 'viewer' })).rejects.toMatchObject({ code: 'conflict' });
    for (const username of ['', '   ', 'a\u0000b', 'a\nb', 'x'.repeat(65)]) await expect(createUser(db, ada, { username, password, role: 'viewer' })).rejects.toMatchObject({ code: 'validation_error' });
  });

  test('passwords have 8 to 1024 characters and are stored as argon2id only', async () => {
    const { db } = fresh;
    for (const bad of ['', '1234567', 'x'.repeat(1025)]) await expect(setupAdmin(db, { username: 'ada', password: bad })).rejects.toMatchObject({ code: 'validation_error' });
    await admin();
    const [row] = await db.user.findMany();
    expect(row?.password_hash).toMatch(/^\$argon2id\$/);
    expect(JSON.stringify(row)).not.toContain(password);
  });

  test('the wrong password and the unknown user get one refusal, one audit entry each, and no session', async () => {
    const { db } = fresh;
    await admin();
    const before = await db.session.count();
    const refusals = await Promise.all(['ada', 'nobody'].map((username) => login(db, { username, password: 'wrong password' }).catch((error: unknown) => error)));
    expect(refusals[0]).toMatchObject({ code: 'auth_error' });
    expect(String(refusals[0])).toBe(String(refusals[1]));
    await expect(login(db, { username: 'ada', password: password.repeat(100) })).rejects.toMatchObject({ code: 'auth_error' });
    await expect(login(db, { username: 'a\u0000', password })).rejects.toMatchObject({ code: 'auth_error' });
    expect(await db.session.count()).toBe(before);
    expect((await listAudit(db)).items.filter(({ action, result }) => action === 'auth.login' && result === 'refused')).toHaveLength(4);
    expect(JSON.stringify(await listAudit(db))).not.toContain('wrong password');
  });

  test('the time of a login does not tell known from unknown users', async () => {
    const { db } = fresh;
    await admin();
    const times: Record<string, number[]> = { ada: [], nobody: [] };
    for (let round = 0; round < 9; round += 1) {
      for (const [username, list] of Object.entries(times)) {
        const begun = performance.now();
        await login(db, { username, password: 'wrong password' }).catch(() => undefined);
        list.push(performance.now() - begun);
      }
    }
    const [known, unknown] = Object.values(times).map((list) => list.sort((a, b) => a - b)[2] ?? 0);
    // Without the decoy an unknown user would take a few milliseconds against some 50 for the hash.
    expect((unknown ?? 0) / (known ?? 1)).toBeGreaterThan(0.5);
    expect((unknown ?? 0) / (known ?? 1)).toBeLessThan(2);
  });

  test('a session is a token of 32 bytes known to the database by its hash, and ends by logout or after 7 days', async () => {
    const { db } = fresh;
    const ada = await admin();
    const { token, expires_at } = await login(db, { username: 'ada', password });
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(6.99 * 24 * 3600_000);
    const rows = await db.session.findMany();
    expect(rows.map(({ token_hash }) => token_hash)).toContain(sha256Hex(token));
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(await authenticate(db, { cookie: token })).toEqual({ kind: 'user', id: ada.id, name: 'Ada', rights: rightsOfRole.admin });
    await logout(db, token);
    await logout(db, token);
    expect(await authenticate(db, { cookie: token })).toBeNull();
    const other = await login(db, { username: 'ada', password });
    await db.session.updateMany({ data: { expires_at: new Date(Date.now() - 1) } });
    expect(await authenticate(db, { cookie: other.token })).toBeNull();
    await login(db, { username: 'ada', password });
    expect(await db.session.count()).toBe(1);
  });

  test('nobody is recognised by nothing, nonsense, or another kind of secret', async () => {
    const { db } = fresh;
    const ada = await admin();
    const { token } = await login(db, { username: 'ada', password });
    const { key } = await createKey(db, ada, { name: 'k', rights: ['deploy.read'] });
    for (const presented of [{}, { cookie: '' }, { cookie: 'x' }, { bearer: '' }, { bearer: 'mae_x' }, { bearer: token }, { cookie: key }, { bearer: key.toUpperCase() }, { cookie: sha256Hex(token) }]) {
      expect(await authenticate(db, presented)).toBeNull();
    }
    expect(await authenticate(db, { cookie: token, bearer: 'mae_wrong' })).toBeNull();
  });

  test('each role has its rights, of this moment; a disabled user has none', async () => {
    const { db } = fresh;
    const ada = await admin();
    for (const role of roles) expect((await user(ada, role, role)).rights).toEqual(rightsOfRole[role]);
    const { token } = await login(db, { username: 'operator', password });
    const { key } = await createKey(db, await signIn('operator'), { name: 'k', rights: ['deploy.read', 'deploy.apply'] });
    await db.user.update({ where: { username_key: 'operator' }, data: { role: 'viewer' } });
    expect((await authenticate(db, { cookie: token }))?.rights).toEqual(rightsOfRole.viewer);
    expect((await authenticate(db, { bearer: key }))?.rights).toEqual(['deploy.read']);
    await db.user.update({ where: { username_key: 'operator' }, data: { disabled_at: new Date() } });
    expect(await authenticate(db, { cookie: token })).toBeNull();
    expect(await authenticate(db, { bearer: key })).toBeNull();
    await expect(login(db, { username: 'operator', password })).rejects.toMatchObject({ code: 'auth_error' });
  });

  test('a missing right is named', () => {
    const viewer: Actor = { kind: 'user', id: 'u', name: 'vic', rights: rightsOfRole.viewer };
    expect(() => requireRight(viewer, 'deploy.apply')).toThrow(expect.objectContaining({ code: 'permission_denied', details: expect.objectContaining({ missing_right: 'deploy.apply' }) }));
    requireRight(viewer, 'deploy.read');
  });

  test('a key is shown once, stored as a hash, and carries a subset of its owner’s rights', async () => {
    const { db } = fresh;
    const olga = await user(await admin(), 'olga', 'operator');
    const made = await createKey(db, olga, { name: ' ci ', rights: ['deploy.apply', 'deploy.read'] });
    expect(made).toMatchObject({ key: expect.stringMatching(/^mae_[\w-]{43}$/), key_id: expect.stringMatching(/^key_/), name: 'ci', owner: 'olga', rights: ['deploy.read', 'deploy.apply'], last_used_at: null });
    expect(made.key.startsWith(made.prefix)).toBe(true);
    expect(JSON.stringify([await db.apiKey.findMany(), await listKeys(db, olga), await listAudit(db)])).not.toContain(made.key);
    expect(await authenticate(db, { bearer: made.key })).toEqual({ kind: 'key', id: made.key_id, name: 'olga/ci', rights: ['deploy.read', 'deploy.apply'] });
    await expect(createKey(db, olga, { name: 'k', rights: ['deploy.read', 'user.manage'] })).rejects.toMatchObject({ code: 'permission_denied', details: { missing_right: 'user.manage' } });
    for (const bad of [{ rights: ['deploy.everything'] }, { rights: [] }, { name: ' ' }, { expires_at: 'soon' }, { expires_at: '2020-01-01T00:00:00Z' }]) {
      await expect(createKey(db, olga, { name: 'k', rights: ['deploy.read'], ...bad })).rejects.toMatchObject({ code: 'validation_error' });
    }
  });

  test('a key cannot make keys', async () => {
    const { db } = fresh;
    const ada = await admin();
    const { key } = await createKey(db, ada, { name: 'k', rights: rights.filter((right) => right !== 'user.manage') });
    const actor = await authenticate(db, { bearer: key });
    if (!actor) throw new Error('no actor');
    await expect(createKey(db, actor, { name: 'k2', rights: ['deploy.read'] })).rejects.toMatchObject({ code: 'permission_denied' });
  });

  test('the use of a key is noted, at most once a minute', async () => {
    const { db } = fresh;
    const { key, key_id: id } = await createKey(db, await admin(), { name: 'k', rights: ['deploy.read'] });
    const noted = async () => (await db.apiKey.findUniqueOrThrow({ where: { id } })).last_used_at;
    await authenticate(db, { bearer: key });
    const first = await noted();
    expect(Date.now() - (first?.getTime() ?? 0)).toBeLessThan(10_000);
    await authenticate(db, { bearer: key });
    expect(await noted()).toEqual(first);
    await db.apiKey.update({ where: { id }, data: { last_used_at: new Date(Date.now() - 61_000) } });
    await authenticate(db, { bearer: key });
    expect((await noted())?.getTime()).toBeGreaterThanOrEqual(first?.getTime() ?? Infinity);
  });

  test('expired and deleted keys are nobody', async () => {
    const { db } = fresh;
    const ada = await admin();
    const made = await createKey(db, ada, { name: 'k', rights: ['deploy.read'], expires_at: new Date(Date.now() + 60_000).toISOString() });
    expect(await authenticate(db, { bearer: made.key })).not.toBeNull();
    await db.apiKey.updateMany({ data: { expires_at: new Date() } });
    expect(await authenticate(db, { bearer: made.key })).toBeNull();
    const other = await createKey(db, ada, { name: 'k', rights: ['deploy.read'] });
    await deleteKey(db, ada, other.key_id);
    expect(await authenticate(db, { bearer: other.key })).toBeNull();
    await expect(deleteKey(db, ada, other.key_id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('people see and delete their own keys; who manages users, everybody’s', async () => {
    const { db } = fresh;
    const ada = await admin();
    const [olga, vic] = [await user(ada, 'olga', 'operator'), await user(ada, 'vic', 'viewer')];
    const olgas = await createKey(db, olga, { name: 'olgas', rights: ['deploy.read'] });
    const vics = await createKey(db, vic, { name: 'vics', rights: ['deploy.read'] });
    const names = async (actor: Actor) => (await listKeys(db, actor)).items.map(({ name }) => name);
    expect([await names(olga), await names(vic), await names(ada)]).toEqual([['olgas'], ['vics'], ['vics', 'olgas']]);
    const page = await listKeys(db, ada, { limit: 1 });
    expect((await listKeys(db, ada, { limit: 1, cursor: page.next_cursor ?? '' })).items.map(({ name }) => name)).toEqual(['olgas']);
    await expect(deleteKey(db, vic, olgas.key_id)).rejects.toMatchObject({ code: 'not_found' });
    await deleteKey(db, vic, vics.key_id);
    await deleteKey(db, ada, olgas.key_id);
    expect(await names(ada)).toEqual([]);
  });

  test('a changed password ends every session and the old password, and opens a session of its own', async () => {
    const { db } = fresh;
    const ada = await admin();
    const [mine, other] = [await login(db, { username: 'ada', password }), await login(db, { username: 'ada', password })];
    await expect(changePassword(db, { userId: ada.id, current: 'wrong one', next: 'new password' })).rejects.toMatchObject({ code: 'auth_error' });
    await expect(changePassword(db, { userId: ada.id, current: password, next: 'short' })).rejects.toMatchObject({ code: 'validation_error' });
    const changed = await changePassword(db, { userId: ada.id, current: password, next: 'new password' });
    expect(await authenticate(db, { cookie: other.token })).toBeNull();
    expect(await authenticate(db, { cookie: mine.token })).toBeNull();
    expect(await authenticate(db, { cookie: changed.token })).toMatchObject({ id: ada.id });
    await expect(login(db, { username: 'ada', password })).rejects.toMatchObject({ code: 'auth_error' });
    await login(db, { username: 'ada', password: 'new password' });
  });
});

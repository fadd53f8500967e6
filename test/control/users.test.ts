/** Accounts of people: one-time passwords, the last administrator, sessions and what ends them. */
import { authenticate, changePassword, changeUser, createKey, createUser, deleteUser, endSession, idleMs, inviteUser, listSessions, listUsers, login, needsSetup, resetPassword, setupAdmin, setupCode, type Actor } from '../../control/auth/index.js';
import { listAudit } from '../../control/audit/index.js';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';

const password = 'correct horse';

describe('users', () => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  let ada: Actor;
  beforeAll(async () => { server = await startDatabase(); });
  afterAll(() => server.stop());
  beforeEach(async () => {
    fresh = await server.freshDatabase();
    await setupAdmin(fresh.db, { username: 'ada', password });
    ada = await signedIn('ada');
  });
  afterEach(() => fresh.close());

  async function signedIn(username: string, secret = password): Promise<Actor> {
    const actor = await authenticate(fresh.db, { cookie: (await login(fresh.db, { username, password: secret })).token });
    if (!actor) throw new Error(`${username} cannot sign in`);
    return actor;
  }

  test('whoever is invited signs in once with the password that was shown, and can do nothing before it is changed', async () => {
    const { db } = fresh;
    const { user, password: given } = await inviteUser(db, ada, { username: 'olga', role: 'operator' });
    expect(user).toMatchObject({ username: 'olga', role: 'operator', must_change_password: true, disabled: false });
    const actor = await signedIn('olga', given);
    expect(actor).toMatchObject({ rights: [], mustChangePassword: true });
    await expect(changePassword(db, { userId: user.user_id, current: given, next: given })).rejects.toMatchObject({ code: 'validation_error' });
    const { token } = await changePassword(db, { userId: user.user_id, current: given, next: password });
    expect((await authenticate(db, { cookie: token }))?.rights).toContain('deploy.apply');
    await expect(login(db, { username: 'olga', password: given })).rejects.toMatchObject({ code: 'auth_error' });
    expect(JSON.stringify([await db.auditEntry.findMany({ select: { details: true } }), await db.user.findMany()])).not.toContain(given);
  });

  test('a password that was given is good for a day', async () => {
    const { db } = fresh;
    const { user, password: given, expires_at: end } = await inviteUser(db, ada, { username: 'olga', role: 'operator' });
    expect(Date.parse(end) - Date.now()).toBeLessThan(24.1 * 3600_000);
    await db.user.update({ where: { id: user.user_id }, data: { password_expires_at: new Date() } });
    await expect(login(db, { username: 'olga', password: given })).rejects.toMatchObject({ code: 'auth_error' });
    const again = await resetPassword(db, ada, user.user_id);
    expect((await login(db, { username: 'olga', password: again.password })).user.must_change_password).toBe(true);
  });

  test('a reset ends the sessions and the old password', async () => {
    const { db } = fresh;
    const { user_id: id } = await createUser(db, ada, { username: 'olga', password, role: 'operator' });
    const { token } = await login(db, { username: 'olga', password });
    await resetPassword(db, ada, id);
    expect(await authenticate(db, { cookie: token })).toBeNull();
    await expect(login(db, { username: 'olga', password })).rejects.toMatchObject({ code: 'auth_error' });
  });

  test.each(['demoted', 'disabled', 'deleted'])('the last administrator cannot be %s', async (how) => {
    const { db } = fresh;
    const act = (id: string): Promise<unknown> => (how === 'deleted' ? deleteUser(db, ada, id) : changeUser(db, ada, id, how === 'demoted' ? { role: 'operator' } : { disabled: true }));
    await expect(act(ada.id)).rejects.toMatchObject({ code: 'conflict' });
    const { user_id: second } = await createUser(db, ada, { username: 'bob', password, role: 'admin' });
    await changeUser(db, ada, second, { disabled: true });
    await expect(act(ada.id)).rejects.toMatchObject({ code: 'conflict' });
    await changeUser(db, ada, second, { disabled: false });
    await act(ada.id);
    expect(await db.user.count({ where: { role: 'admin', disabled_at: null, deleted_at: null } })).toBe(1);
  });

  test('of requests that together would take away all administrators, one is refused', async () => {
    const { db } = fresh;
    const others = await Promise.all(['bob', 'cleo', 'dan'].map(async (username) => (await createUser(db, ada, { username, password, role: 'admin' })).user_id));
    const [bob = '', cleo = '', dan = ''] = others;
    const results = await Promise.allSettled([changeUser(db, ada, ada.id, { role: 'viewer' }), deleteUser(db, ada, bob), changeUser(db, ada, cleo, { disabled: true }), changeUser(db, ada, dan, { role: 'operator' })]);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await db.user.count({ where: { role: 'admin', disabled_at: null, deleted_at: null } })).toBe(1);
  });

  test('who is disabled or deleted is out at once, with sessions and keys, and the keys do not come back', async () => {
    const { db } = fresh;
    for (const end of [(id: string) => changeUser(db, ada, id, { disabled: true }), (id: string) => deleteUser(db, ada, id)]) {
      const { user_id: id } = await createUser(db, ada, { username: 'olga', password, role: 'operator' }).catch(async () => (await listUsers(db)).items.find(({ username }) => username === 'olga') ?? Promise.reject(new Error('no olga')));
      await changeUser(db, ada, id, { disabled: false });
      const { token } = await login(db, { username: 'olga', password });
      const { key } = await createKey(db, await signedIn('olga'), { name: 'k', rights: ['deploy.read'] });
      await end(id);
      expect([await authenticate(db, { cookie: token }), await authenticate(db, { bearer: key })]).toEqual([null, null]);
      await expect(login(db, { username: 'olga', password })).rejects.toMatchObject({ code: 'auth_error' });
      if ((await db.user.findUniqueOrThrow({ where: { id } })).deleted_at === null) {
        await changeUser(db, ada, id, { disabled: false });
        expect(await authenticate(db, { bearer: key })).toBeNull();
      }
    }
  });

  test('a deleted user is not listed, frees the name, and stays in the audit', async () => {
    const { db } = fresh;
    const { user_id: id } = await createUser(db, ada, { username: 'olga', password, role: 'operator' });
    await deleteUser(db, ada, id);
    expect((await listUsers(db)).items.map(({ username }) => username)).toEqual(['ada']);
    const again = await createUser(db, ada, { username: 'Olga', password, role: 'viewer' });
    expect(again.user_id).not.toBe(id);
    await expect(login(db, { username: `\u0001${id}`, password })).rejects.toMatchObject({ code: 'auth_error' });
    await expect(changeUser(db, ada, id, { role: 'admin' })).rejects.toMatchObject({ code: 'not_found' });
    expect((await listAudit(db)).items.filter(({ target }) => target === id).map(({ action }) => action)).toEqual(['user.delete', 'user.create']);
    expect(await needsSetup(db)).toBe(false);
  });

  test('sessions are listed and ended by whose they are, and by administrators alone besides', async () => {
    const { db } = fresh;
    const { user_id: id } = await createUser(db, ada, { username: 'olga', password, role: 'operator' });
    const { token } = await login(db, { username: 'olga', password }, { address: '10.0.0.9', agent: 'Firefox\u0007' });
    const olga = await authenticate(db, { cookie: token });
    if (!olga) throw new Error('no olga');
    const [own] = await listSessions(db, olga, { currentToken: token });
    expect(own).toMatchObject({ user_id: id, address: '10.0.0.9', agent: 'Firefox ', current: true });
    expect(JSON.stringify(own)).not.toContain(token);
    await expect(listSessions(db, olga, { userId: ada.id })).rejects.toMatchObject({ code: 'not_found' });
    const [adas] = await listSessions(db, ada);
    await expect(endSession(db, olga, adas?.session_id ?? '')).rejects.toMatchObject({ code: 'not_found' });
    expect(await listSessions(db, ada, { userId: id })).toHaveLength(1);
    await endSession(db, ada, own?.session_id ?? '');
    expect(await authenticate(db, { cookie: token })).toBeNull();
  });

  test('a session ends after a day without use, and after a week with it', async () => {
    const { db } = fresh;
    const { token } = await login(db, { username: 'ada', password });
    const age = (last_seen_at: Date) => db.session.updateMany({ data: { last_seen_at } });
    await age(new Date(Date.now() - idleMs + 60_000));
    expect(await authenticate(db, { cookie: token })).toMatchObject({ id: ada.id });
    expect(Date.now() - ((await db.session.findFirst({ orderBy: { last_seen_at: 'desc' } }))?.last_seen_at.getTime() ?? 0)).toBeLessThan(10_000);
    await age(new Date(Date.now() - idleMs));
    expect(await authenticate(db, { cookie: token })).toBeNull();
    await age(new Date());
    await db.session.updateMany({ data: { expires_at: new Date(Date.now() - 1) } });
    expect(await authenticate(db, { cookie: token })).toBeNull();
  });
});

describe('the setup code', () => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  let dataDir: string;
  beforeAll(async () => { server = await startDatabase(); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); dataDir = await mkdtemp(join(tmpdir(), 'maestro-code-')); });
  afterEach(async () => { await fresh.close(); await rm(dataDir, { recursive: true }); });

  test('is one for all processes on a folder, for its owner to read alone, and typed in any case and grouping', async () => {
    const codes = await Promise.all(Array.from({ length: 8 }, () => setupCode(fresh.db, dataDir)));
    const printed = codes[0]?.printed ?? '';
    expect(new Set(codes.map((code) => code.printed))).toEqual(new Set([printed]));
    expect(printed).toMatch(/^([0-9a-z]{4}-){3}[0-9a-z]{4}$/);
    const file = join(dataDir, 'keys', 'setup-code');
    expect((await readFile(file, 'utf8')).trim()).toBe(printed);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const typed of [printed, printed.toUpperCase(), printed.replaceAll('-', ''), ` ${printed.replaceAll('-', ' ')} `]) await codes[3]?.check(typed);
    for (const wrong of ['', '----', printed.slice(0, -1), `${printed}0`]) await expect(codes[3]?.check(wrong)).rejects.toMatchObject({ code: 'auth_error' });
  });

  test('is not printed when the environment gives one, and there is none once there is an administrator', async () => {
    const given = await setupCode(fresh.db, dataDir, 'from-the-environment');
    expect(given.printed).toBeNull();
    await given.check('FROM the environment');
    await setupAdmin(fresh.db, { username: 'ada', password });
    await expect(given.check('from-the-environment')).rejects.toMatchObject({ code: 'conflict' });
    const later = await setupCode(fresh.db, dataDir);
    expect(later.printed).toBeNull();
    await expect(later.check('')).rejects.toMatchObject({ code: 'conflict' });
  });
});

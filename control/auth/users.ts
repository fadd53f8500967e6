import type { User } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import type { Role } from '../../spec/words.js';
import type { Grants } from '../access/index.js';
import type { Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, isUniqueViolation, notFound, takeLock, type Db, type Tx } from '../database.js';
import { newId } from '../ids.js';
import { storableObject } from '../json.js';
import { hashPassword, isPassword } from './passwords.js';
import { openSession, type SessionOrigin, type SignedIn } from './sessions.js';
import { parseUsername } from './usernames.js';
import { userView, type Credentials, type UserView } from './user-view.js';

/** The first administrator. Of any number of racing calls one succeeds; after it, always `conflict`. */
export async function setupAdmin(db: Db, { username, password }: Credentials): Promise<UserView> {
  const names = parseUsername(username);
  await refuseSecondSetup(db);
  const passwordHash = await hashPassword(password);
  return inTransaction(db, async (tx) => {
    await takeLock(tx, 'setup');
    await refuseSecondSetup(tx);
    const user = await tx.user.create({ data: { id: newId('user'), ...names, password_hash: passwordHash, role: 'admin' } });
    await appendAudit(tx, { actor: { kind: 'user', id: user.id, name: user.username }, action: 'auth.setup_admin', target: user.id, result: 'ok' });
    return userView(user);
  });
}

/** True until the first administrator exists. */
export const needsSetup = async (db: Db | Tx): Promise<boolean> => (await db.user.findFirst({ select: { id: true } })) === null;

export async function refuseSecondSetup(db: Db | Tx): Promise<void> {
  if (await needsSetup(db)) return;
  throw new MaestroError('conflict', 'The first administrator exists already.', { fix: 'Sign in with that account, or ask its owner for one of your own.' });
}

export interface NewUser extends Credentials {
  role: Role;
  grants?: Grants | undefined;
  /** The password is to be changed at the first sign-in, which has to be before this time. */
  changeBefore?: Date;
}

export async function createUser(db: Db, actor: Actor, { username, password, role, grants = {}, changeBefore }: NewUser): Promise<UserView> {
  const names = parseUsername(username);
  const password_hash = await hashPassword(password);
  try {
    return await inTransaction(db, async (tx) => {
      const once = changeBefore === undefined ? {} : { must_change_password: true, password_expires_at: changeBefore };
      const user = await tx.user.create({ data: { id: newId('user'), ...names, password_hash, role, grants: storableObject(grants), ...once } });
      await appendAudit(tx, { actor, action: 'user.create', target: user.id, result: 'ok', details: { username: user.username, role, ...(Object.keys(grants).length === 0 ? {} : { grants }) } });
      return userView(user);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new MaestroError('conflict', `There is a user "${names.username}" already.`, { fix: 'Choose another user name.' });
  }
}

/** Ends every session of the user, and opens a new one in place of that of the caller. */
export async function changePassword(db: Db, { userId, current, next }: { userId: string; current: string; next: string }, origin: SessionOrigin = {}): Promise<SignedIn> {
  const user = await db.user.findUnique({ where: { id: userId } });
  if (!user) throw notFound('user', userId);
  if (!(await isPassword(current, user.password_hash))) {
    await recordRefused(db, user);
    throw new MaestroError('auth_error', 'The current password is not right.', { fix: 'Type the current password again.' });
  }
  if (next === current) throw new MaestroError('validation_error', 'The new password is the current one.', { fix: 'Choose another password.' });
  const password_hash = await hashPassword(next);
  return inTransaction(db, async (tx) => {
    const changed = await replacePassword(tx, user, { password_hash, must_change_password: false, password_expires_at: null });
    await appendAudit(tx, { actor: { kind: 'user', id: user.id, name: user.username }, action: 'auth.change_password', target: user.id, result: 'ok' });
    return openSession(tx, changed, origin);
  });
}

const recordRefused = (db: Db, user: User): Promise<void> =>
  inTransaction(db, (tx) => appendAudit(tx, { actor: { kind: 'user', id: user.id, name: user.username }, action: 'auth.change_password', target: user.id, result: 'refused' }));

/** Only when it is still the one that was looked at: of two changes at once the second is refused. */
async function replacePassword(tx: Tx, user: User, data: Pick<User, 'password_hash' | 'must_change_password' | 'password_expires_at'>): Promise<User> {
  const { count } = await tx.user.updateMany({ where: { id: user.id, password_hash: user.password_hash, disabled_at: null, deleted_at: null }, data });
  if (count === 0) throw new MaestroError('auth_error', 'The current password is not right any more.', { fix: 'Sign in again.' });
  await tx.session.deleteMany({ where: { user_id: user.id } });
  return { ...user, ...data };
}

import type { User } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import { rightsOfRole, type Right, type Role } from '../../spec/words.js';
import type { Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, isUniqueViolation, notFound, takeLock, type Db, type Tx } from '../database.js';
import { newId } from '../ids.js';
import { hashPassword, isPassword } from './passwords.js';
import { parseUsername } from './usernames.js';

export interface Credentials { username: string; password: string }
export interface UserView { user_id: string; username: string; role: Role; rights: readonly Right[]; created_at: string }

export const userView = ({ id, username, role, created_at }: User): UserView =>
  ({ user_id: id, username, role, rights: rightsOfRole[role], created_at: created_at.toISOString() });

const insertUser = (tx: Tx, names: ReturnType<typeof parseUsername>, password_hash: string, role: Role): Promise<User> =>
  tx.user.create({ data: { id: newId('user'), ...names, password_hash, role } });

/** The first administrator. Of any number of racing calls one succeeds; after it, always `conflict`. */
export async function setupAdmin(db: Db, { username, password }: Credentials): Promise<UserView> {
  const names = parseUsername(username);
  await refuseSecondSetup(db);
  const passwordHash = await hashPassword(password);
  return inTransaction(db, async (tx) => {
    await takeLock(tx, 'setup');
    await refuseSecondSetup(tx);
    const user = await insertUser(tx, names, passwordHash, 'admin');
    await appendAudit(tx, { actor: { kind: 'user', id: user.id, name: user.username }, action: 'auth.setup_admin', target: user.id, result: 'ok' });
    return userView(user);
  });
}

/** True until the first administrator exists. */
export const needsSetup = async (db: Db | Tx): Promise<boolean> => (await db.user.findFirst({ select: { id: true } })) === null;

async function refuseSecondSetup(db: Db | Tx): Promise<void> {
  if (await needsSetup(db)) return;
  throw new MaestroError('conflict', 'The first administrator exists already.', { fix: 'Sign in with that account, or ask its owner for one of your own.' });
}

export async function createUser(db: Db, actor: Actor, { username, password, role }: Credentials & { role: Role }): Promise<UserView> {
  const names = parseUsername(username);
  const passwordHash = await hashPassword(password);
  try {
    return await inTransaction(db, async (tx) => {
      const user = await insertUser(tx, names, passwordHash, role);
      await appendAudit(tx, { actor, action: 'user.create', target: user.id, result: 'ok', details: { username: user.username, role } });
      return userView(user);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new MaestroError('conflict', `There is a user "${names.username}" already.`, { fix: 'Choose another user name.' });
  }
}

/** Ends every session of the user but the one with the given hash (sha256 of its token, as hex). */
export async function changePassword(db: Db, { userId, current, next }: { userId: string; current: string; next: string }, keepTokenHash?: string): Promise<void> {
  const user = await db.user.findUnique({ where: { id: userId } });
  if (!user) throw notFound('user', userId);
  if (!(await isPassword(current, user.password_hash))) {
    throw new MaestroError('auth_error', 'The current password is not right.', { fix: 'Type the current password again.' });
  }
  const password_hash = await hashPassword(next);
  await inTransaction(db, async (tx) => {
    await tx.user.update({ where: { id: userId }, data: { password_hash } });
    await tx.session.deleteMany({ where: { user_id: userId, ...(keepTokenHash === undefined ? {} : { token_hash: { not: keepTokenHash } }) } });
    await appendAudit(tx, { actor: { kind: 'user', id: user.id, name: user.username }, action: 'auth.change_password', target: user.id, result: 'ok' });
  });
}


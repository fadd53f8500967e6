/** What administrators do with other people's accounts. Whoever takes an administrator away holds one lock, so that one is always left. */
import { randomBytes } from 'node:crypto';
import type { Prisma } from '../../prisma/client.js';
import type { User } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import type { Role } from '../../spec/words.js';
import type { Grants } from '../access/index.js';
import type { Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, notFound, takeLock, type Db, type Reader, type Tx } from '../database.js';
import { storableObject } from '../json.js';
import { pageLimit, readCursor, toPage, type Page, type PageRequest } from '../paging.js';
import { hashPassword } from './passwords.js';
import { createUser } from './users.js';
import { userView, type UserView } from './user-view.js';

/** For one sign-in, at which it is changed; shown this once. */
export interface OneTimePassword { user: UserView; password: string; expires_at: string }
export interface UserChange { role?: Role | undefined; disabled?: boolean | undefined; grants?: Grants | undefined }

const goodForMs = 24 * 60 * 60 * 1000;
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** 100 bits in four groups that can be read out. */
function oneTimePassword(): string {
  const characters = Array.from(randomBytes(20), (byte) => alphabet[byte & 31]).join('');
  return (characters.match(/.{5}/g) ?? []).join('-');
}

const inTime = (): Date => new Date(Date.now() + goodForMs);

export async function inviteUser(db: Db, actor: Actor, { username, role, grants }: { username: string; role: Role; grants?: Grants | undefined }): Promise<OneTimePassword> {
  refuseNarrowedAdmin(role, grants);
  const [password, changeBefore] = [oneTimePassword(), inTime()];
  const user = await createUser(db, actor, { username, password, role, grants, changeBefore });
  return { user, password, expires_at: changeBefore.toISOString() };
}

function refuseNarrowedAdmin(role: Role, grants: Grants | undefined): void {
  if (role !== 'admin' || grants === undefined || Object.keys(grants).length === 0) return;
  throw new MaestroError('validation_error', 'Nothing narrows an administrator', { fix: 'Leave the grants out, or choose another role.' });
}

/** By name; those who were deleted are not listed. */
export async function listUsers(db: Reader, request: PageRequest = {}): Promise<Page<UserView>> {
  const limit = pageLimit(request.limit);
  const [after] = readCursor(request.cursor, 1) ?? [];
  const rows = await db.user.findMany({ where: { deleted_at: null, ...(after === undefined ? {} : { username_key: { gt: after } }) }, orderBy: { username_key: 'asc' }, take: limit + 1 });
  return toPage(rows, limit, userView, (row) => [row.username_key]);
}

export async function getUser(db: Reader, id: string): Promise<UserView> {
  return userView(await living(db, id));
}

async function living(db: Reader, id: string): Promise<User> {
  const user = await db.user.findFirst({ where: { id, deleted_at: null } });
  if (!user) throw notFound('user', id);
  return user;
}

/** Takes effect at the next request of theirs, and for open sockets within a second. Who is disabled loses sessions and keys for good. */
export function changeUser(db: Db, actor: Actor, id: string, change: UserChange): Promise<UserView> {
  return withOneAdminLeft(db, async (tx) => {
    const user = await living(tx, id);
    const role = change.role ?? user.role;
    refuseNarrowedAdmin(role, change.grants);
    const data: Prisma.UserUpdateInput = { role };
    if (role === 'admin') data.grants = {};
    else if (change.grants !== undefined) data.grants = storableObject(change.grants);
    if (change.disabled !== undefined) data.disabled_at = change.disabled ? user.disabled_at ?? new Date() : null;
    const changed = await tx.user.update({ where: { id }, data });
    if (change.disabled === true) await shutOut(tx, id);
    await appendAudit(tx, { actor, action: 'user.change', target: id, result: 'ok', details: { username: user.username, ...change, before: { role: user.role, disabled: user.disabled_at !== null, grants: user.grants } } });
    return userView(changed);
  });
}

/** The account goes, its name is free again; what it did stays written down under its id. */
export async function deleteUser(db: Db, actor: Actor, id: string): Promise<void> {
  await withOneAdminLeft(db, async (tx) => {
    const user = await living(tx, id);
    // No name that can be typed: control characters are in none.
    await tx.user.update({ where: { id }, data: { deleted_at: new Date(), disabled_at: user.disabled_at ?? new Date(), username_key: `\u0001${id}`, password_hash: 'deleted' } });
    await shutOut(tx, id);
    await appendAudit(tx, { actor, action: 'user.delete', target: id, result: 'ok', details: { username: user.username } });
  });
}

/** Ends their sessions; keys stay. */
export async function resetPassword(db: Db, actor: Actor, id: string): Promise<OneTimePassword> {
  await living(db, id);
  const [password, expires] = [oneTimePassword(), inTime()];
  const password_hash = await hashPassword(password);
  return inTransaction(db, async (tx) => {
    const user = await living(tx, id);
    const changed = await tx.user.update({ where: { id }, data: { password_hash, must_change_password: true, password_expires_at: expires } });
    await tx.session.deleteMany({ where: { user_id: id } });
    await appendAudit(tx, { actor, action: 'user.reset_password', target: id, result: 'ok', details: { username: user.username } });
    return { user: userView(changed), password, expires_at: expires.toISOString() };
  });
}

async function shutOut(tx: Tx, userId: string): Promise<void> {
  await tx.session.deleteMany({ where: { user_id: userId } });
  await tx.apiKey.updateMany({ where: { user_id: userId, deleted_at: null }, data: { deleted_at: new Date() } });
}

function withOneAdminLeft<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return inTransaction(db, async (tx) => {
    await takeLock(tx, 'setup');
    const before = await admins(tx);
    const done = await work(tx);
    if (before > 0 && (await admins(tx)) === 0) {
      throw new MaestroError('conflict', 'This is the last administrator', { fix: 'Make another user an administrator first.' });
    }
    return done;
  });
}

const admins = (tx: Tx): Promise<number> => tx.user.count({ where: { role: 'admin', disabled_at: null, deleted_at: null } });

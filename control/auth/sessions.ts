import { randomBytes } from 'node:crypto';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import { appendAudit, recordAudit } from '../audit/index.js';
import { inTransaction, type Db } from '../database.js';
import { isPassword } from './passwords.js';
import { usernameKey } from './usernames.js';
import { userView, type Credentials, type UserView } from './users.js';

export const sessionLifetimeMs = 7 * 24 * 60 * 60 * 1000;

/** `token` goes into the cookie and is nowhere else; the database has its sha256. */
export interface SignedIn { token: string; expires_at: string; user: UserView }

/** One refusal for unknown names and wrong passwords, after the same work. */
export async function login(db: Db, { username, password }: Credentials): Promise<SignedIn> {
  const key = usernameKey(username);
  const user = await db.user.findUnique({ where: { username_key: key } });
  const right = await isPassword(password, user?.password_hash);
  if (!user || !right || user.disabled_at !== null) {
    await recordAudit(db, { actor: { kind: 'user', id: user?.id ?? 'unknown', name: key.slice(0, 64) }, action: 'auth.login', target: user?.id ?? 'unknown', result: 'refused' });
    throw new MaestroError('auth_error', 'The user name or the password is not right.', { fix: 'Check both and try again.' });
  }
  const token = randomBytes(32).toString('base64url');
  const expires = new Date(Date.now() + sessionLifetimeMs);
  await inTransaction(db, async (tx) => {
    await tx.session.deleteMany({ where: { user_id: user.id, expires_at: { lt: new Date() } } });
    await tx.session.create({ data: { token_hash: sha256Hex(token), user_id: user.id, expires_at: expires } });
    await appendAudit(tx, { actor: { kind: 'user', id: user.id, name: user.username }, action: 'auth.login', target: user.id, result: 'ok' });
  });
  return { token, expires_at: expires.toISOString(), user: userView(user) };
}

/** Ends the session; nothing happens when there is none. */
export async function logout(db: Db, token: string): Promise<void> {
  const token_hash = sha256Hex(token);
  await inTransaction(db, async (tx) => {
    const session = await tx.session.findUnique({ where: { token_hash }, include: { user: true } });
    if (!session) return;
    await tx.session.deleteMany({ where: { token_hash } });
    await appendAudit(tx, { actor: { kind: 'user', id: session.user.id, name: session.user.username }, action: 'auth.logout', target: session.user.id, result: 'ok' });
  });
}

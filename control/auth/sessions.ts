import { randomBytes } from 'node:crypto';
import type { Session, User } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import type { Actor } from '../actor.js';
import { appendAudit, recordAudit } from '../audit/index.js';
import { inTransaction, notFound, type Db, type Reader, type Tx } from '../database.js';
import { storableText } from '../json.js';
import { isPassword } from './passwords.js';
import { idleMs, isOver, sessionLifetimeMs } from './session-age.js';
import { usernameKey } from './usernames.js';
import { userView, type Credentials, type UserView } from './user-view.js';

/** `token` goes into the cookie and is nowhere else; the database has its sha256. */
export interface SignedIn { token: string; expires_at: string; user: UserView }
/** Where a session is opened from, as its owner will recognise it; `previous`: the token that this one takes the place of. */
export interface SessionOrigin { address?: string; agent?: string; previous?: string | null }
export interface SessionView { session_id: string; user_id: string; username: string; address: string; agent: string; created_at: string; last_seen_at: string; expires_at: string; current: boolean }

const isDue = ({ must_change_password: mustChange, password_expires_at: end }: User): boolean => mustChange && end !== null && end <= new Date();

/** One refusal for unknown names, wrong passwords, and all that may not sign in, after the same work. */
export async function login(db: Db, { username, password }: Credentials, origin: SessionOrigin = {}): Promise<SignedIn> {
  const key = usernameKey(username);
  const user = await db.user.findFirst({ where: { username_key: key, deleted_at: null } });
  const right = await isPassword(password, user?.password_hash);
  if (!user || !right || user.disabled_at !== null || isDue(user)) {
    await recordAudit(db, { actor: { kind: 'user', id: user?.id ?? 'unknown', name: key.slice(0, 64) }, action: 'auth.login', target: user?.id ?? 'unknown', result: 'refused' });
    throw new MaestroError('auth_error', 'The user name or the password is not right.', { fix: 'Check both and try again.' });
  }
  return inTransaction(db, async (tx) => {
    await tx.session.deleteMany({ where: { user_id: user.id, OR: [{ expires_at: { lt: new Date() } }, { last_seen_at: { lt: new Date(Date.now() - idleMs) } }] } });
    if (typeof origin.previous === 'string') await tx.session.deleteMany({ where: { token_hash: sha256Hex(origin.previous) } });
    const opened = await openSession(tx, user, origin);
    await appendAudit(tx, { actor: { kind: 'user', id: user.id, name: user.username }, action: 'auth.login', target: user.id, result: 'ok', details: origin.address === undefined ? {} : { address: origin.address } });
    return opened;
  });
}

const shown = (text: string | undefined): string => storableText((text ?? '').replaceAll(/\p{C}/gu, ' ').slice(0, 200));

/** Always a token that nobody has had before. */
export async function openSession(tx: Tx, user: User, { address, agent }: SessionOrigin): Promise<SignedIn> {
  const token = randomBytes(32).toString('base64url');
  const expires = new Date(Date.now() + sessionLifetimeMs);
  await tx.session.create({ data: { token_hash: sha256Hex(token), user_id: user.id, expires_at: expires, address: shown(address), agent: shown(agent) } });
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

const idLength = 32;
/** A session's name towards people: the beginning of the hash of its token, which tells nothing of the token. */
const sessionId = (tokenHash: string): string => `ses_${tokenHash.slice(0, idLength)}`;

const sessionView = ({ user, ...session }: Session & { user: User }, currentHash: string | null): SessionView => ({
  session_id: sessionId(session.token_hash), user_id: user.id, username: user.username, address: session.address, agent: session.agent,
  created_at: session.created_at.toISOString(), last_seen_at: session.last_seen_at.toISOString(), expires_at: session.expires_at.toISOString(),
  current: session.token_hash === currentHash,
});

/** The caller's own, newest first; of another user for those who manage users. There are few of them, so all at once (200). */
export async function listSessions(db: Reader, actor: Actor, { userId = actor.id, currentToken = null }: { userId?: string | undefined; currentToken?: string | null } = {}): Promise<SessionView[]> {
  if (userId !== actor.id && !actor.rights.includes('user.manage')) throw notFound('user', userId);
  const rows = await db.session.findMany({ where: { user_id: userId }, orderBy: { created_at: 'desc' }, take: 200, include: { user: true } });
  const current = currentToken === null ? null : sha256Hex(currentToken);
  return rows.filter((row) => !isOver(row, Date.now())).map((row) => sessionView(row, current));
}

/** Takes effect at the next request; open sockets close within a second. Another user's session is as good as absent, except for those who manage users. */
export async function endSession(db: Db, actor: Actor, id: string): Promise<void> {
  const prefix = /^ses_([0-9a-f]{32})$/.exec(id)?.[1];
  if (prefix === undefined) throw notFound('session', id);
  await inTransaction(db, async (tx) => {
    const where = { token_hash: { startsWith: prefix }, ...(actor.rights.includes('user.manage') ? {} : { user_id: actor.id }) };
    const session = await tx.session.findFirst({ where, select: { token_hash: true, user_id: true } });
    if (!session) throw notFound('session', id);
    await tx.session.deleteMany({ where: { token_hash: session.token_hash } });
    await appendAudit(tx, { actor, action: 'session.end', target: session.user_id, result: 'ok', details: { session_id: id } });
  });
}

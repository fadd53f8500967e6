import { rights, rightsOfRole, type Right } from '../../spec/words.js';
import { sha256Hex } from '../../spec/hash.js';
import type { Actor } from '../actor.js';
import type { Db } from '../database.js';

export const keyMark = 'mae_';

/** `cookie`: the session token; `bearer`: an API key. */
export interface Presented { cookie?: string | undefined; bearer?: string | undefined }

/** Who it is, with the rights of this very moment; null for anything unknown, expired, deleted or disabled. A key goes before a cookie. */
export async function authenticate(db: Db, { cookie, bearer }: Presented): Promise<Actor | null> {
  if (bearer !== undefined) return bearer.startsWith(keyMark) ? actorOfKey(db, bearer) : null;
  return cookie === undefined || cookie === '' ? null : actorOfSession(db, cookie);
}

async function actorOfSession(db: Db, token: string): Promise<Actor | null> {
  const session = await db.session.findUnique({ where: { token_hash: sha256Hex(token) }, include: { user: true } });
  if (!session || session.expires_at <= new Date() || session.user.disabled_at !== null) return null;
  const { id, username, role } = session.user;
  return { kind: 'user', id, name: username, rights: rightsOfRole[role] };
}

/** The day-to-day use of a key is noted to the minute, so that busy keys do not write at every request. */
const notedEveryMs = 60_000;

async function actorOfKey(db: Db, bearer: string): Promise<Actor | null> {
  const key = await db.apiKey.findUnique({ where: { key_hash: sha256Hex(bearer) }, include: { user: true } });
  const now = new Date();
  if (!key || key.deleted_at !== null || key.user.disabled_at !== null) return null;
  if (key.expires_at !== null && key.expires_at <= now) return null;
  if (key.last_used_at === null || now.getTime() - key.last_used_at.getTime() > notedEveryMs) {
    await db.apiKey.updateMany({ where: { id: key.id }, data: { last_used_at: now } });
  }
  return { kind: 'key', id: key.id, name: `${key.user.username}/${key.name}`, rights: common(key.rights, rightsOfRole[key.user.role]) };
}

/** What the key was given and its owner still has. */
const common = (given: readonly string[], owners: readonly Right[]): Right[] => rights.filter((right) => given.includes(right) && owners.includes(right));

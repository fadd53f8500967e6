import type { ApiKey, User } from '../../prisma/generated/client.js';
import { rights, rightsOfRole, type Right } from '../../spec/words.js';
import { sha256Hex } from '../../spec/hash.js';
import { readGrants, readLimits, resolveScope, type Grants } from '../access/index.js';
import type { Actor } from '../actor.js';
import type { Db } from '../database.js';
import { idleMs, isOver } from './session-age.js';

export const keyMark = 'mae_';

/** `cookie`: the session token; `bearer`: an API key. */
export interface Presented { cookie?: string | undefined; bearer?: string | undefined }

/** Who it is, with the rights and the scope of this very moment; null for anything unknown, expired, deleted or disabled. A key goes before a cookie. */
export async function authenticate(db: Db, { cookie, bearer }: Presented): Promise<Actor | null> {
  if (bearer !== undefined) return bearer.startsWith(keyMark) ? actorOfKey(db, bearer) : null;
  return cookie === undefined || cookie === '' ? null : actorOfSession(db, cookie);
}

/** The day-to-day use of sessions and keys is noted to the minute, so that busy ones do not write at every request. */
const notedEveryMs = 60_000;
const isOut = (user: User): boolean => user.disabled_at !== null || user.deleted_at !== null;
/** Nothing narrows an administrator. */
const grantsOf = ({ role, grants }: User): Grants => (role === 'admin' ? {} : readGrants(grants));

async function actorOfSession(db: Db, token: string): Promise<Actor | null> {
  const session = await db.session.findUnique({ where: { token_hash: sha256Hex(token) }, include: { user: true } });
  const now = Date.now();
  if (!session || isOver(session, now) || isOut(session.user)) return null;
  if (now - session.last_seen_at.getTime() > Math.min(notedEveryMs, idleMs / 10)) {
    await db.session.updateMany({ where: { token_hash: session.token_hash }, data: { last_seen_at: new Date(now) } });
  }
  const { id, username, role, must_change_password: mustChange } = session.user;
  if (mustChange) return { kind: 'user', id, name: username, rights: [], mustChangePassword: true };
  return { kind: 'user', id, name: username, rights: rightsOfRole[role], ...(await narrowed(db, [grantsOf(session.user)])) };
}

async function actorOfKey(db: Db, bearer: string): Promise<Actor | null> {
  const key = await db.apiKey.findUnique({ where: { key_hash: sha256Hex(bearer) }, include: { user: true } });
  const now = new Date();
  if (!key || key.deleted_at !== null || isOut(key.user)) return null;
  if (key.expires_at !== null && key.expires_at <= now) return null;
  if (key.last_used_at === null || now.getTime() - key.last_used_at.getTime() > notedEveryMs) {
    await db.apiKey.updateMany({ where: { id: key.id }, data: { last_used_at: now } });
  }
  const { plan_only, hosts_per_day, ...limits } = readLimits(key.limits);
  const held = { ...(plan_only === undefined ? {} : { plan_only }), ...(hosts_per_day === undefined ? {} : { hosts_per_day }) };
  return {
    kind: 'key', id: key.id, name: `${key.user.username}/${key.name}`, rights: rightsOfKey(key, plan_only === true),
    ...(Object.keys(held).length === 0 ? {} : { limits: held }), ...(await narrowed(db, [grantsOf(key.user), limits])),
  };
}

async function narrowed(db: Db, narrowings: readonly Grants[]): Promise<Pick<Actor, 'scope' | 'narrowedToDeploys'>> {
  const scope = await resolveScope(db, narrowings);
  return scope === undefined ? {} : { scope, narrowedToDeploys: narrowings.some(({ deploys }) => deploys !== undefined) };
}

/** Whatever they were given: people are managed by people. */
export const neverOfKeys: readonly Right[] = ['user.manage'];
/** Everything that changes nothing on a host. */
export const rightsOfPlans: readonly Right[] = ['deploy.read', 'deploy.write', 'secret.read_names', 'artifact.write', 'node.read', 'audit.read'];

/** What the key was given, its owner still has, and its limits leave. */
function rightsOfKey({ rights: given, user }: ApiKey & { user: User }, planOnly: boolean): Right[] {
  const owners = rightsOfRole[user.role];
  return rights.filter((right) => given.includes(right) && owners.includes(right) && !neverOfKeys.includes(right) && (!planOnly || rightsOfPlans.includes(right)));
}

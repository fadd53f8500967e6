import { randomBytes } from 'node:crypto';
import type { ApiKey } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import { rights as allRights, type Right } from '../../spec/words.js';
import { requireRight, type Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { readLimits, type Limits } from '../access/index.js';
import { inTransaction, notFound, type Db } from '../database.js';
import { storableObject } from '../json.js';
import { newId } from '../ids.js';
import { pageLimit, readCursor, toPage, type Page, type PageRequest } from '../paging.js';
import { keyMark, neverOfKeys, rightsOfPlans } from './authenticate.js';

export interface KeyView {
  key_id: string;
  name: string;
  prefix: string;
  rights: string[];
  limits: Limits;
  owner: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}
export interface KeyRequest { name: string; rights: readonly string[]; /** ISO time; null or absent: no end. */ expires_at?: string | null; limits?: Limits | undefined }

const prefixLength = 12;

const keyView = ({ user, ...key }: ApiKey & { user: { username: string } }): KeyView => ({
  key_id: key.id, name: key.name, prefix: key.prefix, rights: key.rights, limits: readLimits(key.limits), owner: user.username,
  created_at: key.created_at.toISOString(), expires_at: key.expires_at?.toISOString() ?? null, last_used_at: key.last_used_at?.toISOString() ?? null,
});

/** The answer holds the key in clear, this once. A key belongs to a user and never carries more than that user has. */
export async function createKey(db: Db, actor: Actor, request: KeyRequest): Promise<KeyView & { key: string }> {
  if (actor.kind !== 'user') throw new MaestroError('permission_denied', 'Only a user can make keys; a key cannot.', { fix: 'Sign in, then make the key.' });
  const rights = parseRights(request.rights);
  rights.forEach((right) => requireRight(actor, right));
  const limits = request.limits ?? {};
  refuseRights(rights, limits);
  const expires_at = parseExpiry(request.expires_at ?? null);
  const name = request.name.trim();
  if (name.length === 0 || name.length > 64 || /\p{C}/u.test(name)) throw new MaestroError('validation_error', 'A key needs a name of 1 to 64 printable characters.', { fix: 'Name it after who or what will use it.' });
  const key = keyMark + randomBytes(32).toString('base64url');
  const data = { id: newId('key'), user_id: actor.id, name, prefix: key.slice(0, prefixLength), key_hash: sha256Hex(key), rights, limits: storableObject(limits), expires_at };
  const row = await inTransaction(db, async (tx) => {
    const created = await tx.apiKey.create({ data, include: { user: { select: { username: true } } } });
    await appendAudit(tx, { actor, action: 'key.create', target: created.id, result: 'ok', details: { name, rights, limits, expires_at } });
    return created;
  });
  return { ...keyView(row), key };
}

function parseRights(given: readonly string[]): Right[] {
  const unknown = given.find((right) => !(allRights as readonly string[]).includes(right));
  if (unknown !== undefined) throw new MaestroError('validation_error', `"${unknown}" is not a right.`, { fix: `Choose from: ${allRights.join(', ')}.` });
  if (given.length === 0) throw new MaestroError('validation_error', 'A key needs at least one right.', { fix: `Choose from: ${allRights.join(', ')}.` });
  return allRights.filter((right) => given.includes(right));
}

/** What a key would not have anyway is not promised either. */
function refuseRights(rights: readonly Right[], { plan_only: planOnly }: Limits): void {
  const never = rights.find((right) => neverOfKeys.includes(right));
  if (never !== undefined) throw new MaestroError('validation_error', `A key cannot have ${never}.`, { fix: `Leave ${never} out: it is for people who are signed in.` });
  const changing = planOnly === true ? rights.filter((right) => !rightsOfPlans.includes(right)) : [];
  if (changing.length > 0) throw new MaestroError('validation_error', `A key for plans only cannot have ${changing.join(', ')}.`, { fix: `Choose from: ${rightsOfPlans.join(', ')}.` });
}

function parseExpiry(text: string | null): Date | null {
  if (text === null) return null;
  const date = new Date(text);
  if (!Number.isNaN(date.getTime()) && date > new Date()) return date;
  throw new MaestroError('validation_error', 'The expiry must be a time in the future.', { fix: 'Give an ISO 8601 time, such as 2030-01-31T12:00:00Z.' });
}

/** The caller's own keys; with `user.manage` everybody's. Deleted ones are not listed. Newest first. */
export async function listKeys(db: Db, actor: Actor, request: PageRequest = {}): Promise<Page<KeyView>> {
  const limit = pageLimit(request.limit);
  const [after] = readCursor(request.cursor, 1) ?? [];
  const rows = await db.apiKey.findMany({
    where: { deleted_at: null, ...(actor.rights.includes('user.manage') ? {} : { user_id: await ownerOf(db, actor) }) },
    orderBy: [{ created_at: 'desc' }, { id: 'desc' }],
    take: limit + 1,
    ...(after === undefined ? {} : { cursor: { id: after }, skip: 1 }),
    include: { user: { select: { username: true } } },
  });
  return toPage(rows, limit, keyView, (row) => [row.id]);
}

async function ownerOf(db: Db, actor: Actor): Promise<string> {
  if (actor.kind !== 'key') return actor.id;
  const key = await db.apiKey.findUnique({ where: { id: actor.id }, select: { user_id: true } });
  return key?.user_id ?? actor.id;
}

/** Takes effect at the next request. Another user's key is as good as absent, except for those who manage users. */
export async function deleteKey(db: Db, actor: Actor, keyId: string): Promise<void> {
  const owner = await ownerOf(db, actor);
  await inTransaction(db, async (tx) => {
    const where = { id: keyId, deleted_at: null, ...(actor.rights.includes('user.manage') ? {} : { user_id: owner }) };
    const { count } = await tx.apiKey.updateMany({ where, data: { deleted_at: new Date() } });
    if (count === 0) throw notFound('key', keyId);
    await appendAudit(tx, { actor, action: 'key.delete', target: keyId, result: 'ok' });
  });
}

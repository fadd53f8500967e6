/** Tokens that bring hosts in: shown once, kept as their sha256, good for some names, some uses and some minutes. */
import { randomBytes } from 'node:crypto';
import type { Enrollment } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import { isHostPattern } from '../../spec/host-names.js';
import { requireRight, type Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, notFound, type Db, type Reader } from '../database.js';
import { newId } from '../ids.js';
import { pageLimit, readCursor, toPage, type Page, type PageRequest } from '../paging.js';

export const standardTtlSeconds = 30 * 60;
export const longestTtlSeconds = 24 * 3600;
export const mostUses = 1000;

export interface EnrollmentRequest { host: string; uses: number; ttl_seconds: number; replace: boolean }

export interface EnrollmentView {
  enrollment_id: string; host: string; uses: number; uses_max: number; replace: boolean;
  state: 'open' | 'used' | 'expired' | 'revoked';
  created_by: string; created_at: string; expires_at: string;
}

const stateOf = ({ revoked_at, uses, uses_max, expires_at }: Enrollment): EnrollmentView['state'] =>
  (revoked_at !== null ? 'revoked' : uses >= uses_max ? 'used' : expires_at.getTime() <= Date.now() ? 'expired' : 'open');

export const enrollmentView = (row: Enrollment): EnrollmentView => ({
  enrollment_id: row.id, host: row.host_pattern, uses: row.uses, uses_max: row.uses_max, replace: row.replace, state: stateOf(row),
  created_by: row.created_by, created_at: row.created_at.toISOString(), expires_at: row.expires_at.toISOString(),
});

/** The answer holds the token in clear, this once. `replace` takes names from living hosts, which is as good as revoking them. */
export async function createEnrollment(db: Db, actor: Actor, { host, uses, ttl_seconds, replace }: EnrollmentRequest): Promise<EnrollmentView & { token: string }> {
  requireRight(actor, 'node.enroll');
  if (replace) requireRight(actor, 'node.revoke');
  if (!isHostPattern(host)) {
    throw new MaestroError('validation_error', `"${host}" is not a name or pattern of hosts.`, { fix: 'Use lower case letters, digits, ".", "_", "-", and at most three "*".' });
  }
  const token = randomBytes(32).toString('base64url');
  const data = {
    id: newId('enrollment'), token_hash: sha256Hex(token), host_pattern: host, uses_max: uses, replace,
    created_by: actor.name, created_by_id: actor.id, expires_at: new Date(Date.now() + ttl_seconds * 1000),
  };
  const row = await inTransaction(db, async (tx) => {
    const created = await tx.enrollment.create({ data });
    await appendAudit(tx, { actor, action: 'enrollment.create', target: created.id, result: 'ok', details: { host, uses, replace, expires_at: data.expires_at.toISOString() } });
    return created;
  });
  return { ...enrollmentView(row), token };
}

/** Newest first. */
export async function listEnrollments(db: Reader, request: PageRequest = {}): Promise<Page<EnrollmentView>> {
  const limit = pageLimit(request.limit);
  const [after] = readCursor(request.cursor, 1) ?? [];
  const rows = await db.enrollment.findMany({
    orderBy: [{ created_at: 'desc' }, { id: 'desc' }], take: limit + 1, ...(after === undefined ? {} : { cursor: { id: after }, skip: 1 }),
  });
  return toPage(rows, limit, enrollmentView, (row) => [row.id]);
}

/** No host comes in by it any more; those that did stay. */
export async function revokeEnrollment(db: Db, actor: Actor, id: string): Promise<void> {
  requireRight(actor, 'node.enroll');
  await inTransaction(db, async (tx) => {
    const { count } = await tx.enrollment.updateMany({ where: { id, revoked_at: null }, data: { revoked_at: new Date() } });
    if (count === 0) throw notFound('enrollment', id);
    await appendAudit(tx, { actor, action: 'enrollment.revoke', target: id, result: 'ok' });
  });
}

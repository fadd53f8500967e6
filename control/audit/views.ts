import type { Prisma } from '../../prisma/client.js';
import type { Reader } from '../database.js';
import { pageLimit, readCursor, toPage, type Page, type PageRequest } from '../paging.js';
import { auditHash, genesisHash } from './append.js';

export interface AuditView { id: number; ts: string; actor: { kind: string; id: string; name: string }; action: string; target: string; result: string; details: Prisma.JsonValue; hash: string }

export type AuditVerdict = { ok: true; entries: number } | { ok: false; entries: number; bad_id: number; reason: string };

/**
 * Recomputes the whole chain. Finds a row that was changed, inserted, moved or taken out; entries cut off at the very
 * end leave a valid shorter chain, which only a copy of the last hash kept elsewhere can tell.
 */
export async function verifyAudit(db: Reader, batch = 1000): Promise<AuditVerdict> {
  let previous = genesisHash;
  let entries = 0;
  for (let after = 0n; ; ) {
    const rows = await db.auditEntry.findMany({ where: { id: { gt: after } }, orderBy: { id: 'asc' }, take: batch });
    for (const row of rows) {
      const wrong = (reason: string): AuditVerdict => ({ ok: false, entries, bad_id: Number(row.id), reason });
      if (row.prev_hash !== previous) return wrong('the entry before it is missing or is not the one it was written after');
      if (row.hash !== auditHash(previous, row)) return wrong('its content is not what was written');
      previous = row.hash;
      entries += 1;
      after = row.id;
    }
    if (rows.length < batch) return { ok: true, entries };
  }
}

/** Newest first. */
export async function listAudit(db: Reader, request: PageRequest = {}): Promise<Page<AuditView>> {
  const limit = pageLimit(request.limit);
  const [before] = readCursor(request.cursor, 1) ?? [];
  const where = before !== undefined && /^\d{1,18}$/.test(before) ? { id: { lt: BigInt(before) } } : {};
  const rows = await db.auditEntry.findMany({ where, orderBy: { id: 'desc' }, take: limit + 1 });
  return toPage(rows, limit, ({ id, ts, actor_kind, actor_id, actor_name, action, target, result, details, hash }) => ({
    id: Number(id), ts: ts.toISOString(), actor: { kind: actor_kind, id: actor_id, name: actor_name }, action, target, result, details, hash,
  }), (row) => [String(row.id)]);
}

/** Recomputing the chain of hashes, entry by entry. */
import type { Reader } from '../database.js';
import { auditHash, genesisHash } from './append.js';

export type AuditVerdict = { ok: true; entries: number } | { ok: false; entries: number; bad_id: number; reason: string };
export interface ChainHead { entries: number; id: number; hash: string }
/** `from`: begin at this entry, which has to be there as it is said. `passing`: so has this one, somewhere on the way. */
export interface WalkOptions { from?: ChainHead; passing?: ChainHead; batch?: number }

/** The verdict counts what was found to be good, `head` is the last of it. Finds what was changed, inserted, moved or taken out; what was cut off at the end only with `from` or `passing`. */
export async function walkChain(db: Reader, { from, passing, batch = 1000 }: WalkOptions = {}): Promise<{ verdict: AuditVerdict; head: ChainHead }> {
  const head: ChainHead = from === undefined ? { entries: 0, id: 0, hash: genesisHash } : { ...from };
  const said = from ?? passing;
  const wrong = (id: number, reason: string) => ({ verdict: { ok: false as const, entries: head.entries, bad_id: id, reason }, head });
  if (from !== undefined && from.id > 0 && !(await isThere(db, from))) return wrong(from.id, notAsAnchored);
  let met = passing === undefined || passing.id === 0;
  for (;;) {
    const rows = await db.auditEntry.findMany({ where: { id: { gt: head.id } }, orderBy: { id: 'asc' }, take: batch });
    for (const row of rows) {
      const id = Number(row.id);
      if (!met && passing !== undefined && id > passing.id) return wrong(passing.id, notAsAnchored);
      if (row.prev_hash !== head.hash) return wrong(id, 'the entry before it is missing or is not the one it was written after');
      if (row.hash !== auditHash(head.hash, row)) return wrong(id, 'its content is not what was written');
      Object.assign(head, { entries: head.entries + 1, id, hash: row.hash });
      if (passing?.id === id) {
        if (passing.hash !== row.hash || passing.entries !== head.entries) return wrong(id, notAsAnchored);
        met = true;
      }
    }
    if (rows.length < batch) break;
  }
  if (!met && said !== undefined) return wrong(said.id, `it is gone: entries were cut off at the end, of which there had been ${said.entries}`);
  return { verdict: { ok: true, entries: head.entries }, head };
}

const notAsAnchored = 'it is not what it was when the anchor was written: it is gone, or was written anew';

async function isThere(db: Reader, { id, hash }: ChainHead): Promise<boolean> {
  const row = await db.auditEntry.findUnique({ where: { id } });
  return row?.hash === hash && row.hash === auditHash(row.prev_hash, row);
}

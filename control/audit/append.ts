/** The audit trail: every entry carries the hash of the one before, so that a change anywhere shows. */
import { canonicalJson, sha256Hex } from '../../spec/hash.js';
import type { Actor } from '../actor.js';
import { inTransaction, takeLock, type Db, type Tx } from '../database.js';
import { storableObject, storableText } from '../json.js';

export interface AuditInput {
  actor: Pick<Actor, 'kind' | 'id' | 'name'>;
  /** `<noun>.<verb>`: `rollout.open`, `auth.login`. */
  action: string;
  /** Id of what it was done to. */
  target: string;
  result: 'ok' | 'refused' | 'failed';
  /** Small facts, never a secret. */
  details?: Record<string, unknown>;
}

export const genesisHash = '0'.repeat(64);

interface Hashed { ts: Date; actor_kind: string; actor_id: string; actor_name: string; action: string; target: string; result: string; details: unknown }

export const auditHash = (previous: string, { ts, actor_kind, actor_id, actor_name, action, target, result, details }: Hashed): string =>
  sha256Hex(previous + canonicalJson({ ts: ts.toISOString(), actor_kind, actor_id, actor_name, action, target, result, details }));

/** Takes the audit lock until the transaction ends: call it after row changes and before appendEvents. */
export async function appendAudit(tx: Tx, { actor, action, target, result, details = {} }: AuditInput): Promise<void> {
  await takeLock(tx, 'audit');
  const last = await tx.auditEntry.findFirst({ orderBy: { id: 'desc' }, select: { hash: true } });
  const prev_hash = last?.hash ?? genesisHash;
  const entry = {
    ts: new Date(), actor_kind: actor.kind, actor_id: actor.id, actor_name: storableText(actor.name),
    action, target: storableText(target), result, details: storableObject(details),
  };
  await tx.auditEntry.create({ data: { ...entry, prev_hash, hash: auditHash(prev_hash, entry) } });
}

/** An entry of its own, for refusals and for what no service records. */
export const recordAudit = (db: Db, input: AuditInput): Promise<void> => inTransaction(db, (tx) => appendAudit(tx, input));

/** A request that is sent twice is done once, and answered twice. */
import { MaestroError } from '../../spec/errors.js';
import { inTransaction, type Db } from '../database.js';
import { storable, stored } from '../json.js';

/** How long an answer is kept, and how long a request may take before its key is free for another try. */
export const keptMs = 24 * 60 * 60 * 1000;
export const abandonedMs = 10 * 60 * 1000;

/**
 * Runs `work` and stores its answer (plain JSON); the same key by the same actor returns that answer without running.
 * Another body under the key: `validation_error`. Still running: `conflict`. A failed request stores nothing, so the
 * key can be used again; one whose process died is given up after ten minutes.
 */
export async function once<T>(db: Db, actorId: string, key: string, bodyHash: string, work: () => Promise<T>): Promise<T> {
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) throw new MaestroError('validation_error', 'An Idempotency-Key has 1 to 255 printable ASCII characters.', { fix: 'Send a UUID.' });
  const claimed = await claim(db, actorId, key, bodyHash);
  if ('answer' in claimed) return stored<T>(claimed.answer);
  const mine = { actor_id: actorId, key, created_at: claimed.at, state: 'running' as const };
  const answer = await work().catch(async (error: unknown) => {
    await db.idempotencyKey.deleteMany({ where: mine }).catch(() => undefined); // it is given up later; the error of the work matters more
    throw error;
  });
  await keep(db, mine, answer);
  return answer;
}

const keepTries = 3;

/** The work is done, so its key is not free any more, come what may: who asks again too early hears that it is running. */
async function keep(db: Db, mine: { actor_id: string; key: string; created_at: Date; state: 'running' }, answer: unknown): Promise<void> {
  const data = { state: 'done' as const, answer: storable({ answer }) ?? {}, completed_at: new Date() };
  for (let attempt = 1; attempt <= keepTries; attempt += 1) {
    const kept = await inTransaction(db, (tx) => tx.idempotencyKey.updateMany({ where: mine, data })).then(() => true, () => false);
    if (kept) return;
  }
}

type Claim = { at: Date } | { answer: Parameters<typeof stored>[0] };

async function claim(db: Db, actor_id: string, key: string, body_hash: string): Promise<Claim> {
  const at = new Date();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const { count } = await inTransaction(db, (tx) => tx.idempotencyKey.createMany({ data: [{ actor_id, key, body_hash, created_at: at }], skipDuplicates: true }));
    if (count === 1) return { at };
    const other = await db.idempotencyKey.findUnique({ where: { actor_id_key: { actor_id, key } } });
    if (!other) continue;
    const age = at.getTime() - other.created_at.getTime();
    if (age > (other.state === 'done' ? keptMs : abandonedMs)) {
      await db.idempotencyKey.deleteMany({ where: { actor_id, key, created_at: other.created_at, state: other.state } });
      continue;
    }
    if (other.body_hash !== body_hash) throw new MaestroError('validation_error', 'This Idempotency-Key was used for another request.', { fix: 'Use a new key for a new request.', details: { key } });
    if (other.state === 'done') return { answer: answerOf(other.answer) };
    break;
  }
  throw new MaestroError('conflict', 'The request with this Idempotency-Key is still running.', { fix: 'Wait for its answer, or ask again in a moment.', details: { key } });
}

const answerOf = (column: Parameters<typeof stored>[0]): Parameters<typeof stored>[0] => stored<{ answer: Parameters<typeof stored>[0] }>(column).answer;

/** Drops what nobody will ask for again. Returns how many. */
export async function forgetAnswers(db: Db): Promise<number> {
  const { count } = await db.idempotencyKey.deleteMany({ where: { created_at: { lt: new Date(Date.now() - keptMs) } } });
  return count;
}

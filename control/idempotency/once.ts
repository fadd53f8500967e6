/**
 * A request that is sent twice is done once, and answered twice. Whoever runs it says every two seconds that it still does;
 * without that for a while its process is taken as dead, and whoever asks again goes on in its place (see effect.ts).
 */
import { randomUUID } from 'node:crypto';
import { MaestroError } from '../../spec/errors.js';
import { inTransaction, type Db } from '../database.js';
import { storable, stored } from '../json.js';
import { asRequest, type RunningRequest } from './running-request.js';

/** How long an answer is kept. */
export const keptMs = 24 * 60 * 60 * 1000;
const signOfLifeMs = 2_000;
/** Three signs missed. A process that was only slow finds its claim gone, and changes nothing. */
const abandonedMs = 6_000;

type Json = Parameters<typeof stored>[0];
interface Key { actorId: string; key: string; bodyHash: string }

/**
 * Runs `work` and stores its answer (plain JSON); the same key by the same actor returns that answer without running.
 * Another body under the key: `validation_error`. Still running: `conflict`. A failed request stores nothing, so the
 * key can be used again; one whose process died is gone on with by whoever asks next, from 6 seconds later on.
 */
export async function once<T>(db: Db, actorId: string, key: string, bodyHash: string, work: () => Promise<T>): Promise<T> {
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) throw new MaestroError('validation_error', 'An Idempotency-Key has 1 to 255 printable ASCII characters.', { fix: 'Send a UUID.' });
  const claimed = await claim(db, { actorId, key, bodyHash });
  if ('answer' in claimed) return stored<T>(claimed.answer);
  const { request } = claimed;
  const mine = { actor_id: actorId, key, claim: request.claim, state: 'running' as const };
  const alive = setInterval(() => void db.$executeRaw`UPDATE idempotency_keys SET seen_at = now() WHERE actor_id = ${actorId} AND key = ${key} AND claim = ${request.claim}`.catch(() => undefined), signOfLifeMs).unref();
  try {
    const answer = await asRequest(request, work);
    await inTransaction(db, (tx) => tx.idempotencyKey.updateMany({ where: mine, data: { state: 'done', answer: storable({ answer }) ?? {}, completed_at: new Date() } }));
    return answer;
  } catch (error) {
    await letGo(db, request).catch(() => undefined); // it is taken over later; the error of the work matters more
    throw error;
  } finally {
    clearInterval(alive);
  }
}

/** Without an effect it never was; else whoever asks again goes on at once. */
async function letGo(db: Db, { actorId, key, claim: own }: RunningRequest): Promise<void> {
  await db.$executeRaw`DELETE FROM idempotency_keys WHERE actor_id = ${actorId} AND key = ${key} AND claim = ${own} AND state = 'running' AND effects = '[]'::jsonb`;
  await db.$executeRaw`UPDATE idempotency_keys SET seen_at = 'epoch' WHERE actor_id = ${actorId} AND key = ${key} AND claim = ${own} AND state = 'running'`;
}

async function claim(db: Db, { actorId, key, bodyHash }: Key): Promise<{ request: RunningRequest } | { answer: Json }> {
  const own = randomUUID();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const { count } = await inTransaction(db, (tx) => tx.idempotencyKey.createMany({ data: [{ actor_id: actorId, key, body_hash: bodyHash, claim: own }], skipDuplicates: true }));
    if (count === 1) return { request: { actorId, key, claim: own, effects: [], next: 0 } };
    const other = await db.idempotencyKey.findUnique({ where: { actor_id_key: { actor_id: actorId, key } } });
    if (!other) continue;
    if (other.state === 'done' && Date.now() - other.created_at.getTime() > keptMs) {
      await db.idempotencyKey.deleteMany({ where: { actor_id: actorId, key, created_at: other.created_at, state: 'done' } });
      continue;
    }
    if (other.body_hash !== bodyHash) throw new MaestroError('validation_error', 'This Idempotency-Key was used for another request.', { fix: 'Use a new key for a new request.', details: { key } });
    if (other.state === 'done') return { answer: stored<{ answer: Json }>(other.answer).answer };
    const effects = await takeOver(db, { actorId, key, from: other.claim, to: own });
    if (effects !== null) return { request: { actorId, key, claim: own, effects, next: 0 } };
    break;
  }
  throw new MaestroError('conflict', 'The request with this Idempotency-Key is still running.', { fix: 'Wait for its answer, or ask again in a moment.', details: { key } });
}

/** By the database's clock: there may be several of us. Null: it gave a sign of life, or another one was faster. */
async function takeOver(db: Db, { actorId, key, from, to }: { actorId: string; key: string; from: string; to: string }): Promise<unknown[] | null> {
  const [row] = await db.$queryRaw<{ effects: unknown[] }[]>`
    UPDATE idempotency_keys SET claim = ${to}, seen_at = now()
    WHERE actor_id = ${actorId} AND key = ${key} AND claim = ${from} AND state = 'running' AND seen_at < now() - ${abandonedMs} * interval '1 millisecond'
    RETURNING effects`;
  return row?.effects ?? null;
}

/** Drops what nobody will ask for again. Returns how many. */
export async function forgetAnswers(db: Db): Promise<number> {
  const { count } = await db.idempotencyKey.deleteMany({ where: { created_at: { lt: new Date(Date.now() - keptMs) } } });
  return count;
}

/**
 * A transaction that happens once for a request, however often the request is begun anew: that it happened, and what it
 * answered, is written with it. Where no request is running it is a transaction like any other.
 */
import { MaestroError } from '../../spec/errors.js';
import { inTransaction, type Db, type Tx } from '../database.js';
import { storable } from '../json.js';
import { runningRequest, type RunningRequest } from './running-request.js';

/** `T` is plain JSON. Throws `conflict` when another run has taken the request over; then nothing happened. */
export async function effectOnce<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const request = runningRequest();
  if (request === undefined) return inTransaction(db, work);
  const number = request.next;
  request.next += 1;
  if (number < request.effects.length) return request.effects[number] as T;
  const answer = await inTransaction(db, async (tx) => {
    const done = await work(tx);
    await note(tx, request, done);
    return done;
  });
  request.effects.push(answer);
  return answer;
}

async function note(tx: Tx, { actorId, key, claim }: RunningRequest, answer: unknown): Promise<void> {
  const text = JSON.stringify(storable(answer));
  const noted = await tx.$executeRaw`
    UPDATE idempotency_keys SET effects = effects || jsonb_build_array(${text}::jsonb), seen_at = now()
    WHERE actor_id = ${actorId} AND key = ${key} AND claim = ${claim} AND state = 'running'`;
  if (noted !== 1) throw new MaestroError('conflict', 'The request with this Idempotency-Key is run by somebody else by now.', { fix: 'Ask again in a moment.', details: { key } });
}

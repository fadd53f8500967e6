/** The keys that bind task tokens to hosts. Two count at a time: what was handed out under the one before is still answered. */
import { randomBytes } from 'node:crypto';
import type { AuthorityKey } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import { requireRight, type Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import type { Db } from '../database.js';
import { effectOnce } from '../idempotency/index.js';
import type { VaultKeys } from '../secrets/vault-key.js';
import { authorityRows, isSettled, living, store } from './authority.js';
import { tellGateways } from './hosts.js';

export interface TaskKeyView { number: number; created_at: string; /** wraps: what is handed out now is under it. unwraps: what was is still taken. */ state: 'wraps' | 'unwraps' }

/** Longer than any task may run. */
const taskMs = 24 * 3600 * 1000;
const counting = 2;

export function taskKeyViews(rows: readonly AuthorityKey[]): TaskKeyView[] {
  const keys = living(rows, 'task');
  const wraps = keys.find((row) => isSettled(row)) ?? keys.at(-1);
  return keys.map((row) => ({ number: row.number, created_at: row.created_at.toISOString(), state: row === wraps ? 'wraps' : 'unwraps' }));
}

/** A new key wraps from half a minute later on, when every gateway has it. `force`: also when tasks may still run under the key that stops counting. */
export function rotateTaskKey(db: Db, keys: VaultKeys, actor: Actor, { force }: { force: boolean }): Promise<TaskKeyView[]> {
  requireRight(actor, 'node.revoke');
  return effectOnce(db, async (tx) => {
    const before = living(await authorityRows(tx, keys), 'task');
    const [newest] = before;
    if (newest === undefined) throw new Error('the certificate authority is not whole');
    const recent = before.length >= counting && Date.now() - newest.created_at.getTime() < taskMs;
    if (recent && !force) {
      throw new MaestroError('conflict', 'The key was changed within the last day, and tasks may still run under the one before', { fix: 'Wait, or send "force": what still runs under the oldest key is then not answered any more, and is tried again.', details: { since: newest.created_at.toISOString() } });
    }
    const number = newest.number + 1;
    await store(tx, keys, [{ kind: 'task', number, certificate: null, secret: randomBytes(32) }]);
    const gone = before.slice(counting - 1);
    await tx.authorityKey.updateMany({ where: { id: { in: gone.map(({ id }) => id) } }, data: { sealed: null, retired_at: new Date() } });
    await tellGateways(tx);
    await appendAudit(tx, { actor, action: 'authority.rotate_task_key', target: 'authority', result: 'ok', details: { number, retired: gone.map((row) => row.number), forced: recent } });
    return taskKeyViews(await tx.authorityKey.findMany());
  });
}

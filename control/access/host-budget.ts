/** The daily number of hosts that a key may act on. */
import type { Actor } from '../actor.js';
import { inTransaction, type Db, type Tx } from '../database.js';
import { MaestroError } from '../../spec/errors.js';

const dayMs = 24 * 3600 * 1000;

/**
 * Counts `hosts` (asked for only when there is a limit) for the key of `actor`, each once a day (UTC); throws `rate_limited`, and with the transaction nothing is counted, when they are
 * too many. Of two at once the second waits for the first. Call it after the deploy's row is locked.
 */
export async function spendHosts(tx: Tx, { id, limits }: Pick<Actor, 'id' | 'limits'>, hosts: () => readonly string[] | Promise<readonly string[]>, now: Date = new Date()): Promise<void> {
  const limit = limits?.hosts_per_day;
  if (limit === undefined) return;
  const day = new Date(Math.floor(now.getTime() / dayMs) * dayMs);
  await tx.$executeRaw`SELECT 1 FROM api_keys WHERE id = ${id} FOR UPDATE`;
  await tx.keyHostUse.createMany({ data: [...new Set(await hosts())].map((host) => ({ key_id: id, day, host })), skipDuplicates: true });
  const used = await tx.keyHostUse.count({ where: { key_id: id, day } });
  await tx.keyHostUse.deleteMany({ where: { key_id: id, day: { lt: new Date(day.getTime() - 7 * dayMs) } } });
  if (used <= limit) return;
  throw new MaestroError('rate_limited', `This key may act on ${limit} hosts a day, and with this it would be ${used}`, {
    fix: 'Wait until tomorrow (UTC), act on fewer hosts, or use a key with a higher hosts_per_day.',
    details: { limit, would_be: used, retry_after_seconds: Math.ceil((day.getTime() + dayMs - now.getTime()) / 1000) },
  });
}

/** Of all hosts of a deploy: for what reaches every one of them. */
export const spendDeployHosts = (tx: Tx, actor: Pick<Actor, 'id' | 'limits'>, deployId: string): Promise<void> =>
  spendHosts(tx, actor, async () => (await tx.deployHost.findMany({ where: { deploy_id: deployId }, select: { host: true } })).map(({ host }) => host));

/** For what opens no transaction of its own. */
export async function spendHostsNow(db: Db, actor: Pick<Actor, 'id' | 'limits'>, target: { hosts: readonly string[] } | { deployId: string }): Promise<void> {
  if (actor.limits?.hosts_per_day === undefined) return;
  await inTransaction(db, (tx) => ('hosts' in target ? spendHosts(tx, actor, () => target.hosts) : spendDeployHosts(tx, actor, target.deployId)));
}

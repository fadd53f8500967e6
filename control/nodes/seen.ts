/** Hosts announce themselves every few seconds; silence makes them offline. */
import { canonicalJson } from '../../spec/hash.js';
import type { HostFacts } from '../../spec/observed.js';
import { inTransaction, type Db, type Tx } from '../database.js';
import { appendEvents } from '../events/index.js';
import { newId } from '../ids.js';
import { storableObject } from '../json.js';

/** A host counts as online for this long after it was seen. */
export const onlineMs = 15_000;

export interface Sighting { node: string; facts: HostFacts; version: string; address?: string }

/** Notes that the host is there. A host that was not online before, or that has found or lost something since, makes a `node.state` event. */
export async function seen(db: Db, { node, facts, version, address }: Sighting): Promise<void> {
  const now = new Date();
  const data = { last_seen_at: now, facts: storableObject(facts), version, ...(address === undefined ? {} : { address }) };
  const { count } = await db.node.updateMany({ where: { name: node, online: true, revoked_at: null, facts: { equals: data.facts }, last_seen_at: { gt: new Date(now.getTime() - onlineMs) } }, data });
  if (count > 0) return;
  await inTransaction(db, async (tx) => {
    await tx.$executeRaw`
      INSERT INTO nodes (id, name, facts, version) VALUES (${newId('node')}, ${node}, '{}', '') ON CONFLICT (name) DO NOTHING`;
    const before = await lockNode(tx, node);
    // Its last word may come after it was revoked.
    if (before.revoked_at !== null) return;
    await tx.node.update({ where: { name: node }, data: { ...data, online: true } });
    const wasOnline = before.online && before.last_seen_at !== null && now.getTime() - before.last_seen_at.getTime() < onlineMs;
    const isNew = canonicalJson(before.facts) !== canonicalJson(data.facts);
    if (!wasOnline || isNew) await appendEvents(tx, [{ type: 'node.state', host: node, data: { node_id: before.id, online: true } }]);
  });
}

interface LockedNode { id: string; online: boolean; last_seen_at: Date | null; revoked_at: Date | null; facts: unknown }

async function lockNode(tx: Tx, name: string): Promise<LockedNode> {
  const [row] = await tx.$queryRaw<LockedNode[]>`SELECT id, online, last_seen_at, revoked_at, facts FROM nodes WHERE name = ${name} FOR NO KEY UPDATE`;
  if (!row) throw new Error(`node ${name} vanished while it was being updated`);
  return row;
}

/** Makes silence an event; call it every few seconds. Returns the names that went offline by this call. */
export async function sweepNodes(db: Db): Promise<string[]> {
  const silentSince = new Date(Date.now() - onlineMs);
  const silent = await db.node.count({ where: { online: true, last_seen_at: { lte: silentSince } } });
  if (silent === 0) return [];
  return inTransaction(db, async (tx) => {
    const gone = await tx.node.updateManyAndReturn({ where: { online: true, last_seen_at: { lte: silentSince } }, data: { online: false }, select: { id: true, name: true } });
    await appendEvents(tx, gone.map(({ id, name }) => ({ type: 'node.state' as const, host: name, data: { node_id: id, online: false } })));
    return gone.map(({ name }) => name);
  });
}

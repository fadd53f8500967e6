/** Tags of hosts, as grants name them. They are given by administrators and have nothing to do with the tags in documents, which anybody writes. */
import type { Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, notFound, type Db, type Reader } from '../database.js';

export interface HostTagsView { node_id: string; name: string; tags: string[] }

export async function getHostTags(db: Reader, nodeId: string): Promise<HostTagsView> {
  const node = await nodeOf(db, nodeId);
  const rows = await db.hostTag.findMany({ where: { host: node.name }, orderBy: { tag: 'asc' }, select: { tag: true } });
  return { node_id: node.id, name: node.name, tags: rows.map(({ tag }) => tag) };
}

/** All the tags it has from now on. */
export async function setHostTags(db: Db, actor: Actor, nodeId: string, given: readonly string[]): Promise<HostTagsView> {
  const tags = [...new Set(given)].sort();
  return inTransaction(db, async (tx) => {
    const node = await nodeOf(tx, nodeId);
    await tx.$executeRaw`SELECT 1 FROM nodes WHERE id = ${node.id} FOR NO KEY UPDATE`;
    const before = await tx.hostTag.findMany({ where: { host: node.name }, orderBy: { tag: 'asc' }, select: { tag: true } });
    await tx.hostTag.deleteMany({ where: { host: node.name } });
    await tx.hostTag.createMany({ data: tags.map((tag) => ({ host: node.name, tag })) });
    await appendAudit(tx, { actor, action: 'node.set_tags', target: node.id, result: 'ok', details: { name: node.name, tags, before: before.map(({ tag }) => tag) } });
    return { node_id: node.id, name: node.name, tags };
  });
}

async function nodeOf(db: Reader, id: string): Promise<{ id: string; name: string }> {
  const node = await db.node.findUnique({ where: { id }, select: { id: true, name: true } });
  if (!node) throw notFound('node', id);
  return node;
}

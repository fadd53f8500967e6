import type { Node } from '../../prisma/generated/client.js';
import type { HostFacts } from '../../spec/observed.js';
import { amongHosts, type Scope } from '../access/index.js';
import type { Reader } from '../database.js';
import { stored } from '../json.js';
import { pageLimit, readCursor, toPage, type Page, type PageRequest } from '../paging.js';
import { onlineMs } from './seen.js';

export interface NodeView { node_id: string; name: string; online: boolean; last_seen_at: string | null; facts: HostFacts; version: string; address: string | null }

const nodeView = ({ id, name, last_seen_at, facts, version, address }: Node): NodeView => ({
  node_id: id, name, version, address, facts: stored(facts),
  online: last_seen_at !== null && Date.now() - last_seen_at.getTime() < onlineMs,
  last_seen_at: last_seen_at?.toISOString() ?? null,
});

/** By name. `online` is computed when asked, not remembered. */
export async function listNodes(db: Reader, request: PageRequest = {}, scope?: Scope): Promise<Page<NodeView>> {
  const limit = pageLimit(request.limit);
  const [after] = readCursor(request.cursor, 1) ?? [];
  const rows = await db.node.findMany({ where: { AND: [...(after === undefined ? [] : [{ gt: after }]), ...amongHosts(scope)].map((name) => ({ name })) }, orderBy: { name: 'asc' }, take: limit + 1 });
  return toPage(rows, limit, nodeView, (row) => [row.name]);
}

/** The nodes there are among `names`; names without a node are missing from the map. */
export async function nodesByName(db: Reader, names: readonly string[]): Promise<Map<string, NodeView>> {
  const rows = await db.node.findMany({ where: { name: { in: [...names] } } });
  return new Map(rows.map((row) => [row.name, nodeView(row)]));
}

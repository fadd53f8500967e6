import type { Node } from '../../prisma/generated/client.js';
import { isPermission, type Permission } from '../../spec/host-policy/permissions.js';
import type { HostFacts } from '../../spec/observed.js';
import { amongHosts, type Scope } from '../access/index.js';
import { notFound, type Reader } from '../database.js';
import { stored } from '../json.js';
import { pageLimit, readCursor, toPage, type Page, type PageRequest } from '../paging.js';
import { onlineMs } from './seen.js';

export interface NodeView { node_id: string; name: string; online: boolean; last_seen_at: string | null; facts: HostFacts; version: string; address: string | null; allow: Permission[] }

/** Of a host that has a certificate and has not said anything yet: nothing is known to be there. */
export const factsOf = (value: Node['facts']): HostFacts => ({ docker: false, systemd: false, missing: [], ...stored<Partial<HostFacts>>(value) });

const nodeView = ({ id, name, last_seen_at, facts, version, address, allow }: Node): NodeView => ({
  node_id: id, name, version, address, facts: factsOf(facts), allow: allow.filter(isPermission),
  online: last_seen_at !== null && Date.now() - last_seen_at.getTime() < onlineMs,
  last_seen_at: last_seen_at?.toISOString() ?? null,
});

/** By name, without those that are revoked. `online` is computed when asked, not remembered. */
export async function listNodes(db: Reader, request: PageRequest = {}, scope?: Scope): Promise<Page<NodeView>> {
  const limit = pageLimit(request.limit);
  const [after] = readCursor(request.cursor, 1) ?? [];
  const rows = await db.node.findMany({ where: { revoked_at: null, AND: [...(after === undefined ? [] : [{ gt: after }]), ...amongHosts(scope)].map((name) => ({ name })) }, orderBy: { name: 'asc' }, take: limit + 1 });
  return toPage(rows, limit, nodeView, (row) => [row.name]);
}

/** not_found for one that is revoked, too. */
export async function getNode(db: Reader, id: string): Promise<NodeView> {
  const row = await db.node.findFirst({ where: { id, revoked_at: null } });
  if (row === null) throw notFound('node', id);
  return nodeView(row);
}

/** The nodes there are among `names`; names without a node are missing from the map. */
export async function nodesByName(db: Reader, names: readonly string[]): Promise<Map<string, NodeView>> {
  const rows = await db.node.findMany({ where: { name: { in: [...names] }, revoked_at: null } });
  return new Map(rows.map((row) => [row.name, nodeView(row)]));
}

/** What a version asks of its hosts, held against what administrators have allowed there. Flow: demands → by node → findings. */
import { boundedFindings, parseDocument } from '../../spec/document/index.js';
import type { Path } from '../../spec/document/path.js';
import { MaestroError, type Diagnostic } from '../../spec/errors.js';
import type { PlacementDemands } from '../../spec/host-policy/placed.js';
import { isPermission, refusedDemands, type Demand, type Permission } from '../../spec/host-policy/permissions.js';
import type { Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { notFound, type Db, type Reader } from '../database.js';
import { placeOf } from '../documents/clashes.js';
import { effectOnce } from '../idempotency/index.js';

const hostsNamed = 3;

interface Refused { component: string; path: Path; demand: Demand; hosts: string[] }

/** What of a document is refused, each thing once. Nodes that are not enrolled allow nothing. */
export async function policyFindings(db: Reader, yaml: string, placements: readonly PlacementDemands[]): Promise<Diagnostic[]> {
  const asking = placements.filter(({ demands }) => demands.length > 0);
  if (asking.length === 0) return [];
  const allowed = await allowedOn(db, [...new Set(asking.map(({ host }) => host))]);
  const refused = new Map<string, Refused>();
  for (const { host, component, demands } of asking) {
    for (const { demand, path } of demands) {
      if (refusedDemands([demand], allowed.get(host) ?? []).length === 0) continue;
      const key = JSON.stringify([component, path, demand.needs, demand.what]);
      const found = refused.get(key) ?? { component, path, demand, hosts: [] };
      refused.set(key, found);
      found.hosts.push(host);
    }
  }
  if (refused.size === 0) return [];
  const { locate } = parseDocument(yaml);
  return boundedFindings([...refused.values()].map((one) => ({ code: 'permission_denied', ...placeOf(one.component, one.path, locate), ...told(one) })));
}

function told({ component, demand: { needs, what }, hosts }: Refused): Pick<Diagnostic, 'message' | 'suggested_fix'> {
  if (needs === 'never') return { message: `${component} asks for ${what}, which is Maestro's own or the kernel's`, suggested_fix: 'Use another place; nobody can allow this one.' };
  const where = `${hosts.slice(0, hostsNamed).join(', ')}${hosts.length > hostsNamed ? ` and ${String(hosts.length - hostsNamed)} more` : ''}`;
  return {
    message: `${component} asks for ${what}, which needs ${needs}; that is not allowed on ${where}`,
    suggested_fix: `Do without it, or ask an administrator to allow ${needs} on ${where} (PATCH /api/nodes/{id} with "allow").`,
  };
}

/** Throws permission_denied with everything that is refused, at its place. `yaml` is asked for only then. */
export async function refuseUnallowed(db: Reader, yaml: () => Promise<string>, placements: readonly PlacementDemands[]): Promise<void> {
  if (placements.every(({ demands }) => demands.length === 0)) return;
  const errors = await policyFindings(db, await yaml(), placements);
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length > 1 ? `; ${String(errors.length - 1)} more of what it asks for ${errors.length === 2 ? 'is' : 'are'} not allowed as well` : '';
  throw new MaestroError('permission_denied', `${first.message}${more}`, { fix: first.suggested_fix, errors });
}

/** Names of nodes that there are, with what is allowed there. */
export async function allowedOn(db: Reader, names: readonly string[]): Promise<Map<string, Permission[]>> {
  const rows = await db.node.findMany({ where: { name: { in: [...names] }, revoked_at: null }, select: { name: true, allow: true } });
  return new Map(rows.map(({ name, allow }) => [name, allow.filter(isPermission)]));
}

/** In place of what was allowed before; in force for every rollout from its next step on. */
export async function setAllowed(db: Db, actor: Actor, nodeId: string, allow: readonly Permission[]): Promise<void> {
  await effectOnce(db, async (tx) => {
    const [node] = await tx.$queryRaw<{ name: string; allow: string[] }[]>`SELECT name, allow FROM nodes WHERE id = ${nodeId} AND revoked_at IS NULL FOR NO KEY UPDATE`;
    if (node === undefined) throw notFound('node', nodeId);
    const after = [...new Set(allow)].sort();
    await tx.node.update({ where: { id: nodeId }, data: { allow: after } });
    await appendAudit(tx, { actor, action: 'node.allow', target: nodeId, result: 'ok', details: { node: node.name, before: node.allow, after } });
    return null;
  });
}

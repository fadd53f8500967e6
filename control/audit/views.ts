import type { Prisma } from '../../prisma/client.js';
import type { Actor } from '../actor.js';
import type { Reader } from '../database.js';
import { pageLimit, readCursor, toPage, type Page, type PageRequest } from '../paging.js';
import { walkChain, type AuditVerdict } from './chain.js';

export interface AuditView { id: number; ts: string; actor: { kind: string; id: string; name: string }; action: string; target: string; result: string; details: Prisma.JsonValue; hash: string }

/** Without a look at the anchor: see AuditAnchor.verify. */
export const verifyAudit = async (db: Reader, batch = 1000): Promise<AuditVerdict> => (await walkChain(db, { batch })).verdict;

export interface AuditFilter {
  /** Id of the user or key, or the name it had. */
  actor?: string | undefined;
  /** `rollout.apply`, or all of a noun: `rollout.*`. */
  action?: string | undefined;
  target?: string | undefined;
  deployId?: string | undefined;
  result?: 'ok' | 'refused' | 'failed' | undefined;
  /** From this time on, and before that one. */
  since?: Date | undefined;
  until?: Date | undefined;
}

/** Newest first. Who is narrowed sees what was done to the deploys in sight, and what they did themselves. */
export async function listAudit(db: Reader, { cursor, limit: asked, ...filter }: PageRequest & AuditFilter = {}, viewer: Pick<Actor, 'id' | 'scope'> = { id: '' }): Promise<Page<AuditView>> {
  const limit = pageLimit(asked);
  const [before] = readCursor(cursor, 1) ?? [];
  const older = before !== undefined && /^\d{1,18}$/.test(before) ? [{ id: { lt: BigInt(before) } }] : [];
  const rows = await db.auditEntry.findMany({ where: { AND: [...older, ...conditions(filter), ...inSight(viewer)] }, orderBy: { id: 'desc' }, take: limit + 1 });
  return toPage(rows, limit, ({ id, ts, actor_kind, actor_id, actor_name, action, target, result, details, hash }) => ({
    id: Number(id), ts: ts.toISOString(), actor: { kind: actor_kind, id: actor_id, name: actor_name }, action, target, result, details, hash,
  }), (row) => [String(row.id)]);
}

function conditions({ actor, action, target, deployId, result, since, until }: AuditFilter): Prisma.AuditEntryWhereInput[] {
  return [
    ...(actor === undefined ? [] : [{ OR: [{ actor_id: actor }, { actor_name: actor }] }]),
    ...(action === undefined ? [] : [{ action: action.endsWith('.*') ? { startsWith: action.slice(0, -1) } : action }]),
    ...(target === undefined ? [] : [{ target }]),
    ...(deployId === undefined ? [] : [ofDeploys([deployId])]),
    ...(result === undefined ? [] : [{ result }]),
    ...(since === undefined ? [] : [{ ts: { gte: since } }]),
    ...(until === undefined ? [] : [{ ts: { lt: until } }]),
  ];
}

const ofDeploys = (ids: readonly string[]): Prisma.AuditEntryWhereInput =>
  ({ OR: [{ target: { in: [...ids] } }, ...ids.map((id) => ({ details: { path: ['deploy_id'], equals: id } }))] });

const inSight = ({ id, scope }: Pick<Actor, 'id' | 'scope'>): Prisma.AuditEntryWhereInput[] =>
  (scope === undefined ? [] : [{ OR: [{ actor_id: id }, ofDeploys([...scope.deploys])] }]);

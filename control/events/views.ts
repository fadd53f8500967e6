import type { Prisma } from '../../prisma/client.js';
import type { Reader } from '../database.js';
import { stored } from '../json.js';

/** One event as it goes over every wire. */
export interface EventView {
  id: number;
  type: string;
  ts: string;
  deploy_id?: string;
  rollout_id?: string;
  host?: string;
  component?: string;
  data: Record<string, unknown>;
}

export interface EventFilter { rolloutId?: string; deployId?: string }
export interface EventQuery extends EventFilter { /** Only ids above it; default 0. */ after?: number; /** 1…1000, default 100. */ limit?: number }

export const maximumEvents = 1000;

export const matches = (event: EventView, { rolloutId, deployId }: EventFilter): boolean =>
  (rolloutId === undefined || event.rollout_id === rolloutId) && (deployId === undefined || event.deploy_id === deployId);

/** Events in id order. */
export async function readEvents(db: Reader, { after = 0, limit = 100, rolloutId, deployId }: EventQuery = {}): Promise<EventView[]> {
  const where: Prisma.EventWhereInput = { id: { gt: after } };
  if (rolloutId !== undefined) where.rollout_id = rolloutId;
  if (deployId !== undefined) where.deploy_id = deployId;
  const rows = await db.event.findMany({ where, orderBy: { id: 'asc' }, take: Math.min(Math.max(limit, 1), maximumEvents) });
  return rows.map(({ id, type, ts, deploy_id, rollout_id, host, component, data }) => ({
    id: Number(id),
    type,
    ts: ts.toISOString(),
    ...(deploy_id === null ? {} : { deploy_id }),
    ...(rollout_id === null ? {} : { rollout_id }),
    ...(host === null ? {} : { host }),
    ...(component === null ? {} : { component }),
    data: stored<Record<string, unknown>>(data),
  }));
}

/** Highest id there is; 0 when there is none. */
export async function lastEventId(db: Reader): Promise<number> {
  const last = await db.event.findFirst({ orderBy: { id: 'desc' }, select: { id: true } });
  return Number(last?.id ?? 0);
}

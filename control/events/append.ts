import { locks, type Tx } from '../database.js';
import { storableObject } from '../json.js';
import type { EventType } from '../../spec/words.js';

export interface EventInput {
  type: EventType;
  /** ISO time of the happening; default: now. */
  ts?: string;
  deploy_id?: string;
  rollout_id?: string;
  host?: string;
  component?: string;
  data: object;
  /** A second event with the same key is dropped. */
  dedupe_key?: string;
}

/** The NOTIFY channel; its payload is empty, readers ask for what came after the last id they saw. */
export const eventChannel = 'maestro_events';

/**
 * Appends events and wakes every feed at commit. Ids increase in commit order: the lock is held until the transaction
 * ends, so make this the transaction's last call. An aborted transaction leaves a hole in the ids, never a late one.
 */
export async function appendEvents(tx: Tx, events: readonly EventInput[]): Promise<void> {
  if (events.length === 0) return;
  // The notification is sent at commit, wherever in the transaction it was asked for.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${locks.events}::bigint), pg_notify(${eventChannel}, '')`;
  await tx.event.createMany({
    data: events.map(({ data, ts, ...event }) => ({ ...event, ...(ts === undefined ? {} : { ts: new Date(ts) }), data: storableObject(data) })),
    skipDuplicates: true,
  });
}

import { locks, type Reader } from '../database.js';
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
 * One statement, so that it may also stand alone: there is nothing the server does more often during a rollout.
 */
export async function appendEvents(db: Reader, events: readonly EventInput[]): Promise<void> {
  if (events.length === 0) return;
  // Rows get their ids on top of the sort, which needs the turn's row first: no id is taken before the lock.
  await db.$executeRaw`
    WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(${locks.events}::bigint), pg_notify(${eventChannel}, ''))
    INSERT INTO events (type, ts, deploy_id, rollout_id, host, component, data, dedupe_key)
    SELECT event->>'type', coalesce((event->>'ts')::timestamptz, clock_timestamp()), event->>'deploy_id', event->>'rollout_id',
      event->>'host', event->>'component', event->'data', event->>'dedupe_key'
    FROM turn, jsonb_array_elements(${JSON.stringify(events.map(storableObject))}::jsonb) WITH ORDINALITY AS given (event, place)
    ORDER BY place
    ON CONFLICT (dedupe_key) DO NOTHING`;
}

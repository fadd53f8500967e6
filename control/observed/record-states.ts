/** What hosts see of their placements becomes rows, and what is new of it events. A host speaks for itself alone. */
import { canonicalJson } from '../../spec/hash.js';
import { kindsOf, type PlacementSeen, type WatchedVersion } from '../../spec/drift.js';
import { inTransaction, type Db, type Tx } from '../database.js';
import { appendEvents, type EventInput } from '../events/index.js';
import { storable, storableObject, stored } from '../json.js';

/** `stream` is of one process of the worker, `sequence` counts its reports: one that was overtaken on the way changes nothing. */
export interface StatesReport { stream: string; sequence: number; states: readonly PlacementSeen[] }

interface Row { deploy_id: string; component: string; version: number; state: string; detail: string; drift: unknown; stream: string; sequence: number; since: Date }

/**
 * `watched`: what that host has to look after; states of anything else are dropped, since versions change while a host
 * looks. The same state again is no event, and only says that it was seen.
 */
export async function recordStates(db: Db, host: string, watched: readonly WatchedVersion[], report: StatesReport): Promise<void> {
  const placed = new Set(watched.flatMap(({ deploy_id, placements }) => placements.map(({ component }) => `${deploy_id}/${component}`)));
  const given = new Map(report.states.map((state) => [`${state.deploy_id}/${state.component}`, state]));
  const states = [...given].filter(([key]) => placed.has(key)).map(([, state]) => stored<PlacementSeen>(storableObject(state)));
  if (states.length === 0) return;
  await inTransaction(db, async (tx) => {
    const before = await lockRows(tx, host, states);
    const now = new Date();
    const current = states.filter((state) => !isLate(before.get(`${state.deploy_id}/${state.component}`), report));
    await save(tx, host, current.map((state) => rowOf(state, before.get(`${state.deploy_id}/${state.component}`), report, now)), now);
    await appendEvents(tx, current.flatMap((state) => news(host, state, before.get(`${state.deploy_id}/${state.component}`))));
  });
}

/** Reports of a host come one after the other, but one whose answer was lost may still be under way: its node's row is the turn. */
async function lockRows(tx: Tx, host: string, states: readonly PlacementSeen[]): Promise<Map<string, Row>> {
  await tx.$executeRaw`SELECT 1 FROM nodes WHERE name = ${host} FOR NO KEY UPDATE`;
  const deploys = [...new Set(states.map(({ deploy_id }) => deploy_id))];
  const rows = await tx.$queryRaw<Row[]>`
    SELECT deploy_id, component, version, state, detail, drift, stream, sequence, since
    FROM component_states WHERE host = ${host} AND deploy_id = ANY(${deploys}) ORDER BY deploy_id, component FOR UPDATE`;
  return new Map(rows.map((row) => [`${row.deploy_id}/${row.component}`, row]));
}

const isLate = (row: Row | undefined, { stream, sequence }: StatesReport): boolean => row !== undefined && row.stream === stream && row.sequence > sequence;

function rowOf(state: PlacementSeen, before: Row | undefined, { stream, sequence }: StatesReport, now: Date): object {
  return { ...state, stream, sequence, since: before?.state === state.state ? before.since : now };
}

async function save(tx: Tx, host: string, rows: readonly object[], now: Date): Promise<void> {
  if (rows.length === 0) return;
  await tx.$executeRaw`
    INSERT INTO component_states (deploy_id, host, component, version, state, detail, drift, since, seen_at, stream, sequence)
    SELECT deploy_id, ${host}, component, version, state, detail, drift, since, ${now}, stream, sequence
    FROM jsonb_to_recordset(${JSON.stringify(rows.map((row) => storable(row)))}::jsonb)
      AS r(deploy_id text, component text, version int, state text, detail text, drift jsonb, since timestamptz, stream text, sequence int)
    ON CONFLICT (deploy_id, host, component) DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state, detail = EXCLUDED.detail,
      drift = EXCLUDED.drift, since = EXCLUDED.since, seen_at = EXCLUDED.seen_at, stream = EXCLUDED.stream, sequence = EXCLUDED.sequence`;
}

function news(host: string, { deploy_id, component, version, state, detail, drift }: PlacementSeen, before: Row | undefined): EventInput[] {
  const about = { deploy_id, host, component };
  const moved: EventInput = { type: 'component.state', ...about, data: { state, previous: before?.state ?? null, detail, version } };
  const drifted: EventInput = { type: 'component.drift', ...about, data: { kinds: kindsOf(drift), fields: drift, version } };
  return [
    ...(before?.state === state && before.detail === detail ? [] : [moved]),
    ...(canonicalJson(before?.drift ?? []) === canonicalJson(drift) ? [] : [drifted]),
  ];
}

/** What a version that has just succeeded does not place any more is seen by nobody. */
export async function forgetUnplaced(tx: Tx, deployId: string, rolloutId: string): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM component_states s WHERE s.deploy_id = ${deployId}
      AND NOT EXISTS (SELECT 1 FROM steps WHERE rollout_id = ${rolloutId} AND host = s.host AND component = s.component AND action IS DISTINCT FROM 'remove')`;
}

export async function forgetStates(tx: Tx, deployId: string): Promise<void> {
  await tx.$executeRaw`DELETE FROM component_states WHERE deploy_id = ${deployId}`;
}

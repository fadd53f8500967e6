/** Observed state and drift as the API shows them. Whether a host still speaks is found out when it is asked. */
import { kindsOf, type DriftField } from '../../spec/drift.js';
import { placements, type DeployDocument } from '../../spec/document/index.js';
import { grouped } from '../../spec/grouped.js';
import { componentStates, type ComponentState, type DriftKind } from '../../spec/words.js';
import { notFound, type Reader } from '../database.js';
import { readableDocument } from '../documents/stored-document.js';
import { stored } from '../json.js';
import { onlineMs } from '../nodes/index.js';

export interface PlacementState {
  host: string;
  component: string;
  state: ComponentState;
  detail: string;
  /** The version it was compared with; null: its host has not said anything of it. */
  version: number | null;
  since: string | null;
  seen_at: string | null;
  kinds: DriftKind[];
  fields: DriftField[];
}
export interface DriftView { deploy_id: string; version: number | null; drifted: boolean; kinds: DriftKind[]; placements: PlacementState[] }
/** `placements`: how many of them have drifted. */
export interface DriftSummary { placements: number; kinds: DriftKind[] }
export interface ObservedSummary { drift: DriftSummary; observed: Partial<Record<ComponentState, number>> }

/** Hosts tell everything again every minute; what is older was seen by a worker that does not look any more. */
const staleMs = 4 * 60_000;

export interface Row { deploy_id: string; host: string; component: string; version: number; state: string; detail: string; drift: unknown; since: Date; seen_at: Date; last_seen_at: Date | null }

const rowsOf = (db: Reader, deployIds: readonly string[]): Promise<Row[]> => db.$queryRaw<Row[]>`
  SELECT s.deploy_id, s.host, s.component, s.version, s.state, s.detail, s.drift, s.since, s.seen_at, n.last_seen_at
  FROM component_states s LEFT JOIN nodes n ON n.name = s.host WHERE s.deploy_id = ANY(${[...deployIds]}) ORDER BY s.deploy_id, s.host, s.component`;

const isOnline = (lastSeen: Date | null | undefined, now: number): boolean => lastSeen != null && now - lastSeen.getTime() < onlineMs;

/** What nobody has looked at lately is not known; what was known before its host fell silent stays as the detail. */
function stateOf(row: Row, now: number): Pick<PlacementState, 'state' | 'detail'> {
  const seen = componentStates.find((word) => word === row.state) ?? 'unknown';
  if (!isOnline(row.last_seen_at, now)) return { state: 'host_offline', detail: `${row.host} does not speak; it was ${seen} when it was seen last` };
  if (now - row.seen_at.getTime() > staleMs) return { state: 'unknown', detail: `its host speaks, but has not looked at it lately; it was ${seen}` };
  return { state: seen, detail: row.detail };
}

export function placementState(row: Row, now: number): PlacementState {
  const fields = stored<DriftField[]>(row.drift as never);
  return { host: row.host, component: row.component, ...stateOf(row, now), version: row.version, since: row.since.toISOString(), seen_at: row.seen_at.toISOString(), kinds: kindsOf(fields), fields };
}

const unseen = (host: string, component: string, online: boolean): PlacementState => ({
  host, component, state: online ? 'unknown' : 'host_offline', detail: online ? 'its host has not looked at it yet' : `${host} does not speak`, version: null, since: null, seen_at: null, kinds: [], fields: [],
});

interface HostRow extends Omit<Row, 'component'> { /** null: nothing was seen of the deploy on this host. */ component: string | null }

/** Of the hosts of a document, and of whatever else is known of the deploy. */
const rowsOnHosts = (db: Reader, deployId: string, hosts: readonly string[]): Promise<HostRow[]> => db.$queryRaw<HostRow[]>`
  SELECT s.deploy_id, h.host, s.component, s.version, s.state, s.detail, s.drift, s.since, s.seen_at, n.last_seen_at
  FROM (SELECT unnest(${[...hosts]}::text[]) AS host UNION SELECT host FROM component_states WHERE deploy_id = ${deployId}) h
  LEFT JOIN nodes n ON n.name = h.host LEFT JOIN component_states s ON s.host = h.host AND s.deploy_id = ${deployId} ORDER BY h.host, s.component`;

/** Of every placement of the document, by one question; the summary is over all that is known of the deploy. */
export async function placementStates(db: Reader, deployId: string, document: DeployDocument | null): Promise<{ placements: PlacementState[]; summary: ObservedSummary }> {
  const placed = document === null ? [] : placements(document);
  const rows = await rowsOnHosts(db, deployId, [...new Set(placed.map(({ host }) => host))]);
  const now = Date.now();
  const online = new Set(rows.filter(({ last_seen_at: lastSeen }) => isOnline(lastSeen, now)).map(({ host }) => host));
  const states = rows.flatMap(({ component, ...row }) => (component === null ? [] : [placementState({ ...row, component }, now)]));
  const seen = new Map(states.map((state) => [`${state.host}/${state.component}`, state]));
  return { placements: placed.map(({ host, component }) => seen.get(`${host}/${component}`) ?? unseen(host, component, online.has(host))), summary: summaryOf(states) };
}

/** The version that counts: the active one, else the one rolled out last; null when none ever was. */
export async function getDrift(db: Reader, deployId: string): Promise<DriftView> {
  const deploy = await db.deploy.findFirst({ where: { id: deployId, deleted_at: null }, select: { active_version: true, rollouts: { orderBy: { created_at: 'desc' }, take: 1, select: { version: true } } } });
  if (!deploy) throw notFound('deploy', deployId);
  const version = deploy.active_version ?? deploy.rollouts[0]?.version ?? null;
  const content = version === null ? null : await db.version.findUnique({ where: { deploy_id_number: { deploy_id: deployId, number: version } }, select: { yaml: true } });
  const { placements: states } = await placementStates(db, deployId, content === null ? null : readableDocument(content.yaml));
  const kinds = kindsOf(states.flatMap(({ fields }) => fields));
  return { deploy_id: deployId, version, drifted: kinds.length > 0, kinds, placements: states };
}

/** For lists, by one question for all of them. */
export async function observedSummaries(db: Reader, deployIds: readonly string[]): Promise<Map<string, ObservedSummary>> {
  const now = Date.now();
  const rows = grouped(deployIds.length === 0 ? [] : await rowsOf(db, deployIds), ({ deploy_id: id }) => id);
  return new Map(deployIds.map((id) => [id, summaryOf((rows.get(id) ?? []).map((row) => placementState(row, now)))]));
}

function summaryOf(states: readonly PlacementState[]): ObservedSummary {
  const drifted = states.filter(({ kinds }) => kinds.length > 0);
  const counts = [...grouped(states, ({ state }) => state)].map(([state, found]) => [state, found.length] as const);
  return { drift: { placements: drifted.length, kinds: kindsOf(drifted.flatMap(({ fields }) => fields)) }, observed: Object.fromEntries(counts) };
}

/** Observed state and drift as the API shows them. Whether a host still speaks is found out when it is asked. */
import { kindsOf, type DriftField } from '../../spec/drift.js';
import { placements } from '../../spec/document/index.js';
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

interface Row { deploy_id: string; host: string; component: string; version: number; state: string; detail: string; drift: unknown; since: Date; seen_at: Date; last_seen_at: Date | null }

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

function placementState(row: Row, now: number): PlacementState {
  const fields = stored<DriftField[]>(row.drift as never);
  return { host: row.host, component: row.component, ...stateOf(row, now), version: row.version, since: row.since.toISOString(), seen_at: row.seen_at.toISOString(), kinds: kindsOf(fields), fields };
}

const unseen = (host: string, component: string, online: boolean): PlacementState => ({
  host, component, state: online ? 'unknown' : 'host_offline', detail: online ? 'its host has not looked at it yet' : `${host} does not speak`, version: null, since: null, seen_at: null, kinds: [], fields: [],
});

/** Of every placement of the version that counts: the active one, else the one rolled out last. Empty when none ever was. */
export async function placementStates(db: Reader, deployId: string): Promise<{ version: number | null; placements: PlacementState[] }> {
  const version = await versionThatCounts(db, deployId);
  if (version === null) return { version, placements: [] };
  const content = await db.version.findUnique({ where: { deploy_id_number: { deploy_id: deployId, number: version } }, select: { yaml: true } });
  const document = content ? readableDocument(content.yaml) : null;
  const placed = document ? placements(document) : [];
  const [rows, nodes] = await Promise.all([rowsOf(db, [deployId]), db.node.findMany({ where: { name: { in: [...new Set(placed.map(({ host }) => host))] } }, select: { name: true, last_seen_at: true } })]);
  const now = Date.now();
  const seen = new Map(rows.map((row) => [`${row.host}/${row.component}`, placementState(row, now)]));
  const online = new Set(nodes.filter(({ last_seen_at: lastSeen }) => isOnline(lastSeen, now)).map(({ name }) => name));
  return { version, placements: placed.map(({ host, component }) => seen.get(`${host}/${component}`) ?? unseen(host, component, online.has(host))) };
}

async function versionThatCounts(db: Reader, deployId: string): Promise<number | null> {
  const deploy = await db.deploy.findFirst({ where: { id: deployId, deleted_at: null }, select: { active_version: true, rollouts: { orderBy: { created_at: 'desc' }, take: 1, select: { version: true } } } });
  if (!deploy) throw notFound('deploy', deployId);
  return deploy.active_version ?? deploy.rollouts[0]?.version ?? null;
}

export async function getDrift(db: Reader, deployId: string): Promise<DriftView> {
  const { version, placements: states } = await placementStates(db, deployId);
  const kinds = kindsOf(states.flatMap(({ fields }) => fields));
  return { deploy_id: deployId, version, drifted: kinds.length > 0, kinds, placements: states };
}

/** For lists, by one question for all of them. */
export async function observedSummaries(db: Reader, deployIds: readonly string[]): Promise<Map<string, ObservedSummary>> {
  const now = Date.now();
  const found = new Map<string, ObservedSummary>(deployIds.map((id) => [id, { drift: { placements: 0, kinds: [] }, observed: {} }]));
  for (const row of deployIds.length === 0 ? [] : await rowsOf(db, deployIds)) {
    const summary = found.get(row.deploy_id);
    if (summary === undefined) continue;
    const { state, kinds } = placementState(row, now);
    summary.observed[state] = (summary.observed[state] ?? 0) + 1;
    if (kinds.length > 0) summary.drift = { placements: summary.drift.placements + 1, kinds: kindsOf([...summary.drift.kinds, ...kinds].map((kind) => ({ kind }))) };
  }
  return found;
}

/** Deploys as the API shows them. A fixed number of queries for any number of rows. */
import type { Deploy } from '../../prisma/generated/client.js';
import { documentHosts, type DeployDocument } from '../../spec/document/index.js';
import type { RolloutKind, RolloutState } from '../../spec/words.js';
import { amongDeploys, type Scope } from '../access/index.js';
import { notFound, type Reader } from '../database.js';
import { readableDocument } from '../documents/stored-document.js';
import { observedSummaries, placementStates, type ObservedSummary, type PlacementState } from '../observed/index.js';
import { pageLimit, readCursor, toPage, type Page, type PageRequest } from '../paging.js';
import { deployState, type DeployState } from './state.js';

export interface LastRollout { rollout_id: string; state: RolloutState; kind: RolloutKind; version: number; started_at: string | null; ended_at: string | null }
/** `observed`: how many placements are in which state. */
export interface DeploySummary extends ObservedSummary {
  deploy_id: string;
  name: string;
  state: DeployState;
  active_version: number | null;
  latest_version: number;
  last_rollout: LastRollout | null;
  updated_at: string;
}
export type DeployHead = Pick<DeploySummary, 'deploy_id' | 'name' | 'active_version' | 'latest_version'>;
export interface RolloutOfVersion { rollout_id: string; state: RolloutState; started_at: string | null; ended_at: string | null }
export interface VersionSummary { number: number; kind: RolloutKind; parent: number | null; component: string | null; component_from: number | null; submitted_by: string; created_at: string; rollouts: RolloutOfVersion[] }
/** `versions`: the newest 200, newest first; listVersions has all. `hosts`, `components`: of the latest version. */
export interface DeployView extends DeploySummary { description: string; versions: VersionSummary[]; hosts: string[]; components: string[]; placements: PlacementState[] }
export interface VersionView extends VersionSummary { yaml: string; files: { path: string; size: number; sha256: string; mode: number }[] }

const versionsShown = 200;
const rolloutsShown = 1000;
const time = (date: Date | null): string | null => date?.toISOString() ?? null;

/** Living deploys by name, of those in `scope`. */
export async function listDeploys(db: Reader, request: PageRequest = {}, scope?: Scope): Promise<Page<DeploySummary>> {
  const limit = pageLimit(request.limit);
  const [after] = readCursor(request.cursor, 1) ?? [];
  const rows = await db.deploy.findMany({
    where: { deleted_at: null, AND: amongDeploys(scope).map((id) => ({ id })), ...(after === undefined ? {} : { name: { gt: after } }) },
    orderBy: { name: 'asc' },
    take: limit + 1,
  });
  const ids = rows.map(({ id }) => id);
  const [last, observed] = await Promise.all([lastRollouts(db, ids), observedSummaries(db, ids)]);
  return toPage(rows, limit, (row) => summary(row, last.get(row.id) ?? null, observed.get(row.id)), (row) => [row.name]);
}

/** What is asked before something is done to a deploy; its history is not. Throws `not_found` for unknown and for deleted deploys. */
export async function findDeploy(db: Reader, deployId: string): Promise<DeployHead> {
  const deploy = await living(db, deployId);
  return { deploy_id: deploy.id, name: deploy.name, active_version: deploy.active_version, latest_version: deploy.latest_version };
}

async function living(db: Reader, deployId: string): Promise<Deploy> {
  const deploy = await db.deploy.findFirst({ where: { id: deployId, deleted_at: null } });
  if (!deploy) throw notFound('deploy', deployId);
  return deploy;
}

/** Throws `not_found` for unknown and for deleted deploys. */
export async function getDeploy(db: Reader, deployId: string): Promise<DeployView> {
  const deploy = await living(db, deployId);
  const last = (await lastRollouts(db, [deployId])).get(deployId) ?? null;
  // What is seen on hosts is compared with the active version, or before there is one with what was rolled out last.
  const counts = deploy.active_version ?? last?.version;
  const [versions, contents] = await Promise.all([
    listVersions(db, deployId, { limit: versionsShown }),
    db.version.findMany({ where: { deploy_id: deployId, number: { in: [deploy.latest_version, ...(counts === undefined ? [] : [counts])] } }, select: { number: true, yaml: true } }),
  ]);
  const documentOf = (number: number | undefined): DeployDocument | null => {
    const content = contents.find((version) => version.number === number);
    return content === undefined ? null : readableDocument(content.yaml);
  };
  const document = documentOf(deploy.latest_version);
  const states = await placementStates(db, deployId, counts === deploy.latest_version ? document : documentOf(counts));
  return {
    ...summary(deploy, last, states.summary),
    description: deploy.description,
    versions: versions.items,
    hosts: document ? documentHosts(document) : [],
    components: document ? Object.keys(document.components) : [],
    placements: states.placements,
  };
}

const versionFields = { number: true, kind: true, parent: true, component: true, component_from: true, submitted_by: true, created_at: true } as const;

/** Newest first. Works for deleted deploys too: what was submitted stays. */
export async function listVersions(db: Reader, deployId: string, request: PageRequest = {}): Promise<Page<VersionSummary>> {
  const limit = pageLimit(request.limit);
  const [before] = readCursor(request.cursor, 1) ?? [];
  const rows = await db.version.findMany({
    where: { deploy_id: deployId, ...(before === undefined ? {} : { number: { lt: Number.parseInt(before, 10) || 0 } }) },
    orderBy: { number: 'desc' },
    take: limit + 1,
    select: versionFields,
  });
  const rollouts = await rolloutsOf(db, deployId, rows.map(({ number }) => number));
  return toPage(rows, limit, (row) => versionSummary(row, rollouts), (row) => [String(row.number)]);
}

export async function getVersion(db: Reader, deployId: string, number: number): Promise<VersionView> {
  const version = await db.version.findUnique({
    where: { deploy_id_number: { deploy_id: deployId, number } },
    select: { ...versionFields, yaml: true, files: { orderBy: { path: 'asc' }, select: { path: true, sha256: true, mode: true, blob: { select: { size: true } } } } },
  });
  if (!version) throw notFound('version', `${deployId}/v${number}`);
  const files = version.files.map(({ path, sha256, mode, blob }) => ({ path, size: blob.size, sha256, mode }));
  return { ...versionSummary(version, await rolloutsOf(db, deployId, [number])), yaml: version.yaml, files };
}

type VersionRow = Pick<VersionSummary, 'number' | 'kind' | 'parent' | 'component' | 'component_from' | 'submitted_by'> & { created_at: Date };

const versionSummary = ({ number, kind, parent, component, component_from, submitted_by, created_at }: VersionRow, rollouts: Map<number, RolloutOfVersion[]>): VersionSummary =>
  ({ number, kind, parent, component, component_from, submitted_by, created_at: created_at.toISOString(), rollouts: rollouts.get(number) ?? [] });

async function rolloutsOf(db: Reader, deployId: string, versions: number[]): Promise<Map<number, RolloutOfVersion[]>> {
  const rows = await db.rollout.findMany({
    where: { deploy_id: deployId, version: { in: versions } },
    orderBy: [{ created_at: 'desc' }, { id: 'desc' }],
    take: rolloutsShown,
    select: { id: true, version: true, state: true, started_at: true, ended_at: true },
  });
  const found = new Map<number, RolloutOfVersion[]>(versions.map((number) => [number, []]));
  for (const { id, version, state, started_at, ended_at } of rows) found.get(version)?.push({ rollout_id: id, state, started_at: time(started_at), ended_at: time(ended_at) });
  return found;
}

const summary = (deploy: Deploy, last: LastRollout | null, seen: ObservedSummary = { drift: { placements: 0, kinds: [] }, observed: {} }): DeploySummary => ({
  deploy_id: deploy.id,
  name: deploy.name,
  state: deployState(last?.state ?? null, deploy.active_version, seen),
  active_version: deploy.active_version,
  latest_version: deploy.latest_version,
  last_rollout: last,
  ...seen,
  updated_at: deploy.updated_at.toISOString(),
});

interface LastRow { deploy_id: string; id: string; state: RolloutState; kind: RolloutKind; version: number; started_at: Date | null; ended_at: Date | null }

async function lastRollouts(db: Reader, deployIds: string[]): Promise<Map<string, LastRollout>> {
  if (deployIds.length === 0) return new Map();
  const rows = await db.$queryRaw<LastRow[]>`
    SELECT DISTINCT ON (deploy_id) deploy_id, id, state::text, kind::text, version, started_at, ended_at
    FROM rollouts WHERE deploy_id = ANY(${deployIds}) ORDER BY deploy_id, created_at DESC, id DESC`;
  return new Map(rows.map(({ deploy_id, id, state, kind, version, started_at, ended_at }) =>
    [deploy_id, { rollout_id: id, state, kind, version, started_at: time(started_at), ended_at: time(ended_at) }]));
}

/** Removing as part of a rollout's record: a step for every placement that goes, and what was removed as its output. */
import { inTransaction, type Db, type Tx } from '../database.js';
import { appendEvents, type EventInput } from '../events/index.js';
import { recordSteps, startLoaded, type StepRecord } from '../rollouts/index.js';
import { loadRollout } from '../rollouts/load-rollout.js';
import { hostsOf } from './on-host.js';

export interface RemovedPlacement { component: string; whole: boolean; removed: string[]; kept: string[] }
/** `steps`: placements that are to go, by host; a host without one may still have leftovers of placements that stay. */
export interface BegunRemovals { hosts: string[]; steps: Record<string, string[]> }

interface Former { host: string; component: string }

/** Where the deploy ever was, and has not been removed since; except what `rolloutId` itself places. */
function formerPlacements(db: Tx, deployId: string, rolloutId: string): Promise<Former[]> {
  return db.$queryRaw<Former[]>`
    SELECT host, component FROM (
      SELECT DISTINCT ON (s.host, s.component) s.host, s.component, s.action, s.state::text AS state
      FROM steps s JOIN rollouts r ON r.id = s.rollout_id
      WHERE r.deploy_id = ${deployId} AND s.rollout_id <> ${rolloutId} AND s.state NOT IN ('pending', 'waiting', 'blocked')
      ORDER BY s.host, s.component, r.created_at DESC
    ) AS latest
    WHERE NOT (action IS NOT DISTINCT FROM 'remove' AND state = 'succeeded')
      AND NOT EXISTS (SELECT 1 FROM steps WHERE rollout_id = ${rolloutId} AND host = latest.host AND component = latest.component AND action IS DISTINCT FROM 'remove')
    ORDER BY host, component`;
}

/** Repeating it answers the same. */
export async function beginRemovals(db: Db, rolloutId: string): Promise<BegunRemovals> {
  const { deploy_id: deployId, graph } = await loadRollout(db, rolloutId);
  const bindings = new Map(graph.steps.map(({ id, binding }) => [id, binding]));
  await inTransaction(db, async (tx) => {
    const former = await formerPlacements(tx, deployId, rolloutId);
    const rows = former.map(({ host, component }, index) => ({ rollout_id: rolloutId, host, component, binding: bindings.get(`${host}/${component}`) ?? -1, position: graph.steps.length + index, action: 'remove', phases: [] }));
    await tx.step.createMany({ data: rows, skipDuplicates: true });
  });
  const rows = await db.step.findMany({ where: { rollout_id: rolloutId, action: 'remove' }, orderBy: { position: 'asc' }, select: { host: true, component: true } });
  const hosts = [...new Set([...(await hostsOf(db, deployId)), ...rows.map(({ host }) => host)])];
  return { hosts, steps: Object.fromEntries(hosts.map((host) => [host, rows.filter((row) => row.host === host).map(({ component }) => component)])) };
}

/** A rollout that only removes: `pending` → `running`, without the steps that its version would have. */
export async function startTeardown(db: Db, rolloutId: string): Promise<{ state: string }> {
  const loaded = await loadRollout(db, rolloutId);
  return startLoaded(db, { ...loaded, graph: { steps: [] } });
}

/** `failure`: why they could not be carried out. */
export interface RemovalOutcome { components: string[]; placements: RemovedPlacement[]; failure: StepRecord['failure'] | null }

/** The end of one host's removals. */
export async function recordRemovals(db: Db, rolloutId: string, host: string, outcome: RemovalOutcome): Promise<void> {
  const { components, placements, failure } = outcome;
  const found = new Map(placements.map((placement) => [placement.component, placement]));
  const steps = components.map((component): StepRecord => {
    const step = { step: `${host}/${component}`, attempt: 1, action: 'remove' as const };
    if (failure) return { ...step, state: 'failed', reason: failure.message, failure };
    const { removed, kept } = found.get(component) ?? { removed: [], kept: [] };
    return { ...step, state: removed.length > 0 || kept.length > 0 ? 'succeeded' : 'unchanged', operations: removed.map((text) => `remove ${text}`), reason: kept.length === 0 ? '' : `stays: ${kept.join('; ')}` };
  });
  await recordSteps(db, rolloutId, steps);
  await tell(db, rolloutId, host, placements);
}

const linesMax = 1_000;

async function tell(db: Db, rolloutId: string, host: string, placements: readonly RemovedPlacement[]): Promise<void> {
  const rollout = await db.rollout.findUnique({ where: { id: rolloutId }, select: { deploy_id: true } });
  const events = placements.filter(({ removed, kept }) => removed.length + kept.length > 0).map(({ component, removed, kept }): EventInput => ({
    type: 'step.output', rollout_id: rolloutId, host, component, ...(rollout ? { deploy_id: rollout.deploy_id } : {}), dedupe_key: `prune/${rolloutId}/${host}/${component}`,
    data: { lines: [...removed.map((text) => `removed ${text}`), ...kept.map((why) => `stays: ${why}`)].slice(0, linesMax).map((text) => ({ stream: 'info', text })) },
  }));
  await appendEvents(db, events);
}

/** The steps of a host begin. */
export const recordRemoving = (db: Db, rolloutId: string, host: string, components: readonly string[]): Promise<void> =>
  recordSteps(db, rolloutId, components.map((component) => ({ step: `${host}/${component}`, state: 'running', attempt: 1, action: 'remove' as const })));

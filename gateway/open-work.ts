/** What a host may see and say: only of runs that touch it, while they are open. Everything else does not exist for it. */
import type { ArtifactStore } from '../control/artifacts/index.js';
import type { DesiredOptions, Renderer } from '../control/rendering/desired.js';
import { plannedFingerprints, unplanned } from '../control/plans/index.js';
import { getRollout } from '../control/rollouts/index.js';
import { openRun, openRunOn, type OpenRun } from '../control/runs.js';
import type { PrismaClient } from '../prisma/client.js';
import type { DesiredPlacement } from '../spec/desired.js';
import { MaestroError } from '../spec/errors.js';

export interface WorkDeps { db: PrismaClient; renderer: Renderer; artifacts: ArtifactStore }
export interface HostWork { run: OpenRun; placements: DesiredPlacement[] }

/** One answer for unknown, ended and foreign runs, so that a host learns nothing of others. */
export const noSuchWork = (): MaestroError => new MaestroError('not_found', 'There is no open run of that id on this host', { fix: 'Nothing is to be done; the run has ended or is not for this host.' });

async function placementsOf({ renderer }: WorkDeps, host: string, run: OpenRun | null, options: DesiredOptions = {}): Promise<HostWork> {
  if (run === null || (run.host !== undefined && run.host !== host)) throw noSuchWork();
  const { only } = run;
  if (only !== undefined && (options.component ?? only.component) !== only.component) throw noSuchWork();
  const placements = await renderer.desired(run.deploy_id, only ?? run.version, host, only === undefined ? options : { ...options, component: only.component });
  if (placements.length === 0) throw noSuchWork();
  return { run, placements };
}

export async function workOf(deps: WorkDeps, host: string, runId: string, options: DesiredOptions): Promise<HostWork> {
  const found = await openRunOn(deps.db, runId, host);
  const work = await placementsOf(deps, host, found?.run ?? null, options);
  // Each host compares what it sees with what it saw when the plan was made that is carried out now.
  const planned = found?.planned === true ? await plannedFingerprints(deps.db, runId, host) : null;
  const allowed = found?.allowed ?? [];
  return { ...work, placements: work.placements.map((placement) => ({
    ...placement, ...(planned === null ? {} : { planned: planned.get(placement.component) ?? unplanned }), ...(allowed.length === 0 ? {} : { allowed }),
  })) };
}

/** A host that could not reach us keeps its output and sends it when it can, which may be after the end. */
const lateReportMs = 10 * 60 * 1000;

/** Like workOf, and for a little while after a rollout has ended. */
export async function reportableWork(deps: WorkDeps, host: string, runId: string): Promise<HostWork> {
  return placementsOf(deps, host, (await openRun(deps.db, runId)) ?? (await endedRun(deps.db, runId)), { unpinned: true });
}

async function endedRun(db: PrismaClient, runId: string): Promise<OpenRun | null> {
  if (!runId.startsWith('rol_')) return null;
  const { deploy_id, version, ended_at: endedAt } = await getRollout(db, runId).catch((error: unknown) => {
    throw error instanceof MaestroError && error.code === 'not_found' ? noSuchWork() : error;
  });
  if (endedAt === null || Date.now() - Date.parse(endedAt) > lateReportMs) return null;
  return { run_id: runId, deploy_id, version, rollout_id: runId };
}

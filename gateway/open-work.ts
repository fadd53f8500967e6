/** What a host may see and say: only of runs that are open and touch it. Everything else does not exist for it. */
import type { Renderer } from '../control/rendering/desired.js';
import { openRun, type OpenRun } from '../control/runs.js';
import type { PrismaClient } from '../prisma/client.js';
import type { DesiredPlacement } from '../spec/desired.js';
import { MaestroError } from '../spec/errors.js';

export interface WorkDeps { db: PrismaClient; renderer: Renderer }
export interface HostWork { run: OpenRun; placements: DesiredPlacement[] }

/** One answer for unknown, ended and foreign runs, so that a host learns nothing of others. */
const noSuchWork = (): MaestroError => new MaestroError('not_found', 'There is no open run of that id on this host', { fix: 'Nothing is to be done; the run has ended or is not for this host.' });

export async function workOf({ db, renderer }: WorkDeps, host: string, runId: string, options: { component?: string; withContent?: boolean } = {}): Promise<HostWork> {
  const run = await openRun(db, runId);
  if (run === null) throw noSuchWork();
  const placements = await renderer.desired(run.deploy_id, run.version, host, options);
  if (placements.length === 0) throw noSuchWork();
  return { run, placements };
}

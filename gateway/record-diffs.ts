/** The lines of files that a host shows for a plan; of its own placements, and as long as the plan is being made. */
import { keepDiffs } from '../control/plans/index.js';
import { MaestroError } from '../spec/errors.js';
import type { Diffs } from './messages.js';
import { workOf, type WorkDeps } from './open-work.js';

export async function recordDiffs(deps: WorkDeps, host: string, { run, files }: Diffs): Promise<void> {
  const { placements } = await workOf(deps, host, run, {});
  const own = new Set(placements.map(({ component }) => component));
  const foreign = files.find(({ component }) => !own.has(component));
  if (foreign !== undefined) throw new MaestroError('not_found', `${foreign.component} is not placed on this host by that plan`, { fix: 'Report on this host\'s own placements only.' });
  await keepDiffs(deps.db, run, host, files);
}

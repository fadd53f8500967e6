/** A host's output and phases become events, once each, whatever happens between the host and here. */
import { appendEvents, type EventInput } from '../control/events/index.js';
import { MaestroError } from '../spec/errors.js';
import type { Report } from './messages.js';
import { reportableWork, type WorkDeps } from './open-work.js';

export async function recordReport(deps: WorkDeps, host: string, { run: runId, entries }: Report): Promise<void> {
  const { run, placements } = await reportableWork(deps, host, runId);
  const own = new Set(placements.map(({ component }) => component));
  const foreign = entries.find(({ component }) => !own.has(component));
  if (foreign !== undefined) throw new MaestroError('not_found', `${foreign.component} is not placed on this host by that run`, { fix: 'Report on this host\'s own placements only.' });
  const events = entries.map(({ key, component, type, ts, data }): EventInput => ({
    type, ts, data, host, component, deploy_id: run.deploy_id, ...(run.rollout_id === null ? {} : { rollout_id: run.rollout_id }),
    dedupe_key: `${host}/${runId}/${key}`,
  }));
  await appendEvents(deps.db, events);
}

/** A host says what a name of its version means, and is told what stands: what was said first, by any host. */
import { contentVersionsOf } from '../control/deploys/content-version.js';
import { recordPins } from '../control/pins/index.js';
import { MaestroError } from '../spec/errors.js';
import { type KeptPin, type Pin, pinKey } from '../spec/pins.js';
import type { PinRequest } from './messages.js';
import { workOf, type WorkDeps } from './open-work.js';

/** Only of what an open rollout places on this host; which names that are is read from the version, not from the host. */
export async function pinForHost(deps: WorkDeps, host: string, { run: runId, pins }: PinRequest): Promise<Pin[]> {
  const { run, placements } = await workOf(deps, host, runId, {});
  const kept = pins.map(({ component, kind, value }): KeptPin => {
    const placement = placements.find((candidate) => candidate.component === component);
    const key = placement === undefined ? null : pinKey(placement, kind);
    if (key === null) throw new MaestroError('not_found', `${component} has nothing of the kind ${kind} to be pinned on this host`, { fix: 'Pin what the run places on this host only.' });
    return { kind, key, value };
  });
  // A plan decides nothing.
  if (run.rollout_id === null) throw new MaestroError('conflict', 'A plan pins nothing', { fix: 'Pin in a rollout.' });
  const versionOf = await contentVersionsOf(deps.db, run.deploy_id, run.version);
  const standing = new Map<number, KeptPin>();
  for (const version of new Set(pins.map(({ component }) => versionOf(component)))) {
    const own = pins.flatMap(({ component }, index) => (versionOf(component) === version ? [index] : []));
    const recorded = await recordPins(deps.db, { deployId: run.deploy_id, version }, host, own.flatMap((index) => kept[index] ?? []));
    own.forEach((index, at) => { const pin = recorded[at]; if (pin !== undefined) standing.set(index, pin); });
  }
  return pins.map(({ component, kind, value }, index) => ({ component, kind, value: standing.get(index)?.value ?? value }));
}

/**
 * The last look before the first effect, in a rollout that carries out a plan: is the placement as it was planned on? What an
 * attempt of this very rollout has left behind is not somebody else's doing; the next attempt compares with that instead.
 */
import type { DesiredPlacement } from '../../spec/desired.js';
import { movedParts } from '../../spec/fingerprint.js';
import type { ObservedPlacement } from '../../spec/observed.js';
import type { AttemptKey } from '../journal/journal.js';
import { loginsOf } from '../credentials/logins.js';
import { fingerprints, staleError } from '../observe/fingerprints.js';
import { observePlacements } from '../observe/observe.js';
import type { HostDeps } from './host-deps.js';

/** Throws plan_stale, naming what moved. */
export async function refuseMoved(deps: HostDeps, key: AttemptKey, desired: DesiredPlacement, observed: ObservedPlacement): Promise<void> {
  if (desired.planned === undefined) return;
  const { attempt } = await deps.journal.placement(key);
  const own = attempt !== null && attempt.run_id === key.run_id;
  // An attempt that was cut off before it could look back has left no word of how things were then.
  const expected = own ? attempt.left ?? null : desired.planned;
  const [now] = await fingerprints(deps.stateFolder, [desired], [observed]);
  const moved = expected === null || now === undefined ? [] : movedParts(expected, now);
  if (moved.length > 0) throw staleError(desired, moved);
}

/** The same for whoever has not looked yet. */
export async function lookForMoved(deps: HostDeps, key: AttemptKey, desired: DesiredPlacement, signal: AbortSignal): Promise<void> {
  if (desired.planned === undefined) return;
  const { observed: [observed] } = await observePlacements(deps, [desired], signal, 'unless_here', loginsOf(deps.control, key.run_id, signal, desired.component));
  if (observed !== undefined) await refuseMoved(deps, key, desired, observed);
}

/** Notes how a failed attempt has left the placement; callers hold its lock. */
export async function noteLeft(deps: HostDeps, key: AttemptKey, desired: DesiredPlacement, signal: AbortSignal): Promise<void> {
  if (desired.planned === undefined) return;
  const record = await deps.journal.placement(key);
  if (record.attempt === null || record.attempt.run_id !== key.run_id) return;
  const { observed } = await observePlacements(deps, [desired], signal, 'unless_here', loginsOf(deps.control, key.run_id, signal, desired.component));
  const [left] = await fingerprints(deps.stateFolder, [desired], observed);
  if (left !== undefined) await deps.journal.savePlacement({ ...record, attempt: { ...record.attempt, left } });
}

/** The states a rollout goes through; a final one is never left. */
import type { Rollout, Step } from '../../prisma/generated/client.js';
import { isOpenRollout, type RolloutState } from '../../spec/words.js';
import { inTransaction, type Db, type Tx } from '../database.js';
import { appendEvents, type EventInput } from '../events/index.js';
import { forgetStates, forgetUnplaced } from '../observed/index.js';
import { lockRollout } from './lock-rollout.js';
import { loadRollout, type LoadedRollout } from './load-rollout.js';
import { rolloutEvent } from './open-rollout.js';
import { stepEvent, stepRowOf } from './record-steps.js';

/** `state` is what the rollout is in now; `changed` says whether this call did it. */
export interface RecordedState { state: RolloutState; changed: boolean }

/** `pending` → `running`, and a `pending` step row for every placement. Repeating it changes nothing. */
export async function startRollout(db: Db, rolloutId: string): Promise<RecordedState> {
  return startLoaded(db, await loadRollout(db, rolloutId));
}

/** The same for whoever has loaded it. */
export function startLoaded(db: Db, { rollout_id: rolloutId, graph }: LoadedRollout): Promise<RecordedState> {
  return inTransaction(db, async (tx) => {
    const rollout = await lockRollout(tx, rolloutId);
    if (rollout.state !== 'pending') return { state: rollout.state, changed: false };
    const steps = graph.steps.map(({ host, component, binding }, position) => ({ rollout_id: rolloutId, host, component, binding, position, phases: [] }));
    await tx.step.createMany({ data: steps, skipDuplicates: true });
    await tx.rollout.update({ where: { id: rolloutId }, data: { state: 'running', started_at: new Date() } });
    await appendEvents(tx, [rolloutEvent(rollout, 'running', '')]);
    return { state: 'running', changed: true };
  });
}

/**
 * Conditional: nothing happens when the rollout has ended, or is in this state for this reason already. `succeeded`
 * moves the deploy's active version in the same transaction, and no other state does.
 */
export async function recordRolloutState(db: Db, rolloutId: string, { state, reason }: { state: RolloutState; reason: string }): Promise<RecordedState> {
  return inTransaction(db, async (tx) => {
    const rollout = await lockRollout(tx, rolloutId);
    const same = rollout.state === state && rollout.reason === reason;
    if (same || !isOpenRollout(rollout.state)) return { state: rollout.state, changed: false };
    const now = new Date();
    const ended_at = isOpenRollout(state) ? null : now;
    await tx.rollout.update({ where: { id: rolloutId }, data: { state, reason, ended_at, started_at: rollout.started_at ?? (state === 'running' ? now : null) } });
    if (ended_at) await settleDeploy(tx, rollout, state, now);
    const takenBack = state === 'succeeded' && rollout.rollback_of !== null ? await closeTakenBack(tx, rollout.rollback_of, rollout) : [];
    await appendEvents(tx, [rolloutEvent(rollout, state, reason), ...takenBack]);
    return { state, changed: true };
  });
}

/** Only now is it true that the other one was rolled back, and of which of its steps. */
async function closeTakenBack(tx: Tx, rolloutId: string, by: Rollout): Promise<EventInput[]> {
  const other = await lockRollout(tx, rolloutId);
  if (other.state !== 'failed') return [];
  await tx.rollout.update({ where: { id: rolloutId }, data: { state: 'rolled_back' } });
  const steps = await tx.$queryRaw<Step[]>`
    UPDATE steps SET state = 'rolled_back', updated_at = now() FROM steps b
    WHERE steps.rollout_id = ${rolloutId} AND b.rollout_id = ${by.id} AND b.host = steps.host AND b.component = steps.component
      AND b.state IN ('succeeded', 'unchanged') AND steps.state IN ('succeeded', 'aborted')
    RETURNING steps.*`;
  return [...steps.map((step) => stepEvent(other, stepRowOf(step), step)), rolloutEvent(other, 'rolled_back', other.reason)];
}

async function settleDeploy(tx: Tx, { id, deploy_id, version, kind, rollback_of }: Rollout, state: RolloutState, now: Date): Promise<void> {
  if (kind === 'teardown') return settleTeardown(tx, deploy_id, state, now);
  const succeeded = state === 'succeeded';
  await tx.deploy.update({ where: { id: deploy_id }, data: { current_version: null, ...(succeeded ? { active_version: version } : {}) } });
  // One that takes another back has no steps for what that one did not touch.
  if (succeeded && rollback_of === null) await forgetUnplaced(tx, deploy_id, id);
  if (succeeded) await tx.version.updateMany({ where: { deploy_id, number: version, applied_at: null }, data: { applied_at: now } });
}

/** With nothing of it left on any host, the deploy is out of sight and its name is free. */
async function settleTeardown(tx: Tx, deployId: string, state: RolloutState, now: Date): Promise<void> {
  const gone = state === 'succeeded';
  await tx.deploy.update({ where: { id: deployId }, data: { current_version: null, ...(gone ? { active_version: null, deleted_at: now } : {}) } });
  if (gone) await forgetStates(tx, deployId);
}

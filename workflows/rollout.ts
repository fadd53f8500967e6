/**
 * One apply or rollback, as a runbook: look at every host at once, prepare what needs it, activate each placement
 * when its gates open, and when something fails let the rest finish, then take it back or wait for a person. A rollout
 * holds no process while it waits, and its id is the deploy's lock.
 */
import { condition, makeContinueAsNewFunc, allHandlersFinished } from '@temporalio/workflow';
import { isOpenRollout } from '../spec/words.js';
import { RolloutRun, type RolloutArguments } from './rollout-run.js';
import type { RolloutResult } from './shared.js';

export type { RolloutArguments } from './rollout-run.js';

export async function rollout(input: RolloutArguments): Promise<RolloutResult> {
  const run = new RolloutRun(input);
  // Before anything is waited for: an answer that finds no handler is refused.
  run.listen();
  await run.begin();
  // Started once more after its end was recorded: there is nothing left to do, and the lock must not be held.
  if (!isOpenRollout(run.state)) return { state: run.state };
  for (;;) {
    await run.walkUntilSettled();
    if (run.abortAsked) return run.end('aborted', 'stopped by a person; what was done is listed with each step');
    const rollbackId = await run.rollBack();
    if (rollbackId !== null) return goOnWith(input.deploy_id, rollbackId);
    if (run.board.finished) return run.end('succeeded', '');
    await run.pause();
  }
}

/** The lock goes over to the rollout that takes this one back: no other can come between. */
async function goOnWith(deployId: string, rolloutId: string): Promise<never> {
  await condition(allHandlersFinished);
  return makeContinueAsNewFunc<typeof rollout>({ memo: { rollout_id: rolloutId } })({ rollout_id: rolloutId, deploy_id: deployId });
}

/**
 * Keeps the record true: starts rollouts whose start was lost, ends the record of those whose workflow is gone, and
 * forgets old answers and artifacts. It is a safety net; in a quiet system it finds nothing.
 */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import type { Logger } from 'pino';
import { sweepArtifacts, type ArtifactStore } from '../control/artifacts/index.js';
import { forgetAnswers } from '../control/idempotency/index.js';
import { forgetLogs } from '../control/logs/index.js';
import { openRollouts, pendingRollouts, recordRolloutState } from '../control/rollouts/index.js';
import type { PrismaClient } from '../prisma/client.js';
import { controlQueue, rolloutWorkflowId } from '../spec/words.js';
import { teardownWorkflowType } from '../workflows/shared-removals.js';
import { workflowTypes, type RolloutInput } from '../workflows/shared.js';

export interface SweeperDeps { db: PrismaClient; client: Client; log: Logger; artifacts: ArtifactStore }

/** A start that has not shown after this long is taken as lost. */
const lostAfterMs = 3000;
const sweepEveryMs = 3000;

const passesAnHour = 3_600_000 / sweepEveryMs;
const passesAMinute = 60_000 / sweepEveryMs;

/** Runs until `signal` aborts; an error of one task is logged, the others run, and the next pass comes. */
export async function keepSweeping(deps: SweeperDeps, signal: AbortSignal): Promise<void> {
  const { db, log, artifacts } = deps;
  for (let pass = 0; !signal.aborted; pass += 1) {
    const tasks = [() => startLost(deps), () => endOrphans(deps), ...(pass % passesAnHour === 0 ? [() => forgetAnswers(db), () => sweepArtifacts(db, artifacts)] : []), ...(pass % passesAMinute === 0 ? [() => forgetLogs(db)] : [])];
    for (const task of tasks) await Promise.resolve(task()).catch((error: unknown) => log.warn({ err: error }, 'sweep failed; trying again'));
    await pauseFor(sweepEveryMs, signal);
  }
}

const pauseFor = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });

async function startLost({ db, client, log }: SweeperDeps): Promise<void> {
  for (const { rollout_id, deploy_id, kind, prune } of await pendingRollouts(db, lostAfterMs)) {
    const input: RolloutInput = { rollout_id, deploy_id, ...(prune ? { prune } : {}) };
    try {
      await client.workflow.start(kind === 'teardown' ? teardownWorkflowType : workflowTypes.rollout, {
        taskQueue: controlQueue, workflowId: rolloutWorkflowId(deploy_id), args: [input], memo: { rollout_id },
        workflowIdConflictPolicy: 'FAIL', workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      });
      log.info({ rollout_id }, 'started a rollout whose start was lost');
    } catch (error) {
      // Started by now, or the one before has not quite closed: the next pass looks again.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}

/** A rollout is recorded as ended before its workflow ends, so an open record without an open workflow is an orphan. */
async function endOrphans({ db, client, log }: SweeperDeps): Promise<void> {
  for (const { rollout_id, deploy_id, state } of await openRollouts(db)) {
    if (state === 'pending') continue;
    const found = await describe(client, rolloutWorkflowId(deploy_id));
    const memo = found?.memo?.['rollout_id'];
    if (found !== null && found.status.name === 'RUNNING' && memo === rollout_id) continue;
    const reason = found === null || memo !== rollout_id ? 'its workflow is gone from Temporal' : `its workflow was ended from outside (${found.status.name.toLowerCase()})`;
    await recordRolloutState(db, rollout_id, { state: 'failed', reason: `${reason}; the hosts are as the last steps left them` });
    log.warn({ rollout_id, reason }, 'ended the record of a rollout without a workflow');
  }
}

async function describe(client: Client, workflowId: string): Promise<WorkflowExecutionDescription | null> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

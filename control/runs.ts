/** On whose behalf a host may ask: a rollout or a plan, while it is open. */
import { isOpenRollout } from '../spec/words.js';
import type { Reader } from './database.js';
import type { OneComponent } from './deploys/content.js';
import { openLogRequest } from './logs/index.js';
import { contentOfPlan } from './plans/content.js';

export interface OpenRun { run_id: string; deploy_id: string; version: number; rollout_id: string | null; /** It is for this host alone. */ host?: string; /** It is about one component, as it comes back. */ only?: OneComponent }

/** A host may still look up what a plan asked it about for this long. */
const planOpenMs = 5 * 60 * 1000;

/** Null unless `runId` is a rollout in an open state, a plan made less than five minutes ago, or a question for log lines that is open. */
export async function openRun(db: Reader, runId: string): Promise<OpenRun | null> {
  if (runId.startsWith('pln_')) {
    const plan = await db.plan.findUnique({ where: { id: runId }, select: { deploy_id: true, version: true, component: true, component_from: true, created_at: true } });
    if (!plan || Date.now() - plan.created_at.getTime() > planOpenMs) return null;
    const content = contentOfPlan(plan);
    return { run_id: runId, deploy_id: plan.deploy_id, version: plan.version, rollout_id: null, ...(typeof content === 'number' ? {} : { only: content }) };
  }
  if (runId.startsWith('log_')) {
    const asked = await openLogRequest(db, runId);
    return asked === null ? null : { run_id: runId, deploy_id: asked.deploy_id, version: asked.version, rollout_id: null, host: asked.host };
  }
  const rollout = await db.rollout.findUnique({ where: { id: runId }, select: { deploy_id: true, version: true, state: true } });
  if (!rollout || !isOpenRollout(rollout.state)) return null;
  return { run_id: runId, deploy_id: rollout.deploy_id, version: rollout.version, rollout_id: runId };
}

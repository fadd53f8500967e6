/** On whose behalf a host may ask: a rollout or a plan, while it is open. */
import { isPermission, type Permission } from '../spec/host-policy/permissions.js';
import { isOpenRollout, type RolloutState } from '../spec/words.js';
import type { Reader } from './database.js';
import type { OneComponent } from './deploys/content.js';
import { allowedOn } from './host-policy/index.js';
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
  return openRollout(runId, await db.rollout.findUnique({ where: { id: runId }, select: { deploy_id: true, version: true, state: true } }));
}

interface RolloutRow { deploy_id: string; version: number; state: RolloutState }

function openRollout(id: string, rollout: RolloutRow | null | undefined): OpenRun | null {
  if (!rollout || !isOpenRollout(rollout.state)) return null;
  return { run_id: id, deploy_id: rollout.deploy_id, version: rollout.version, rollout_id: id };
}

/** `planned`: it carries out a plan. `allowed`: on that host, beyond the ordinary. */
export interface HostRun { run: OpenRun; planned: boolean; allowed: Permission[] }

/** As openRun, with what else a host has to know. Of a rollout in one question: no other is asked more often. */
export async function openRunOn(db: Reader, runId: string, host: string): Promise<HostRun | null> {
  if (!runId.startsWith('rol_')) {
    const run = await openRun(db, runId);
    return run === null ? null : { run, planned: false, allowed: (await allowedOn(db, [host])).get(host) ?? [] };
  }
  const [row] = await db.$queryRaw<(RolloutRow & { plan_id: string | null; allow: string[] | null })[]>`
    SELECT r.deploy_id, r.version, r.state::text AS state, r.plan_id, n.allow
    FROM rollouts r LEFT JOIN nodes n ON n.name = ${host} AND n.revoked_at IS NULL WHERE r.id = ${runId}`;
  const run = openRollout(runId, row);
  return run === null ? null : { run, planned: row?.plan_id != null, allowed: (row?.allow ?? []).filter(isPermission) };
}

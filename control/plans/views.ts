import { MaestroError } from '../../spec/errors.js';
import { notFound, type Reader } from '../database.js';
import type { Content } from '../deploys/content.js';
import { stored } from '../json.js';
import { contentOfPlan } from './content.js';
import { withDiffs } from './diffs.js';
import type { PlanHost, PlanSummary } from './record-plan.js';

export interface PlanView { plan_id: string; plan_digest: string; expires_at: string; version: number; component: string | null; component_from: number | null; summary: PlanSummary; hosts: PlanHost[] }
export interface LoadedPlan { plan_id: string; deploy_id: string; version: number; content: Content; created_at: string }

/** The answer to a diff. Throws `unavailable` while the hosts are still being asked. */
export async function getPlan(db: Reader, planId: string): Promise<PlanView> {
  const plan = await db.plan.findUnique({ where: { id: planId } });
  if (!plan) throw notFound('plan', planId);
  if (plan.digest === null || !plan.expires_at) throw new MaestroError('unavailable', `Plan ${planId} is not ready: hosts are still being asked.`, { fix: 'Ask again in a moment.' });
  return { plan_id: planId, plan_digest: plan.digest, expires_at: plan.expires_at.toISOString(), version: plan.version, component: plan.component, component_from: plan.component_from, summary: stored(plan.summary), hosts: await withDiffs(db, planId, stored<PlanHost[]>(plan.hosts)) };
}

export async function loadPlan(db: Reader, planId: string): Promise<LoadedPlan> {
  const plan = await db.plan.findUnique({ where: { id: planId }, select: { deploy_id: true, version: true, component: true, component_from: true, created_at: true } });
  if (!plan) throw notFound('plan', planId);
  return { plan_id: planId, deploy_id: plan.deploy_id, version: plan.version, content: contentOfPlan(plan), created_at: plan.created_at.toISOString() };
}

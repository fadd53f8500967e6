/** Carrying out a plan: exactly what was reviewed, once, or not at all. Inside the transaction that opens the rollout. */
import type { Plan } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import { stepId } from '../../spec/graph-types.js';
import type { RolloutKind } from '../../spec/words.js';
import { notFound, type Tx } from '../database.js';
import { baseOf, type Content } from '../deploys/content.js';
import type { SecretPins } from '../secrets/pins.js';
import { contentOfPlan } from './content.js';
import { orderDigest, readBasis, type PlanBasis } from './basis.js';
import { plannedPlacements } from './planned.js';

/** What an apply of the version would be now. */
export interface PlannedNow {
  deployId: string;
  content: Content;
  yaml: string;
  secrets: SecretPins;
  prune?: { volumes: boolean } | undefined;
  /** component_hash by step id. */
  hashes: ReadonlyMap<string, string>;
}

const newPlan = 'Diff again, review the new plan, and apply that one.';

/**
 * Locks a plan and answers it when it may be carried out as far as it alone can tell. Throws `not_found`, `plan_used` with
 * the rollout that used it, `plan_expired`, `unavailable` while hosts are still being asked, or `validation_error` for the
 * plan of another kind of rollout. Callers hold the deploy's lock, so that of many at once one gets it.
 */
export async function holdPlan(tx: Tx, planId: string, { deployId, kind }: { deployId: string; kind: RolloutKind }): Promise<Plan> {
  await tx.$executeRaw`SELECT 1 FROM plans WHERE id = ${planId} FOR UPDATE`;
  const plan = await tx.plan.findUnique({ where: { id: planId }, include: { rollout: { select: { id: true, state: true } } } });
  if (plan?.deploy_id !== deployId) throw notFound('plan', planId);
  if (plan.rollout) {
    throw new MaestroError('plan_used', `The plan ${planId} was applied already, by the rollout ${plan.rollout.id}.`, { fix: `Look at the rollout ${plan.rollout.id}; to apply again, diff again.`, details: { plan_id: planId, rollout_id: plan.rollout.id, state: plan.rollout.state } });
  }
  if (plan.digest === null || !plan.expires_at) throw new MaestroError('unavailable', `Plan ${planId} is not ready: hosts are still being asked.`, { fix: 'Ask again in a moment.' });
  if (plan.expires_at.getTime() <= Date.now()) {
    throw new MaestroError('plan_expired', `The plan ${planId} expired at ${plan.expires_at.toISOString()}.`, { fix: newPlan, details: { plan_id: planId, expires_at: plan.expires_at.toISOString() } });
  }
  if (plan.kind !== null && plan.kind !== kind) throw new MaestroError('validation_error', `The plan ${planId} was made for ${plan.kind === 'rollback' ? 'a rollback' : 'an apply'}, and cannot be used for ${kind === 'rollback' ? 'a rollback' : 'an apply'}.`, { fix: newPlan, details: { plan_id: planId } });
  return plan;
}

/** Throws `plan_stale` with everything that is not as it was when the plan was made, as far as the control plane knows. */
export async function refuseStalePlan(tx: Tx, plan: Plan, now: PlannedNow): Promise<void> {
  const basis = readBasis(plan.basis);
  const [planned, asked] = [contentOfPlan(plan), now.content].map(inWords);
  const moved = planned !== asked ? [`it is a plan of ${planned}, and ${asked} was asked for`]
    : basis === null ? ['it was made by an older Maestro'] : [...(await pastMoved(tx, now.deployId, basis)), ...secretsMoved(basis, now), ...(await placementsMoved(tx, plan.id, now)), ...orderMoved(basis, now), ...pruneMoved(plan, now)];
  if (moved.length === 0) return;
  throw new MaestroError('plan_stale', `The plan ${plan.id} does not hold any more: ${inShort(moved)}.`, { fix: newPlan, details: { plan_id: plan.id, moved: moved.slice(0, detailsMax) } });
}

const inWords = (content: Content): string => (typeof content === 'number' ? `version ${content}` : `${content.component} of version ${content.from} in version ${content.base}`);

const namedMax = 5;
const detailsMax = 50;
const inShort = (moved: readonly string[]): string => `${moved.slice(0, namedMax).join('; ')}${moved.length > namedMax ? `; and ${moved.length - namedMax} more` : ''}`;

async function pastMoved(tx: Tx, deploy_id: string, { rollouts, open_rollout: open }: PlanBasis): Promise<string[]> {
  if (open !== null) return [`the rollout ${open} was going on when it was made`];
  if ((await tx.rollout.count({ where: { deploy_id } })) === rollouts) return [];
  const latest = await tx.rollout.findFirst({ where: { deploy_id }, orderBy: [{ created_at: 'desc' }, { id: 'desc' }], select: { id: true, version: true } });
  return [latest === null ? 'rollouts of the deploy were removed since' : `the rollout ${latest.id} of version ${latest.version} was opened since`];
}

function secretsMoved({ secrets: planned }: PlanBasis, { secrets }: PlannedNow): string[] {
  const paths = [...new Set([...Object.keys(planned), ...Object.keys(secrets)])].sort();
  return paths.filter((path) => planned[path] !== secrets[path]).map((path) => `the secret ${path} has ${named(secrets[path])} now, ${named(planned[path])} in the plan`);
}

const named = (version: number | undefined): string => (version === undefined ? 'no version' : `version ${version}`);

async function placementsMoved(tx: Tx, plan_id: string, { hashes }: PlannedNow): Promise<string[]> {
  const rows = await tx.planHost.findMany({ where: { plan_id }, select: { host: true, basis: true } });
  const asked = new Map(rows.flatMap(({ host, basis }) => (basis === null ? [] : [[host, plannedPlacements.parse(basis)] as const])));
  const planned = new Map([...asked].flatMap(([host, placements]) => Object.entries(placements).map(([component, { hash }]) => [stepId(host, component), hash] as const)));
  const hostOf = (step: string): string => step.slice(0, step.indexOf('/'));
  const silent = [...new Set([...hashes.keys()].map(hostOf))].filter((host) => !asked.has(host)).map((host) => `${host} could not be asked when it was made`);
  const differ = [...hashes].filter(([step, hash]) => asked.has(hostOf(step)) && planned.get(step) !== hash).map(([step]) => `${step} is rendered differently now`);
  const gone = [...planned.keys()].filter((step) => !hashes.has(step)).map((step) => `${step} is not in the version any more`);
  return [...silent, ...differ, ...gone];
}

const orderMoved = ({ order }: PlanBasis, { deployId, content, yaml }: PlannedNow): string[] =>
  (order === orderDigest(yaml, `${deployId}/v${baseOf(content)}`) ? [] : ['the order of its placements is another one now']);

/** What is removed was reviewed, too. */
function pruneMoved(plan: Pick<Plan, 'prune' | 'prune_volumes'>, { prune }: PlannedNow): string[] {
  if (plan.prune === (prune !== undefined) && plan.prune_volumes === (prune?.volumes ?? false)) return [];
  return [plan.prune ? 'it was made for an apply that prunes in the same way' : 'it was made for an apply that does not prune'];
}

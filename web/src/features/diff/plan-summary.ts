/** A plan in counts and names; pure. */
import type { Plan } from '../../api/types.js';
import { actions, type Action } from '../../api/words.js';
import { actionCounts, diffWords } from './words.js';

/** The order in which people want to hear of it. */
const order: readonly Action[] = ['conflict', 'remove', 'create', 'update', 'restart', 'reload', 'unchanged'];
const ordered = [...order, ...actions.filter((action) => !order.includes(action))];

export const changeCount = (plan: Plan): number => ordered.filter((action) => action !== 'unchanged').reduce((sum, action) => sum + plan.summary[action], 0);
export const unreachableHosts = (plan: Plan): string[] => plan.hosts.filter(({ reachable }) => !reachable).map(({ host }) => host);

/** The id under which exactly this plan is carried out; undefined when a part of it is missing, since a host could not be asked. */
export const exactPlan = (plan: Plan): string | undefined => (plan.hosts.every(({ reachable, detail }) => reachable && detail === '') ? plan.plan_id : undefined);

/** `1 to update, 2 unchanged on 2 hosts.` */
export function summarySentence(plan: Plan): string {
  if (changeCount(plan) === 0 && unreachableHosts(plan).length === 0) return diffWords.nothing;
  const counts = ordered.filter((action) => plan.summary[action] > 0).map((action) => actionCounts[action](plan.summary[action]));
  const asked = plan.hosts.filter(({ reachable }) => reachable).length;
  return counts.length === 0 ? '' : diffWords.summary(counts, asked);
}

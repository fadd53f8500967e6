/** Diff: every host is asked what it would do; nothing is changed anywhere. A silent host is reported as such. */
import type { HostAnswer } from '../activities/index.js';
import { control, glancing } from './activities.js';
import { withRemovals } from './plan-removals.js';
import { toStepFailure } from './failures.js';
import type { PlanInput, PlanResult } from './shared.js';

export async function plan(input: PlanInput): Promise<PlanResult> {
  const hosts = await control.planHosts(input.plan_id);
  const asked = await Promise.all(hosts.map((host) => ask(input, host)));
  const answers = input.prune === true ? await withRemovals(input, asked) : asked;
  await control.recordPlan(input.plan_id, answers);
  return { plan_id: input.plan_id };
}

async function ask(input: PlanInput, host: string): Promise<HostAnswer> {
  try {
    const { placements, basis } = await glancing(host).observe({ deploy_id: input.deploy_id, version: input.version, host, run_id: input.plan_id });
    return { host, reachable: true, detail: '', components: placements, ...(basis === undefined ? {} : { basis }) };
  } catch (error) {
    const { code, message } = toStepFailure(error, host);
    return { host, reachable: code !== 'timeout', detail: code === 'timeout' ? `${host} does not answer` : message, components: [] };
  }
}

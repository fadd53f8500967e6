/** What a prune would remove, beside what an apply would change: every host that the deploy ever was on is asked. */
import { proxyActivities } from '@temporalio/workflow';
import type { HostAnswer } from '../activities/index.js';
import { hostQueue } from '../spec/words.js';
import { toStepFailure } from './failures.js';
import { removalRecords } from './prune.js';
import type { PlanInput } from './shared.js';
import type { RemovalActivities } from './shared-removals.js';

const previewing = (host: string): Pick<RemovalActivities, 'previewPrune'> => proxyActivities<RemovalActivities>({
  taskQueue: hostQueue(host), startToCloseTimeout: '30s', scheduleToCloseTimeout: '35s', scheduleToStartTimeout: '5s', retry: { initialInterval: '500ms', maximumAttempts: 3 },
});

export async function withRemovals(input: PlanInput, asked: readonly HostAnswer[]): Promise<HostAnswer[]> {
  const former = await removalRecords.pruneHosts(input.plan_id);
  const others = former.filter((host) => !asked.some((answer) => answer.host === host)).map((host): HostAnswer => ({ host, reachable: true, detail: '', components: [] }));
  return Promise.all([...asked, ...others].map((answer) => (former.includes(answer.host) && answer.reachable ? withRemovalsOf(input, answer) : answer)));
}

async function withRemovalsOf({ plan_id, deploy_id, version }: PlanInput, answer: HostAnswer): Promise<HostAnswer> {
  try {
    const { placements } = await previewing(answer.host).previewPrune({ deploy_id, version, host: answer.host, run_id: plan_id });
    return { ...answer, components: [...answer.components, ...placements] };
  } catch (error) {
    const { code, message } = toStepFailure(error, answer.host);
    return { ...answer, reachable: code !== 'timeout', detail: code === 'timeout' ? `${answer.host} does not answer` : message };
  }
}

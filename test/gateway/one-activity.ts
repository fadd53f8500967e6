/** A workflow of one activity on a queue of the caller's choice. */
import { proxyActivities } from '@temporalio/workflow';

export async function one(taskQueue: string, what = 'it'): Promise<unknown> {
  const { work } = proxyActivities<{ work(what: string): Promise<unknown> }>({ taskQueue, startToCloseTimeout: '30s', retry: { maximumAttempts: 1 } });
  return work(what);
}

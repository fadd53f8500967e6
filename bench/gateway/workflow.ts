/** A workflow of many small activities, in turn on each of the queues. */
import { proxyActivities } from '@temporalio/workflow';

export interface Turns { queues: string[]; rounds: number }

export async function inTurn({ queues, rounds }: Turns): Promise<void> {
  const all = queues.map((taskQueue) => proxyActivities<{ work(what: { run_id: string; component: string; host: string }): Promise<unknown> }>({ taskQueue, startToCloseTimeout: '30s', retry: { maximumAttempts: 1 } }));
  for (let round = 0; round < rounds; round += 1) {
    // Whoever comes second in a round may be better or worse off.
    for (const { work } of round % 2 === 0 ? all : [...all].reverse()) await work({ run_id: 'rol_0000000000000000', component: 'web', host: 'web-01' });
  }
}

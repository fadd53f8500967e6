/** One host sends the log lines of one component to the control plane, for as long as somebody listens. */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import { hostQueue } from '../spec/words.js';
import type { LogActivities, LogsResult, LogsWork } from './shared-logs.js';

/** Lines that nobody waits for any more are worth nothing, so that no try is repeated. */
const tailing = (host: string): LogActivities => proxyActivities<LogActivities>({
  taskQueue: hostQueue(host), startToCloseTimeout: '11m', scheduleToStartTimeout: '5s', heartbeatTimeout: '12s',
  retry: { maximumAttempts: 1 }, cancellationType: ActivityCancellationType.TRY_CANCEL,
});

export const logs = (work: LogsWork): Promise<LogsResult> => tailing(work.host).tailLogs(work);

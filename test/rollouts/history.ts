/** What a workflow really did, read from its history. */
import type { Client } from '@temporalio/client';

export interface ScheduledActivity { type: string; queue: string }

export async function scheduledActivities(client: Client, workflowId: string): Promise<ScheduledActivity[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled == null ? [] : [{ type: scheduled.activityType?.name ?? '', queue: scheduled.taskQueue?.name ?? '' }]);
}

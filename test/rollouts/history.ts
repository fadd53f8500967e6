/** What a workflow really did, read from its history. */
import type { Client } from '@temporalio/client';

export interface ScheduledActivity { type: string; queue: string }

export async function scheduledActivities(client: Client, workflowId: string): Promise<ScheduledActivity[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled == null ? [] : [{ type: scheduled.activityType?.name ?? '', queue: scheduled.taskQueue?.name ?? '' }]);
}

/** Everything of a workflow that can be read in Temporal without a key: texts as they are, and the contents of payloads that are not sealed. */
export async function readableInHistory(client: Client, workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return readable(events);
}

function readable(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (typeof value !== 'object' || value === null) return [];
  const { metadata } = value as { metadata?: Record<string, Uint8Array> };
  if (Buffer.from(metadata?.['encoding'] ?? []).toString() === 'binary/encrypted') return [];
  return Object.values(value).flatMap(readable);
}

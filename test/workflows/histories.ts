/** What a workflow really did, read from its history. */
import type { WorkflowHandle } from '@temporalio/client';

export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];

/** Scheduling of the workflow's own code, which is there however little happens. */
const workflowTask = /^workflowTask/;

/** `activityTaskScheduled`, `timerStarted`… */
export function eventName(event: Event): string {
  const entry = Object.entries(event).find(([key, value]) => key.endsWith('EventAttributes') && value != null);
  return entry?.[0].replace(/EventAttributes$/, '') ?? 'unknown';
}

/** How often each kind of event is there, workflow tasks left out. */
export function countEvents({ events }: History): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of events ?? []) {
    const name = eventName(event);
    if (!workflowTask.test(name)) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

export function scheduledActivities({ events }: History): { type: string; queue: string }[] {
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled == null ? [] : [{ type: scheduled.activityType?.name ?? '', queue: scheduled.taskQueue?.name ?? '' }]);
}

export const markerNames = ({ events }: History): Set<string> =>
  new Set((events ?? []).flatMap(({ markerRecordedEventAttributes: marker }) => (marker == null ? [] : [marker.markerName ?? ''])));

export interface Payload { where: string; bytes: number }

/** Every payload, biggest first. */
export function payloads({ events }: History): Payload[] {
  return (events ?? []).flatMap((event) => within(event, eventName(event))).sort((a, b) => b.bytes - a.bytes);
}

function within(value: unknown, where: string): Payload[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  if ('data' in value && ArrayBuffer.isView(value.data)) return [{ where, bytes: value.data.byteLength }];
  return Object.entries(value).flatMap(([key, inner]) => within(inner, `${where}.${key}`));
}

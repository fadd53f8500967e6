/** What Temporal wrote down of a rollout, with the times of its server. Times are milliseconds since the epoch. */
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { rolloutWorkflowId } from '../../spec/words.js';

export interface RanActivity { type: string; queue: string; scheduledAt: number; startedAt: number; completedAt: number }
export interface RanTask { scheduledAt: number; startedAt: number; completedAt: number }
/** A local activity runs inside a workflow task; its time is the worker's. */
export interface RanLocal { type: string; ms: number }
export interface History { startedAt: number; completedAt: number; activities: RanActivity[]; tasks: RanTask[]; locals: RanLocal[] }

type Timestamp = { seconds?: { toString(): string } | null; nanos?: number | null } | null | undefined;
const epochMs = (time: Timestamp): number => Number(time?.seconds?.toString() ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;

const recordedTime = z.object({ seconds: z.coerce.number(), nanos: z.number().default(0) }).transform(epochMs);
const localMarker = z.object({ activity_type: z.string(), complete_time: recordedTime, original_schedule_time: recordedTime });

export async function readHistory(client: Client, deployId: string): Promise<History> {
  const { events } = await client.workflow.getHandle(rolloutWorkflowId(deployId)).fetchHistory();
  const history: History = { startedAt: 0, completedAt: 0, activities: [], tasks: [], locals: [] };
  const activities = new Map<string, RanActivity>();
  const tasks = new Map<string, RanTask>();
  for (const event of events ?? []) {
    const at = epochMs(event.eventTime);
    const id = String(event.eventId);
    const { activityTaskScheduledEventAttributes: scheduled, activityTaskStartedEventAttributes: begun, activityTaskCompletedEventAttributes: done } = event;
    const { workflowTaskScheduledEventAttributes: taskScheduled, workflowTaskStartedEventAttributes: taskBegun, workflowTaskCompletedEventAttributes: taskDone } = event;
    if (event.workflowExecutionStartedEventAttributes != null) history.startedAt = at;
    if (event.workflowExecutionCompletedEventAttributes != null) history.completedAt = at;
    if (scheduled != null) activities.set(id, { type: scheduled.activityType?.name ?? '', queue: scheduled.taskQueue?.name ?? '', scheduledAt: at, startedAt: 0, completedAt: 0 });
    if (begun != null) Object.assign(activities.get(String(begun.scheduledEventId)) ?? {}, { startedAt: at });
    if (done != null) Object.assign(activities.get(String(done.scheduledEventId)) ?? {}, { completedAt: at });
    if (taskScheduled != null) tasks.set(id, { scheduledAt: at, startedAt: 0, completedAt: 0 });
    if (taskBegun != null) Object.assign(tasks.get(String(taskBegun.scheduledEventId)) ?? {}, { startedAt: at });
    if (taskDone != null) Object.assign(tasks.get(String(taskDone.scheduledEventId)) ?? {}, { completedAt: at });
    const marker = event.markerRecordedEventAttributes?.details?.['data']?.payloads?.[0]?.data;
    if (marker != null) history.locals.push(local(Buffer.from(marker).toString('utf8')));
  }
  history.activities = [...activities.values()];
  history.tasks = [...tasks.values()];
  return history;
}

function local(text: string): RanLocal {
  const { activity_type: type, complete_time: completed, original_schedule_time: scheduled } = localMarker.parse(JSON.parse(text));
  return { type, ms: completed - scheduled };
}

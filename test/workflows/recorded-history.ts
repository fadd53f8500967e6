/** Histories as JSON text: the plain objects of Temporal's own protocol classes, with readable names, numbers and bytes. */
import proto from '@temporalio/proto';
import { z } from 'zod';
import type { History } from './histories.js';

const message = proto.temporal.api.history.v1.History;

const recordedSchema = z.object({
  events: z.array(z.looseObject({ eventType: z.string(), activityTaskScheduledEventAttributes: z.looseObject({ activityType: z.object({ name: z.string() }) }).optional() })),
});
export type RecordedHistory = z.infer<typeof recordedSchema>;

export const historyText = (history: History): string => `${JSON.stringify(message.toObject(message.fromObject(history), { longs: String, enums: String, bytes: String }), null, 1)}\n`;

export const readRecorded = (text: string): RecordedHistory => recordedSchema.parse(JSON.parse(text));

export const toHistory = (recorded: RecordedHistory): History => message.fromObject(recorded);

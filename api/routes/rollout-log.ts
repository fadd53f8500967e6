/** A rollout's events as text, one line each, for people and grep. */
import { z } from 'zod';
import type { EventView } from '../../control/events/index.js';

const output = z.object({ lines: z.array(z.object({ stream: z.string(), text: z.string() })) });
const phase = z.object({ phase: z.string(), state: z.string(), duration_ms: z.number().optional() });
const state = z.object({ state: z.string(), reason: z.string().nullish() });

/** Escape sequences and other control characters would act on the terminal of whoever reads the log. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, (char) => (char === '\t' ? char : '\uFFFD'));

function saidBy({ type, data }: EventView): string[] {
  const spoken = type === 'step.output' ? output.safeParse(data) : null;
  if (spoken?.success) return spoken.data.lines.map(({ stream, text }) => `[${stream}] ${text}`);
  const timed = type === 'step.phase' ? phase.safeParse(data) : null;
  if (timed?.success) return [`${timed.data.phase} ${timed.data.state}${timed.data.duration_ms === undefined ? '' : ` after ${timed.data.duration_ms} ms`}`];
  const moved = state.safeParse(data);
  if (moved.success) return [`${type === 'rollout.state' ? 'rollout' : 'step'} ${moved.data.state}${moved.data.reason ? `: ${moved.data.reason}` : ''}`];
  return [type];
}

export function logLine(event: EventView): string {
  const place = event.host === undefined ? '' : ` ${event.host}${event.component === undefined ? '' : `/${event.component}`}`;
  return saidBy(event).map((text) => `${event.ts}${place} ${printable(text)}\n`).join('');
}

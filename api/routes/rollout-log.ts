/** A rollout's events as text, one line each, for people and grep. */
import { z } from 'zod';
import type { EventView } from '../../control/events/index.js';

const output = z.object({ lines: z.array(z.object({ stream: z.string(), text: z.string() })) });
const phase = z.object({ phase: z.string(), state: z.string(), duration_ms: z.number().optional() });
const test = z.object({ name: z.string(), state: z.string(), blocking: z.boolean(), duration_ms: z.number(), detail: z.string() });
const state = z.object({ state: z.string(), reason: z.string().nullish(), tests: z.array(test).catch([]).default([]) });

const testLine = ({ name, state: ended, blocking, duration_ms: ms, detail }: z.infer<typeof test>): string =>
  `test ${name} ${ended} after ${ms} ms${blocking ? '' : ' (it does not block)'}${detail === '' ? '' : `: ${detail}`}`;

/** Escape sequences and other control characters would act on the terminal of whoever reads the log. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, (char) => (char === '\t' ? char : '\uFFFD'));

function saidBy({ type, data }: EventView): string[] {
  const spoken = type === 'step.output' ? output.safeParse(data) : null;
  if (spoken?.success) return spoken.data.lines.map(({ stream, text }) => `[${stream}] ${text}`);
  const timed = type === 'step.phase' ? phase.safeParse(data) : null;
  if (timed?.success) return [`${timed.data.phase} ${timed.data.state}${timed.data.duration_ms === undefined ? '' : ` after ${timed.data.duration_ms} ms`}`];
  const moved = state.safeParse(data);
  if (moved.success) return [...moved.data.tests.map(testLine), `${type === 'rollout.state' ? 'rollout' : 'step'} ${moved.data.state}${moved.data.reason ? `: ${moved.data.reason}` : ''}`];
  return [type];
}

export function logLine(event: EventView): string {
  const place = event.host === undefined ? '' : ` ${event.host}${event.component === undefined ? '' : `/${event.component}`}`;
  return saidBy(event).map((text) => `${event.ts}${place} ${printable(text)}\n`).join('');
}

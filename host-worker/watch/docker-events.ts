/** Docker says when something happens to a container; the stream is opened again whenever it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { z } from 'zod';
import { isInstalled } from '../docker/client.js';
import { labels } from '../docker/labels.js';

const containerActions = ['create', 'start', 'die', 'stop', 'pause', 'unpause', 'destroy', 'rename', 'update', 'oom'];
const networkActions = ['connect', 'disconnect', 'destroy'];
const openTimeoutMs = 10_000;
const retryFirstMs = 500;
const retryLongestMs = 10_000;
const lineBytesMax = 1 << 20;

const event = z.object({ Type: z.string(), Actor: z.object({ Attributes: z.record(z.string(), z.string()).optional() }).optional() });

export interface EventsWanted {
  /** Names of containers that are ours or that we want: whoever takes one is worth a look. */
  names(): ReadonlySet<string>;
  /** Something happened, or may have while nobody listened. */
  happened(): void;
}

/** Until `signal` aborts. */
export async function followDocker(docker: Dockerode, wanted: EventsWanted, signal: AbortSignal): Promise<void> {
  for (let delayMs = retryFirstMs; !signal.aborted; delayMs = Math.min(delayMs * 2, retryLongestMs)) {
    const openedAt = performance.now();
    await (isInstalled(process.env) ? listen(docker, wanted, signal) : Promise.resolve()).catch(() => undefined);
    if (performance.now() - openedAt > retryLongestMs) delayMs = retryFirstMs;
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }
}

async function listen(docker: Dockerode, wanted: EventsWanted, signal: AbortSignal): Promise<void> {
  // The daemon answers with the first event, or with its headers; what does not come at all is given up.
  const opening = new AbortController();
  const timer = setTimeout(() => opening.abort(), openTimeoutMs);
  const filters = { type: ['container' as const, 'network' as const], event: [...new Set([...containerActions, ...networkActions])] };
  const stream = await docker.getEvents({ filters, abortSignal: AbortSignal.any([signal, opening.signal]) }).finally(() => clearTimeout(timer));
  wanted.happened();
  try {
    for await (const line of linesOf(stream)) if (isWanted(line, wanted.names())) wanted.happened();
  } finally {
    // Whatever ended it may have ended more.
    if (!signal.aborted) wanted.happened();
  }
}

/** One JSON object a line. */
async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream) {
    rest += String(chunk);
    if (rest.length > lineBytesMax) throw new Error('Docker sent an event without an end');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

export function isWanted(line: string, names: ReadonlySet<string>): boolean {
  if (line.trim() === '') return false;
  const parsed = event.safeParse(parseJson(line));
  if (!parsed.success) return false;
  const attributes = parsed.data.Actor?.Attributes ?? {};
  return parsed.data.Type === 'network' || attributes[labels.deploy] !== undefined || [attributes['name'], attributes['oldName']?.replace(/^\//, '')].some((name) => name !== undefined && names.has(name));
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

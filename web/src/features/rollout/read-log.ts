/** The stored events of a rollout, read as they come, a few thousand at a time. */
import { client, unwrap } from '../../api/client.js';
import { readEvent } from '../../api/event-stream.js';
import type { Event } from '../../api/types.js';

const longestMs = 300_000;

function parseLine(line: string): Event | null {
  try {
    return readEvent(JSON.parse(line));
  } catch {
    return null;
  }
}

/** Calls back in id order. A line that was cut off is left out; it comes again with the stream. */
export async function readLog(rolloutId: string, after: number, signal: AbortSignal, onEvents: (events: Event[]) => void): Promise<void> {
  const body = await unwrap(client.GET('/api/rollouts/{id}/log', {
    params: { path: { id: rolloutId }, query: { format: 'ndjson', after } }, parseAs: 'stream', signal: AbortSignal.any([signal, AbortSignal.timeout(longestMs)]),
  }));
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    onEvents(lines.map(parseLine).filter((event) => event !== null));
  }
}

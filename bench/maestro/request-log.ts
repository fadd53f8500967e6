/** What the API and the gateway were asked while a rollout ran, from their own logs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export interface Request { route: string; ms: number }

const line = z.object({ time: z.string(), msg: z.literal('request'), method: z.string(), route: z.string(), ms: z.number() });

/** Requests that ended between the two times (milliseconds since the epoch). */
export async function requestsBetween(dataDir: string, from: number, to: number): Promise<Request[]> {
  const text = (await Promise.all(['api.log', 'gateway.log'].map((name) => readFile(join(dataDir, 'logs', name), 'utf8')))).join('\n');
  return text.split('\n').flatMap((written) => {
    const parsed = written.startsWith('{') ? line.safeParse(JSON.parse(written)) : undefined;
    if (parsed?.success !== true) return [];
    const at = Date.parse(parsed.data.time);
    return at >= from && at <= to ? [{ route: `${parsed.data.method} ${parsed.data.route}`, ms: parsed.data.ms }] : [];
  });
}

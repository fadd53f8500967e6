/** The key under which this host makes its fingerprints: made once, and it never leaves the host. A new one makes older plans stale. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { readDurable, writeDurably } from '../journal/durable-file.js';

const kept = z.object({ format: z.literal(1), key: z.string().regex(/^[0-9a-f]{64}$/) });

/** One at a time in this process, so that nobody gets a key that is not the one that stays. */
const made = new Map<string, Promise<string>>();

export function fingerprintKey(stateFolder: string): Promise<string> {
  const path = join(stateFolder, 'fingerprint-key.json');
  const known = made.get(path) ?? readOrMake(path);
  made.set(path, known);
  known.catch(() => made.delete(path));
  return known;
}

async function readOrMake(path: string): Promise<string> {
  const found = await readDurable(path, kept);
  if (found !== null) return found.key;
  const key = randomBytes(32).toString('hex');
  await writeDurably(path, { format: 1, key });
  return key;
}

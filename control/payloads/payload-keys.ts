/** Under which key Temporal's history is written, and under which it may still be read. */
import { createHmac } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { existingKeyFile, keyFile } from '../key-file.js';

export interface PayloadKey { id: string; key: Buffer }
/** `current` writes; all of `known` read. */
export interface PayloadKeys { current: PayloadKey; known: ReadonlyMap<string, PayloadKey> }

const fix = 'Restore it from a backup: without it nothing that runs in Temporal can be read, and nothing that ran.';
/** After a change of the key: what was written before is read under it. */
const previous = 'payload.previous.key';

/** The id says nothing of the key, and is the same wherever the key is. */
export const idOf = (key: Buffer): string => createHmac('sha256', key).update('maestro-payload-key-id').digest('hex').slice(0, 16);

const asKey = (hex: string): PayloadKey => {
  const key = Buffer.from(hex, 'hex');
  return { id: idOf(key), key };
};

/** From `keys/payload.key`, made on first use, and `keys/payload.previous.key` where there is one. Throws config_error. */
export async function payloadKeys(dataDir: string): Promise<PayloadKeys> {
  const current = asKey(await keyFile(dataDir, 'payload.key', fix));
  const hasPrevious = await access(join(dataDir, 'keys', previous)).then(() => true, () => false);
  const all = hasPrevious ? [current, asKey(await existingKeyFile(dataDir, previous, fix))] : [current];
  return { current, known: new Map(all.map((one) => [one.id, one])) };
}

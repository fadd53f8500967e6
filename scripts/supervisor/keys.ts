import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { StartError } from './errors.js';
import { readOrCreate } from './files.js';

/** The token with which this machine's host worker proves to the control plane which host it is. */
export function hostToken(keysFolder: string, node: string): string {
  const path = join(keysFolder, 'host-token.key');
  const key = Buffer.from(readOrCreate(path, () => randomBytes(32).toString('hex')), 'hex');
  if (key.length !== 32) throw new StartError('the key of host tokens is damaged', 'restore it from a backup; without one delete it, and enroll every host again', path);
  return createHmac('sha256', key).update(`host:${node}`).digest('hex');
}

export function databasePassword(keysFolder: string): string {
  return readOrCreate(join(keysFolder, 'database-password'), () => randomBytes(24).toString('hex'));
}

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readOrCreate } from './files.js';

export function databasePassword(keysFolder: string): string {
  return readOrCreate(join(keysFolder, 'database-password'), () => randomBytes(24).toString('hex'));
}

/** Keys of one purpose, each in a file of its own: `payload.key`, then `payload.2.key` and so on. Old ones stay. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { existingKeyFile, hasCode, keyFile } from './key-file.js';

export interface RingKey { number: number; hex: string; createdAt: Date }

/** By then every process has looked at the folder again. */
export const settleMs = 30_000;

const fileOf = (purpose: string, number: number): string => (number === 1 ? `${purpose}.key` : `${purpose}.${String(number)}.key`);

/** Newest first. */
async function numbersOf(dataDir: string, purpose: string): Promise<number[]> {
  const names = await readdir(join(dataDir, 'keys')).catch((error: unknown) => { if (hasCode(error, 'ENOENT')) return []; throw error; });
  const numbers = names.flatMap((name) => {
    if (name === fileOf(purpose, 1)) return [1];
    const number = Number(name.split('.')[1] ?? 0);
    return Number.isInteger(number) && number > 1 && name === fileOf(purpose, number) ? [number] : [];
  });
  return [...new Set(numbers)].sort((one, other) => other - one);
}

/** Newest first; the first one is made when there is none. `fix`: what to do when a file holds something else. */
export async function keyRing(dataDir: string, purpose: string, fix: string): Promise<RingKey[]> {
  const found = await numbersOf(dataDir, purpose);
  if (found.length === 0) await keyFile(dataDir, fileOf(purpose, 1), fix);
  return Promise.all((found.length === 0 ? [1] : found).map(async (number) => {
    const hex = await existingKeyFile(dataDir, fileOf(purpose, number), fix);
    return { number, hex, createdAt: (await stat(join(dataDir, 'keys', fileOf(purpose, number)))).mtime };
  }));
}

/** Another key, unless the newest is younger than half a minute: whoever has not heard the answer asks again, and processes that race get the same one. */
export async function addKey(dataDir: string, purpose: string, fix: string, now = Date.now()): Promise<{ added: RingKey | null; ring: RingKey[] }> {
  const before = await keyRing(dataDir, purpose, fix);
  const [newest] = before;
  if (newest === undefined || (newest.number > 1 && now - newest.createdAt.getTime() < settleMs)) return { added: null, ring: before };
  await keyFile(dataDir, fileOf(purpose, newest.number + 1), fix);
  const ring = await keyRing(dataDir, purpose, fix);
  return { added: ring[0] ?? null, ring };
}

/** The newest that every process knows by now. */
export const settledKey = (ring: readonly RingKey[], now = Date.now()): RingKey | undefined =>
  ring.find(({ number, createdAt }) => number === 1 || now - createdAt.getTime() >= settleMs) ?? ring.at(-1);

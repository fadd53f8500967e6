/** How much of the corpus is gone through: a sample by default, everything with MAESTRO_ATTACKS=all, so many with a number. */
import { env } from 'node:process';

export const seed = Number(env['MAESTRO_SEED'] ?? 1);

/** Of `all`, those of this run: spread over the whole, in the same order for the same seed. */
export function sample<T>(all: readonly T[], usual: number): T[] {
  const asked = env['MAESTRO_ATTACKS'];
  const count = asked === 'all' ? all.length : asked === undefined ? usual : Number(asked);
  if (count >= all.length) return [...all];
  const left = all.map((item, index) => ({ item, order: scattered(index) }));
  return left.sort((a, b) => a.order - b.order).slice(0, count).map(({ item }) => item);
}

/** A permutation of the indexes that looks like chance, from the seed (mulberry32). */
function scattered(index: number): number {
  let state = (Math.imul(seed, 0x9e3779b1) + Math.imul(index + 1, 0x6d2b79f5)) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return (state ^ (state >>> 14)) >>> 0;
}

/** Work that writes into a folder of ours, ended as soon as that holds too much: a disk is full before a time is over. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../trouble.js';

const lookMs = 200;

/** `work` is to end when its signal is aborted. Throws what `tooMuch` makes when that was the reason. */
export async function withinBytes<T>(folder: string, bytesMax: number, signal: AbortSignal, tooMuch: () => Error, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const look = async (): Promise<void> => { if (!over.signal.aborted && (await bytesIn(folder)) > bytesMax) over.abort(tooMuch()); };
  const timer = setInterval(() => void look().catch((error: unknown) => over.abort(error)), lookMs);
  try {
    const result = await work(AbortSignal.any([signal, over.signal]));
    await look();
    over.signal.throwIfAborted();
    return result;
  } finally {
    clearInterval(timer);
  }
}

async function bytesIn(folder: string): Promise<number> {
  const none = (error: unknown): never[] => {
    if (isMissing(error)) return [];
    throw error;
  };
  const names = await readdir(folder).catch(none);
  const sizes = await Promise.all(names.map((name) => lstat(join(folder, name)).then(({ size }) => [size], none)));
  return sizes.flat().reduce((sum, size) => sum + size, 0);
}

/** Small JSON files that survive a kill or a power cut as the old or the new one, and are never read as empty. */
import { readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import { fileTrouble, isMissing, messageOf } from '../trouble.js';

/** Called between the steps of a write; the crash tests stop there. */
export type WritePoint = (point: 'temp_written' | 'renamed') => void;

export async function writeDurably(path: string, value: unknown, reached: WritePoint = () => undefined): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeSynced(temporary, Buffer.from(`${JSON.stringify(value)}\n`));
    reached('temp_written');
    await rename(temporary, path);
    reached('renamed');
    await syncFolder(dirname(path));
  } catch (error) {
    throw fileTrouble(path, 'writing the journal', error);
  }
}

export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Read in one go, without the thread pool: the files are small, on the disk of the host itself, and every look at a
 * deploy reads one for each placement.
 */
const readWhole = (path: string): string => readFileSync(path, 'utf8');

/** null only when there is no such file. What cannot be read as `schema` is an error: it may be the only mark of what we own. */
export async function readDurable<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  let text: string;
  try {
    text = readWhole(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw fileTrouble(path, 'reading the journal', error);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new MaestroError('internal', `the journal file ${path} is damaged: ${messageOf(error).slice(0, 300)}`, {
      fix: `Restore ${path} from a backup. If there is none, remove it: what this placement made then counts as not made by it, and shows as a conflict.`,
      details: { path }, cause: error,
    });
  }
}

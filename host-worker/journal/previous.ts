/** Contents that an attempt is about to replace, kept by hash until it is committed, and how they are put back. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { readFileAt, sha256Of } from '../files/read-file.js';
import { removeFile, writeFile } from '../files/write-file.js';
import { fileTrouble, messageOf } from '../trouble.js';
import { syncFolder, writeSynced } from './durable-file.js';
import type { UndoEntry } from './records.js';

type FileEntry = Extract<UndoEntry, { kind: 'file' }>;

/** Reads what is at `path` now and keeps it; done before the journal names it. */
export async function keepPrevious(folder: string, path: string, strategy: 'overwrite' | 'atomic'): Promise<FileEntry> {
  const found = await readFileAt(path);
  if (found.kind !== 'file') return { kind: 'file', path, strategy, previous: null };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeSynced(join(folder, found.sha256), found.bytes);
    await syncFolder(folder);
  } catch (error) {
    throw fileTrouble(path, 'keeping the previous content of', error);
  }
  const { sha256, mode, uid, gid } = found;
  return { kind: 'file', path, strategy, previous: { sha256, mode, uid, gid } };
}

/** Puts a file back as it was; a file that was not there is removed. Safe to repeat. */
export async function restorePrevious(folder: string, { path, strategy, previous }: FileEntry): Promise<void> {
  if (previous === null) return removeFile(path);
  const found = await readFileAt(path);
  if (found.kind === 'file' && found.sha256 === previous.sha256 && found.mode === previous.mode && found.uid === previous.uid && found.gid === previous.gid) return;
  await writeFile({ path, strategy, bytes: await kept(folder, path, previous.sha256), mode: previous.mode, owner: { uid: previous.uid, gid: previous.gid } });
}

async function kept(folder: string, path: string, sha256: string): Promise<Buffer> {
  const bytes = await readFile(join(folder, sha256)).catch((error: unknown) => messageOf(error));
  if (typeof bytes !== 'string' && sha256Of(bytes) === sha256) return bytes;
  throw new MaestroError('runtime_error', `the previous content of ${path} is gone${typeof bytes === 'string' ? `: ${bytes}` : ' (its copy is damaged)'}`, {
    fix: 'Apply the version that shall run.', details: { path },
  });
}

export async function forgetPrevious(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

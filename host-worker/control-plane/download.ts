/** An archive from the control plane into a file: in pieces as they come, going on where it broke off, and checked against its digest. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MaestroError } from '../../spec/errors.js';
import { fileTrouble, messageOf, PassingTrouble } from '../trouble.js';
import type { ArchiveQuery, ControlPlane } from './client.js';

export interface DownloadContext {
  signal: AbortSignal;
  tell: (line: string) => void;
  /** In a row without a byte; default 5. */
  tries?: number;
  firstDelayMs?: number;
  /** Default: 60 s. */
  silenceMs?: number;
}

/** However often it gets a little further. */
const roundsMax = 100;

/** Throws PassingTrouble when the control plane is away for too long, fetch_failed when what came is not what was asked for. */
export async function download(control: Pick<ControlPlane, 'archive'>, query: ArchiveQuery & { size: number }, to: string, context: DownloadContext): Promise<void> {
  const { signal, tell, tries = 5, firstDelayMs = 200 } = context;
  const file = await open(to, 'wx', 0o600);
  const progress = { received: 0, hash: createHash('sha256') };
  try {
    for (let round = 1, failures = 0; progress.received < query.size; round += 1) {
      const before = progress.received;
      const trouble = await readOn(control, query, file, to, progress, context);
      if (trouble === null) continue;
      failures = progress.received > before ? 1 : failures + 1;
      if (failures >= tries || round >= roundsMax) throw trouble;
      tell(`the download broke off after ${String(progress.received)} of ${String(query.size)} bytes (${trouble.message}), going on`);
      await sleep(firstDelayMs * 2 ** (failures - 1), undefined, { signal });
    }
  } finally {
    await file.close();
  }
  if (progress.hash.digest('hex') !== query.sha256) throw notWhatWasAsked(query, 'its digest is another one');
}

const notWhatWasAsked = ({ sha256 }: ArchiveQuery, why: string): MaestroError =>
  new MaestroError('fetch_failed', `what came is not the archive ${sha256}: ${why}`, { fix: 'Retry; when it comes again, submit the archive anew.', details: { sha256 } });

interface Progress { received: number; hash: ReturnType<typeof createHash> }

/** Until the end (null) or until it breaks off. */
async function readOn(control: Pick<ControlPlane, 'archive'>, query: ArchiveQuery & { size: number }, file: FileHandle, to: string, progress: Progress, { signal, silenceMs = 60_000 }: DownloadContext): Promise<PassingTrouble | null> {
  const silence = new AbortController();
  const watchdog = setTimeout(() => silence.abort(new Error(`nothing came for ${String(silenceMs / 1000)} s`)), silenceMs);
  try {
    for await (const chunk of await control.archive(query, progress.received, AbortSignal.any([signal, silence.signal]))) {
      watchdog.refresh();
      if (progress.received + chunk.length > query.size) throw notWhatWasAsked(query, 'it is longer');
      await file.writeFile(chunk).catch((error: unknown) => { throw fileTrouble(to, 'writing', error); });
      progress.hash.update(chunk);
      progress.received += chunk.length;
    }
    return progress.received === query.size ? null : new PassingTrouble('the control plane ended it early');
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MaestroError) throw error;
    return error instanceof PassingTrouble ? error : new PassingTrouble(messageOf(error), { cause: error });
  } finally {
    clearTimeout(watchdog);
  }
}

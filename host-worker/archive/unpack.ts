/**
 * Unpacks an archive into a fresh folder that is ours alone: nothing but regular files and folders is ever made there, so
 * that no entry can lead out of it. The first thing that is wrong ends it; the folder is thrown away then.
 */
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ArchiveEntry, ArchiveLedger, archiveLimits, type ArchiveLimits } from '../../spec/archive/entries.js';
import { type ArchiveFormat, archiveNames, formatOf, headBytes } from '../../spec/archive/formats.js';
import { MaestroError } from '../../spec/errors.js';
import { fileTrouble, messageOf, systemCode } from '../trouble.js';
import type { PutEntry } from './reading.js';
import { unpackTar } from './unpack-tar.js';
import { unpackZip } from './unpack-zip.js';

export interface UnpackContext { /** For people: which archive it is. */ name: string; signal: AbortSignal; limits?: ArchiveLimits }

const folderMode = 0o755;
const fileModes = { plain: 0o644, executable: 0o755 } as const;

/** `folder` is there and empty. Throws fetch_failed that names the entry. */
export async function unpack(archive: string, folder: string, { name, signal, limits = archiveLimits }: UnpackContext): Promise<void> {
  const { format, size } = await lookAt(archive, name);
  const ledger = new ArchiveLedger(size, limits);
  const made = new Set(['', '.']);
  // Of several errors that follow from it, a pipeline tells any.
  let refusal: MaestroError | null = null;
  const put: PutEntry = async (entry, bytes) => {
    signal.throwIfAborted();
    const taken = ledger.take(entry);
    if ('refused' in taken) throw (refusal ??= refused(name, entry.name, taken.refused));
    const parent = entry.kind === 'folder' ? taken.path : dirname(taken.path);
    if (!made.has(parent)) await mkdir(join(folder, parent), { recursive: true, mode: folderMode });
    made.add(parent);
    if (entry.kind === 'file') await writeNew(join(folder, taken.path), taken.executable ? fileModes.executable : fileModes.plain, entry, bytes);
  };
  const refuse = (why: string | null): void => {
    if (why !== null) throw (refusal ??= failed(name, why));
  };
  try {
    await (format === 'zip' ? unpackZip({ archive, ledger, put, signal, refuse }) : unpackTar(format, { archive, ledger, put, signal, refuse }));
  } catch (error) {
    signal.throwIfAborted();
    throw refusal ?? toldOf(error, name, folder);
  }
}

const packAgain = `Pack it again as ${archiveNames}, with regular files and folders alone (no links) and relative names.`;
const shownMax = 200;

const failed = (name: string, why: string, details: Record<string, unknown> = {}): MaestroError => new MaestroError('fetch_failed', `${name} cannot be unpacked: ${why}`, { fix: packAgain, details });
const refused = (name: string, entry: string, why: string): MaestroError => failed(name, `the entry ${JSON.stringify(entry.slice(0, shownMax))} is refused: ${why}`, { entry: entry.slice(0, shownMax) });

function toldOf(error: unknown, name: string, folder: string): MaestroError {
  if (error instanceof MaestroError) return error;
  const code = systemCode(error);
  // Errors of the libraries have no code of the system; those of zlib have one of their own.
  return code !== null && /^E[A-Z]+$/.test(code) ? fileTrouble(folder, 'unpacking into', error) : failed(name, `it is damaged, or cut off (${messageOf(error)})`);
}

async function lookAt(archive: string, name: string): Promise<{ format: ArchiveFormat; size: number }> {
  const file = await open(archive, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const head = new Uint8Array(headBytes);
    const { bytesRead } = await file.read(head, 0, headBytes, 0);
    const format = formatOf(head.subarray(0, bytesRead));
    if (format === null) throw failed(name, `it is none of ${archiveNames}`);
    return { format, size: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

async function writeNew(path: string, mode: number, { size }: ArchiveEntry, bytes: AsyncIterable<Uint8Array> | null): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  try {
    let written = 0;
    for await (const chunk of bytes ?? []) {
      written += chunk.length;
      await file.writeFile(chunk);
    }
    if (written !== size) throw new Error(`an entry has ${String(written)} bytes and not ${String(size)}`);
  } finally {
    await file.close();
  }
}

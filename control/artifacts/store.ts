/**
 * Where the bytes of artifacts are: `<data>/artifacts/<sha256>`, a folder that all replicas share. A file with such a name
 * is complete: it was written beside, and renamed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../../spec/errors.js';

export interface Received { sha256: string; size: number; /** Gives it its name. */ keep(): Promise<void>; drop(): Promise<void> }

export interface ArtifactStore {
  /** Reads to the end, at most `maxBytes`. Throws payload_too_large, or unavailable when the disk is full; nothing is left then. */
  receive(bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Received>;
  has(sha256: string): Promise<boolean>;
  read(sha256: string, from: number): AsyncIterable<Uint8Array>;
  remove(sha256: string): Promise<void>;
  /** What uploads left that were cut off. */
  sweepIncoming(olderThanMs: number): Promise<void>;
}

const hex = /^[0-9a-f]{64}$/;

export class FolderStore implements ArtifactStore {
  private readonly folder: string;
  private readonly incoming: string;

  constructor(dataDir: string) {
    this.folder = join(dataDir, 'artifacts');
    this.incoming = join(this.folder, '.incoming');
  }

  async receive(bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Received> {
    await mkdir(this.incoming, { recursive: true, mode: 0o700 });
    const path = join(this.incoming, randomBytes(16).toString('hex'));
    const drop = (): Promise<void> => rm(path, { force: true });
    try {
      const received = await writeDurably(path, bytes, maxBytes);
      return { ...received, drop, keep: async () => { await rename(path, this.pathOf(received.sha256)); await syncFolder(this.folder); } };
    } catch (error) {
      await drop();
      throw isFull(error) ? diskFull(error) : error;
    }
  }

  async has(sha256: string): Promise<boolean> {
    return lstat(this.pathOf(sha256)).then((status) => status.isFile(), () => false);
  }

  read(sha256: string, from: number): AsyncIterable<Uint8Array> {
    return createReadStream(this.pathOf(sha256), { start: from });
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.pathOf(sha256), { force: true });
  }

  async sweepIncoming(olderThanMs: number): Promise<void> {
    for (const name of await readdir(this.incoming).catch(() => [])) {
      const path = join(this.incoming, name);
      const status = await lstat(path).catch(() => null);
      if (status !== null && Date.now() - status.mtimeMs > olderThanMs) await rm(path, { force: true });
    }
  }

  /** A digest is no path of anybody's making. */
  private pathOf(sha256: string): string {
    if (!hex.test(sha256)) throw new MaestroError('not_found', 'There is no such artifact', { fix: 'Name it by its sha256.' });
    return join(this.folder, sha256);
  }
}

async function writeDurably(path: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<{ sha256: string; size: number }> {
  const file = await open(path, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of bytes) {
      size += chunk.length;
      if (size > maxBytes) throw new MaestroError('payload_too_large', `The artifact is larger than ${String(maxBytes)} bytes`, { fix: 'Make it smaller, or raise MAESTRO_ARTIFACT_MAX_BYTES.' });
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
    return { sha256: hash.digest('hex'), size };
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder: FileHandle = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

const isFull = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
const diskFull = (cause: unknown): MaestroError => new MaestroError('unavailable', 'There is no space left for artifacts; nothing was stored', { fix: 'Free space in the data folder of the control plane (delete artifacts), and upload again.', details: { reason: 'disk_full' }, cause });

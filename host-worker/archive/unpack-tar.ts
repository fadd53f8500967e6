/** A tar, compressed or not, entry by entry; what comes out of a compression is measured while it comes. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import type { ArchiveEntry, ArchiveLedger } from '../../spec/archive/entries.js';
import type { ArchiveFormat } from '../../spec/archive/formats.js';
import type { PutEntry, Reading } from './reading.js';
import { refuseLargeWindows, unzstd } from './zstd.js';

export async function unpackTar(format: Exclude<ArchiveFormat, 'zip'>, { archive, ledger, put, signal, refuse }: Reading): Promise<void> {
  if (format === 'tar.zst') await refuseLargeWindows(archive, refuse);
  const file = createReadStream(archive);
  const take = (chunks: AsyncIterable<Uint8Array>): Promise<void> => takeEntries(measured(chunks, ledger, refuse), put);
  if (format === 'tar') await pipeline(file, take, { signal });
  else if (format === 'tar.gz') await pipeline(file, createGunzip(), take, { signal });
  else await pipeline(file, unzstd, take, { signal });
}

/** By events: an iteration over the entries does not come to its end when one of them is refused. */
async function takeEntries(chunks: AsyncIterable<Uint8Array>, put: PutEntry): Promise<void> {
  const tar = extract();
  let failure: Error | null = null;
  let last: Promise<void> = Promise.resolve();
  const fail = (error: Error): void => {
    failure ??= error;
    tar.destroy();
  };
  const closed = new Promise<void>((resolve) => void tar.once('close', resolve));
  tar.on('error', fail);
  tar.on('entry', (header, stream, next) => {
    stream.on('error', fail);
    // What is taken is read to its end; folders have nothing to be read.
    last = put(entryOf(header), chunksOf(stream)).then(() => next(), fail);
  });
  try {
    for await (const chunk of chunks) {
      const drained = new Promise<void>((resolve) => void tar.once('drain', resolve));
      if (!tar.write(chunk)) await Promise.race([drained, closed]);
      if (failure !== null) break;
    }
    tar.end(null);
    await closed;
  } finally {
    tar.destroy();
    await last;
  }
  if (failure !== null) throw failure;
}

async function* measured(chunks: AsyncIterable<Uint8Array>, ledger: ArchiveLedger, refuse: Reading['refuse']): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    refuse(ledger.tooMuch(bytes));
    yield chunk;
  }
}

async function* chunksOf(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
}

function entryOf({ name, type, mode, size, pax }: Header): ArchiveEntry {
  const common = { name, mode: mode ?? 0, size: size ?? 0 };
  // GNU writes sparse files as regular ones with a map in their headers.
  if (Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse'))) return { ...common, kind: 'other', what: 'sparse file' };
  if (type === 'directory') return { ...common, kind: 'folder' };
  if (type !== 'file' && type !== 'contiguous-file') return { ...common, kind: 'other', what: type ?? 'special file' };
  // As before there was a type for folders.
  return { ...common, kind: name.endsWith('/') && common.size === 0 ? 'folder' : 'file' };
}

/** A zip, by its central directory. */
import { type Entry, openPromise } from 'yauzl';
import type { ArchiveEntry } from '../../spec/archive/entries.js';
import type { Reading } from './reading.js';

/** `strictFileNames`: a backslash is refused and not taken for a slash. */
const options = { autoClose: false, lazyEntries: true, strictFileNames: true, validateEntrySizes: true, decodeStrings: true } as const;

export async function unpackZip({ archive, put, signal }: Reading): Promise<void> {
  const zip = await openPromise(archive, options);
  try {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      const described = entryOf(entry);
      if (described.kind !== 'file') await put(described, null);
      else await put(described, readable(await zip.openReadStreamPromise(entry)));
    }
  } finally {
    zip.close();
  }
}

/** Its chunks are buffers: no encoding is set. */
async function* readable(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) if (typeof chunk !== 'string') yield chunk;
}

const unix = 3;
const kindBits = 0o170000;
const kinds: Readonly<Record<number, string>> = { 0o120000: 'symlink', 0o010000: 'fifo', 0o020000: 'character-device', 0o060000: 'block-device', 0o140000: 'socket' };

function entryOf(entry: Entry): ArchiveEntry {
  const name = entry.fileName;
  // Only Unix has modes; on others a name with a slash at its end is a folder, and there is nothing else.
  const mode = entry.versionMadeBy >> 8 === unix ? entry.externalFileAttributes >>> 16 : 0;
  const common = { name, mode: mode & 0o7777, size: entry.uncompressedSize };
  const special = kinds[mode & kindBits];
  if (special !== undefined) return { ...common, kind: 'other', what: special };
  if (entry.isEncrypted()) return { ...common, kind: 'other', what: 'file with a password' };
  return { ...common, kind: name.endsWith('/') || (mode & kindBits) === 0o040000 ? 'folder' : 'file' };
}

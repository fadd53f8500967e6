/**
 * A .tar.gz bundle, unpacked in memory under caps: regular files and directories only, at paths inside the bundle.
 * Nothing is written to disk here, so an archive cannot reach beyond the request that carries it.
 * Limits of the bundle itself (files, bytes, paths) are the control room's; these are the format's.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { bundleLimits, bundlePath, type BundleFile } from '../../control/deploys/index.js';
import { MaestroError } from '../../spec/errors.js';
import { tooLarge } from '../../control/problem.js';

export const archiveLimits = {
  compressedBytes: 32 << 20,
  /** With the 512-byte headers and padding of the format. */
  unpackedBytes: 40 << 20,
  entries: 2000,
  /** Text compresses 3 to 20 times; what goes far beyond, and is large, is a bomb. */
  ratio: 200,
  ratioFromBytes: 4 << 20,
} as const;

const inflate = promisify(gunzip);

const unusable = (message: string, fix: string, details: Record<string, unknown> = {}): MaestroError => new MaestroError('validation_error', message, { fix, details });
const howTo = 'Make the archive with `tar -czf bundle.tar.gz -C <folder> .`';

async function unpacked(archive: Buffer): Promise<Buffer> {
  const bytes = await inflate(archive, { maxOutputLength: archiveLimits.unpackedBytes }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(archiveLimits.unpackedBytes, 'The unpacked bundle');
    throw unusable('The bundle is not a complete gzip file', howTo);
  });
  if (bytes.length > archiveLimits.ratioFromBytes && bytes.length > archive.length * archiveLimits.ratio) {
    throw unusable(`The bundle unpacks to more than ${archiveLimits.ratio} times its size`, 'Leave out large files of repeated content.');
  }
  return bytes;
}

/** The path of a regular file, null for a directory; other kinds, and paths that lead out of the bundle, are refused by name. */
function filePath({ name, type }: Header): string | null {
  if (type === 'directory') {
    const folder = name.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
    if (folder !== '' && folder !== '.') bundlePath(folder);
    return null;
  }
  if (type !== 'file' && type !== 'contiguous-file') {
    throw unusable(`The bundle has a ${type ?? 'special file'} ${JSON.stringify(name.slice(0, 200))}`, 'Only regular files and directories are taken; replace links by the files they lead to (tar -h).', { entry: name.slice(0, 200), type });
  }
  return bundlePath(name);
}

async function bytesOf(entry: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Files of the archive in its order. Throws validation_error or payload_too_large. */
export async function unpackArchive(archive: Buffer): Promise<BundleFile[]> {
  const tar = extract();
  tar.end(await unpacked(archive));
  const files = new Map<string, BundleFile>();
  let entries = 0;
  let total = 0;
  try {
    for await (const entry of tar) {
      entries += 1;
      if (entries > archiveLimits.entries) throw unusable(`The bundle has more than ${archiveLimits.entries} entries`, 'Leave out what the deploy does not use (node_modules, .git).');
      const path = filePath(entry.header);
      const bytes = await bytesOf(entry);
      total += bytes.length;
      if (total > bundleLimits.bytes) throw tooLarge(bundleLimits.bytes, 'The unpacked bundle');
      if (path === null) continue;
      if (files.has(path)) throw unusable(`The bundle has ${JSON.stringify(path)} twice`, howTo, { entry: path });
      files.set(path, { path, bytes, mode: (entry.header.mode ?? 0o644) & 0o777 });
    }
  } catch (error) {
    if (error instanceof MaestroError) throw error;
    throw unusable('The bundle is not a complete tar file', howTo);
  }
  return [...files.values()];
}

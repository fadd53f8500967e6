/** A bundle's files as validation wants them: what there is, and the texts among it, for templates. */
import type { BundleFile, LoadedBundle } from '../../control/deploys/index.js';
import type { BundleContents } from '../../control/documents/validate.js';
import { sha256Hex } from '../../spec/hash.js';

/** Templates are text of a moderate size; what is larger is content. */
const textBytesMax = 1 << 20;
const textsBytesMax = 8 << 20;
const defaultMode = 0o644;

function textOf(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

interface Known { path: string; size: number; read(): Promise<Buffer> | Buffer }

async function textsOf(files: readonly Known[]): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  let room = textsBytesMax;
  for (const { path, size, read } of files.filter((file) => file.size <= textBytesMax)) {
    if (size > room) break;
    const text = textOf(await read());
    if (text === null) continue;
    texts[path] = text;
    room -= size;
  }
  return texts;
}

export async function contentsOfFiles(files: readonly BundleFile[]): Promise<BundleContents> {
  const entries = files.map(({ path, bytes, mode = defaultMode }) => ({ path, sha256: sha256Hex(bytes), size: bytes.length, mode }));
  return { entries, texts: await textsOf(files.map(({ path, bytes }) => ({ path, size: bytes.length, read: () => bytes }))) };
}

export async function contentsOfBundle({ files, read }: LoadedBundle): Promise<BundleContents> {
  return { entries: files, texts: await textsOf(files.map(({ path, size }) => ({ path, size, read: () => read(path) }))) };
}

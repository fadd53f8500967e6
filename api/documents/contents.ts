/** Files that came with a request, in the form validation has for stored bundles. */
import type { BundleFile } from '../../control/deploys/index.js';
import { bundleContents } from '../../control/documents/contents.js';
import type { BundleContents } from '../../control/documents/validate.js';
import { sha256Hex } from '../../spec/hash.js';

const defaultMode = 0o644;

export function contentsOfFiles(files: readonly BundleFile[]): Promise<BundleContents> {
  const bytesOf = new Map(files.map(({ path, bytes }) => [path, bytes]));
  return bundleContents({
    files: files.map(({ path, bytes, mode = defaultMode }) => ({ path, sha256: sha256Hex(bytes), size: bytes.length, mode })),
    read: (path) => Promise.resolve(bytesOf.get(path) ?? Buffer.alloc(0)),
  });
}

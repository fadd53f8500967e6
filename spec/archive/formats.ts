/** The kinds of archives that are taken: by their names in a document, by their first bytes on a host. Pure. */
export type ArchiveFormat = 'tar' | 'tar.gz' | 'tar.zst' | 'zip';

export const archiveNames = '.tar, .tar.gz (.tgz), .tar.zst or .zip';
const known = /\.(?:tar|tar\.gz|tgz|tar\.zst|zip)$/i;

export const isArchiveName = (path: string): boolean => known.test(path);

/** As many bytes as `formatOf` looks at. */
export const headBytes = 512;

const startsWith = (head: Uint8Array, ...bytes: number[]): boolean => bytes.every((byte, index) => head[index] === byte);

/** What the beginning of a file says it is, whatever it is called; null: none of them. */
export function formatOf(head: Uint8Array): ArchiveFormat | null {
  if (startsWith(head, 0x1f, 0x8b)) return 'tar.gz';
  if (startsWith(head, 0x28, 0xb5, 0x2f, 0xfd)) return 'tar.zst';
  // A file's header, or the end of an archive that has none.
  if (startsWith(head, 0x50, 0x4b, 0x03, 0x04) || startsWith(head, 0x50, 0x4b, 0x05, 0x06)) return 'zip';
  return isTarHeader(head) ? 'tar' : null;
}

const checksumAt = 148;
const checksumLength = 8;
const space = 0x20;

/** By the checksum of the first header, which every tar has. */
function isTarHeader(head: Uint8Array): boolean {
  if (head.length < headBytes || head[0] === 0) return false;
  const written = Number.parseInt(String.fromCharCode(...head.subarray(checksumAt, checksumAt + checksumLength)).replace(/\0.*$/s, '').trim(), 8);
  const sum = head.subarray(0, headBytes).reduce((total, byte, index) => total + (index >= checksumAt && index < checksumAt + checksumLength ? space : byte), 0);
  return written === sum;
}

/**
 * Which entries of an archive are put on disk: regular files and folders with plain names below one folder, each once,
 * and not too many or too large. Everything else is refused by name; nothing is skipped or renamed in silence. Pure.
 */
export interface ArchiveEntry {
  name: string;
  /** `other`: with the word for it in `what`. */
  kind: 'file' | 'folder' | 'other';
  what?: string;
  /** With the bits of setuid and the like. */
  mode: number;
  size: number;
}

export interface TakenEntry { path: string; executable: boolean }
export type EntryRefusal = { refused: string };

export interface ArchiveLimits {
  /** Files and folders, also those that are only in the names of others. */
  entries: number;
  /** Of all files together, unpacked. */
  bytes: number;
  /** Unpacked to packed, from `ratioFromBytes` unpacked bytes on. */
  ratio: number;
  ratioFromBytes: number;
}

export const archiveLimits: ArchiveLimits = { entries: 200_000, bytes: 4 * 1024 ** 3, ratio: 200, ratioFromBytes: 64 * 1024 ** 2 };

const depthMax = 64;
const partBytesMax = 255;
const nameBytesMax = 4000;
const setIds = 0o6000;
const executableBits = 0o111;

const bytesIn = (text: string): number => new TextEncoder().encode(text).length;

/** `./a//b/` → `a/b`, '' for the folder itself; or why it is no name. */
export function entryPath(name: string): string | EntryRefusal {
  const refused = (why: string): EntryRefusal => ({ refused: why });
  if (name === '') return refused('it has no name');
  if (/\p{Cc}/u.test(name)) return refused('its name has a control character');
  if (name.includes('\uFFFD')) return refused('its name is not UTF-8');
  if (name.includes('\\')) return refused('its name is one of Windows');
  if (name.startsWith('/')) return refused('its name is absolute');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (/^[A-Za-z]:/.test(parts[0] ?? '')) return refused('its name is one of Windows');
  if (parts.includes('..')) return refused('its name climbs out with ".."');
  if (parts.length > depthMax || bytesIn(name) > nameBytesMax || parts.some((part) => bytesIn(part) > partBytesMax)) return refused('its name is too long or too deep');
  return parts.join('/');
}

/** What an archive has brought so far. */
export class ArchiveLedger {
  private readonly files = new Set<string>();
  private readonly folders = new Set<string>();
  private bytes = 0;

  constructor(private readonly packedBytes: number, private readonly limits: ArchiveLimits = archiveLimits) {}

  /** Folders that the path needs are to be made by whoever writes it. */
  take(entry: ArchiveEntry): TakenEntry | EntryRefusal {
    if (entry.kind === 'other') return { refused: `it is a ${entry.what ?? 'special file'}; only regular files and folders are taken` };
    const path = entryPath(entry.name);
    if (typeof path !== 'string') return path;
    const refused = entry.kind === 'folder' ? this.addFolder(path) : this.addFile(path, entry);
    return refused === null ? { path, executable: (entry.mode & executableBits) !== 0 } : { refused };
  }

  /** Of what came out of the compression, which may be more than the entries say. */
  tooMuch(unpackedBytes: number): string | null {
    if (unpackedBytes > this.limits.bytes) return `it is larger than ${String(this.limits.bytes)} bytes unpacked`;
    if (unpackedBytes > this.limits.ratioFromBytes && unpackedBytes > this.packedBytes * this.limits.ratio) return `it unpacks to more than ${String(this.limits.ratio)} times its size`;
    return null;
  }

  private addFolder(path: string): string | null {
    if (this.files.has(path)) return 'it is a file and a folder';
    if (path !== '') this.folders.add(path);
    return this.addParents(path) ?? this.tooMany();
  }

  private addFile(path: string, { name, mode, size }: ArchiveEntry): string | null {
    if (path === '' || name.endsWith('/')) return 'it is a file with the name of a folder';
    if ((mode & setIds) !== 0) return 'it has a setuid or setgid bit';
    if (!Number.isSafeInteger(size) || size < 0) return 'its size is no number';
    if (this.files.has(path)) return 'it is there twice';
    if (this.folders.has(path)) return 'it is a file and a folder';
    this.files.add(path);
    this.bytes += size;
    return this.addParents(path) ?? this.tooMany() ?? this.tooMuch(this.bytes);
  }

  private addParents(path: string): string | null {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at);
      if (this.files.has(parent)) return `${parent} is a file and a folder`;
      if (this.folders.has(parent)) return null;
      this.folders.add(parent);
    }
    return null;
  }

  private tooMany(): string | null {
    return this.files.size + this.folders.size > this.limits.entries ? `the archive has more than ${String(this.limits.entries)} files and folders` : null;
  }
}

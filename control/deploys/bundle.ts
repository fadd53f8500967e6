/** The files beside the document: checked here, stored once per content. */
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import type { Tx } from '../database.js';

export interface BundleFile { path: string; bytes: Buffer; /** Permission bits; default 0o644. */ mode?: number }
export interface CheckedFile { path: string; bytes: Buffer; mode: number; sha256: string }

export const bundleLimits = { files: 1000, bytes: 32 * 1024 * 1024, pathLength: 512 } as const;
const defaultMode = 0o644;

const refuse = (message: string, fix: string, details: Record<string, unknown> = {}): MaestroError => new MaestroError('validation_error', message, { fix, details });

/** `./conf//app.conf` → `conf/app.conf`. Refuses what could leave the bundle or means another file elsewhere. */
export function bundlePath(path: string): string {
  const fail = (why: string): MaestroError => refuse(`The bundle path ${JSON.stringify(path.slice(0, 200))} ${why}.`, 'Use a relative path with forward slashes, inside the bundle.', { path: path.slice(0, 200) });
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) throw fail('is absolute');
  if (path.includes('\\')) throw fail('has a backslash');
  if (/\p{C}/u.test(path)) throw fail('has an unprintable character');
  const segments = path.normalize('NFC').split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw fail('leads out of the bundle');
  if (segments.length === 0 || path.endsWith('/')) throw fail('names no file');
  const normal = segments.join('/');
  if (normal.length > bundleLimits.pathLength) throw fail(`is longer than ${bundleLimits.pathLength} characters`);
  return normal;
}

/** Every file with its normal path and hash, sorted by path; or the first thing that is wrong. */
export function checkBundle(files: readonly BundleFile[]): CheckedFile[] {
  if (files.length > bundleLimits.files) throw refuse(`The bundle has ${files.length} files; ${bundleLimits.files} are allowed.`, 'Pack what belongs together into an archive, or remove files.');
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size > bundleLimits.bytes) throw new MaestroError('payload_too_large', `The bundle has ${size} bytes; ${bundleLimits.bytes} are allowed.`, { fix: 'Move large files out of the bundle.' });
  const checked = files.map(({ path, bytes, mode = defaultMode }) => ({ path: bundlePath(path), bytes, mode: checkMode(path, mode), sha256: sha256Hex(bytes) }));
  refuseClashes(checked.map(({ path }) => path));
  return checked.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function checkMode(path: string, mode: number): number {
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode;
  throw refuse(`The mode of ${path} is not one of 0 to 07777.`, 'Give permission bits such as 0644.', { path });
}

function refuseClashes(paths: readonly string[]): void {
  const all = new Set(paths);
  if (all.size < paths.length) {
    const twice = paths.find((path, index) => paths.indexOf(path) !== index) ?? '';
    throw refuse(`The bundle has ${twice} twice.`, 'Send each path once.', { path: twice });
  }
  for (const path of paths) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      if (all.has(path.slice(0, at))) throw refuse(`${path.slice(0, at)} is a file and a folder of the bundle.`, 'Rename one of them.', { path });
    }
  }
}

/** Bytes of one statement: the client encodes them, so a whole bundle at once would take a multiple of its size in memory. */
const chunkBytes = 2 * 1024 * 1024;

/** Stores the contents that are not there yet. In order of hash, so that transactions that share contents do not deadlock. */
export async function storeBlobs(tx: Tx, files: readonly CheckedFile[]): Promise<void> {
  const wanted = new Map(files.map((file) => [file.sha256, file.bytes]));
  const known = await tx.bundleBlob.findMany({ where: { sha256: { in: [...wanted.keys()] } }, select: { sha256: true } });
  for (const { sha256 } of known) wanted.delete(sha256);
  const missing = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const chunk of chunks(missing)) {
    const data = chunk.map(([sha256, bytes]) => ({ sha256, size: bytes.length, bytes: Uint8Array.from(bytes) }));
    await tx.bundleBlob.createMany({ data, skipDuplicates: true });
  }
}

function chunks(blobs: readonly [string, Buffer][]): [string, Buffer][][] {
  const all: [string, Buffer][][] = [];
  let room = 0;
  for (const blob of blobs) {
    if (all.length === 0 || room < blob[1].length) {
      all.push([]);
      room = chunkBytes;
    }
    all.at(-1)?.push(blob);
    room -= blob[1].length;
  }
  return all;
}

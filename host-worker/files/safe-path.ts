/**
 * Which paths a deploy may write to. The control plane refuses the same ones when it validates; a host
 * does not rely on that.
 */
import { MaestroError } from '../../spec/errors.js';
import { reservedFor } from '../../spec/resolve/paths.js';

/** See environmentFilePath. */
export const unitVariables = '/etc/maestro/units';
/** Where releases of sources are kept; see source/releases.ts. */
export const releasesRoot = '/opt/maestro/.releases';
const longestSegment = 255;
const longestPath = 4000;

/** Throws config_error unless `path` is absolute, normalised, and outside of the kernel's and Maestro's own folders. */
export function refuseUnsafePath(path: string, stateFolder: string): void {
  const why = unsafeBecause(path, stateFolder);
  if (why === null) return;
  throw new MaestroError('config_error', `${JSON.stringify(path.slice(0, 200))} is not a safe path: ${why}`, {
    fix: 'Use an absolute path without "..", outside of /proc, /sys, /dev and Maestro\'s own folders.',
    details: { path: path.slice(0, 200) },
  });
}

export function unsafeBecause(path: string, stateFolder: string): string | null {
  const shape = malformedBecause(path);
  if (shape !== null) return shape;
  // The files of units' variables are among a deploy's files, and are written by nothing else.
  const reserved = isInside(path, stateFolder) ? stateFolder : isInside(path, unitVariables) ? null : reservedFor(path);
  return reserved === null ? null : `${reserved} is reserved`;
}

function malformedBecause(path: string): string | null {
  if (!path.startsWith('/')) return 'it is not absolute';
  if (path.includes('\0')) return 'it has a NUL byte';
  if (Buffer.byteLength(path) > longestPath) return 'it is too long';
  const segments = path.slice(1).split('/');
  if (segments.includes('')) return 'it has an empty segment';
  if (segments.includes('.') || segments.includes('..')) return 'it has a "." or ".." segment';
  return segments.some((segment) => Buffer.byteLength(segment) > longestSegment) ? 'a segment of it is too long' : null;
}

export const isInside = (path: string, folder: string): boolean => path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

/** A path inside a folder of the bundle: relative, and it cannot leave the folder. */
export function unsafeTreePath(path: string): string | null {
  return path.startsWith('/') ? 'it is absolute' : malformedBecause(`/${path}`);
}

const unitName = /^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,246}\.service$/;

/** Unit names become file names and arguments of systemctl. */
export function refuseUnsafeUnitName(name: string): void {
  if (unitName.test(name)) return;
  throw new MaestroError('config_error', `${JSON.stringify(name.slice(0, 200))} is not a unit name`, {
    fix: 'Use letters, digits and : _ . @ - and end in ".service".', details: { unit: name.slice(0, 200) },
  });
}

/** Paths on the host: absolute, normalised, and nowhere that a deploy must not write. */
const forbiddenRoots = ['/proc', '/sys', '/dev', '/var/lib/maestro', '/opt/maestro-worker', '/run/systemd', '/var/lib/docker'];

/** Normalises; null when it climbs out of itself or has a null byte. */
export function normalisePath(path: string): string | null {
  if (path.includes('\0')) return null;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') return null;
    if (part !== '' && part !== '.') parts.push(part);
  }
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
}

/** A relative dest is under the component directory. Null: unsafe. */
export function resolveDest(dest: string, componentDirectory: string): string | null {
  const path = normalisePath(dest.startsWith('/') ? dest : `${componentDirectory}/${dest}`);
  if (path === null || path === '/' || dest.endsWith('/')) return null;
  return forbiddenRoots.some((root) => path === root || path.startsWith(`${root}/`)) ? null : path;
}

/** A path inside a bundle: relative, normalised, never climbing. */
export function bundlePath(path: string): string | null {
  const normal = normalisePath(path.startsWith('./') ? path.slice(2) : path);
  return normal === null || normal === '' || normal.startsWith('/') ? null : normal;
}

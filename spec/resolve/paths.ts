/** Paths on the host: absolute, normalised, and nowhere that a deploy must not write. */
const forbiddenRoots = [
  '/proc', '/sys', '/dev', '/run/systemd', '/var/run/systemd', '/var/lib/docker', '/var/lib/containerd',
  '/var/lib/maestro', '/var/cache/maestro', '/etc/maestro', '/opt/maestro-worker', '/run/maestro', '/var/run/maestro',
  '/opt/maestro/.releases', '/opt/maestro-host', '/run/maestro-host', '/var/run/maestro-host', '/usr/local/bin/maestro-host',
];
/** Units of the worker itself, and what systemd adds to them: by their name, by the beginning of it, and to every service. */
const ownUnits = /^(?:\/etc|\/lib|\/usr\/lib|\/usr\/local\/lib)\/systemd\/system(?:\.control|\.attached)?\/(?:maestro-host(?:-worker|-upgrade)?\.service(?:\.d)?|maestro-(?:host-)?\.service\.d|service\.d)(?:\/|$)/;

/** The folder that no deploy may write in, of a normalised path; null: there is none. The host asks this, too. */
export const reservedFor = (path: string): string | null =>
  forbiddenRoots.find((root) => path === root || path.startsWith(`${root}/`)) ?? ownUnits.exec(path)?.[0].replace(/\/$/, '') ?? null;

const longestPart = 255;

/** Normalises; null when it climbs out of itself, has a control character or a part that no file system takes. */
export function normalisePath(path: string): string | null {
  if (/\p{Cc}/u.test(path)) return null;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..' || part.length > longestPart) return null;
    if (part !== '' && part !== '.') parts.push(part);
  }
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
}

/** A relative dest is under the component directory. Null: unsafe. */
export function resolveDest(dest: string, componentDirectory: string): string | null {
  const path = normalisePath(dest.startsWith('/') ? dest : `${componentDirectory}/${dest}`);
  if (path === null || path === '/' || !path.startsWith('/') || dest === '' || dest.endsWith('/')) return null;
  return reservedFor(path) === null ? path : null;
}

/** A path inside a bundle: relative, normalised, never climbing. */
export function bundlePath(path: string): string | null {
  const normal = normalisePath(path.startsWith('./') ? path.slice(2) : path);
  return normal === null || normal === '' || normal.startsWith('/') ? null : normal;
}

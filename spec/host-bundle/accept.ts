/** Whether a host takes a release, once its signature is known to be right. */
import { MaestroError } from '../errors.js';
import type { Platform, Release, TrustedKey } from './shapes.js';
import { compareVersions } from './version.js';

/** A clock may be behind the control plane's by this much. */
const clockToleranceMs = 10 * 60_000;

const refused = (reason: string, message: string, fix: string): MaestroError => new MaestroError('config_error', message, { fix, details: { reason } });

/** The key that a signature names, as long as it is good. */
export function usableKey(keys: readonly TrustedKey[], ids: readonly string[], nowMs: number): TrustedKey | MaestroError {
  const known = keys.filter(({ id }) => ids.includes(id));
  const [usable] = known.filter(({ expires_at: end }) => end === null || Date.parse(end) > nowMs);
  if (usable !== undefined) return usable;
  const fix = 'Run the install command of your control plane again on this host: it carries the key to trust.';
  if (known.length > 0) return refused('expired_key', `the release is signed with a key that has expired (${known.map(({ id }) => id).join(', ')})`, fix);
  return refused('unknown_key', `the release is signed with a key that this host does not know (${ids.join(', ')})`, fix);
}

export interface Here { platform: Platform; /** What runs on this host now; null: nothing. */ version: string | null; nowMs: number }

/** null: it may be installed. */
export function refusalOf({ archive, issued_at: issued, expires_at: end }: Release, { platform, version, nowMs }: Here): MaestroError | null {
  if (archive.platform !== platform) return refused('platform', `the release is for ${archive.platform}, and this host is ${platform}`, `Ask for the release of ${platform}.`);
  if (Date.parse(end) <= nowMs) return refused('expired_release', `the release was good until ${end}`, 'Check the clock of this host, then try again: the control plane signs anew for each request.');
  if (Date.parse(issued) > nowMs + clockToleranceMs) return refused('future_release', `the release is from ${issued}, which is in the future here`, 'Set the clock of this host, then try again.');
  if (version !== null && compareVersions(archive.version, version) < 0) {
    return refused('downgrade', `this host runs ${version}, and ${archive.version} is older`, 'Go back to an older version by uninstalling first (managed workloads keep running).');
  }
  return null;
}

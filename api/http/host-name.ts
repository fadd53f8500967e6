/**
 * By which names we may be called. A page whose domain was pointed at our address (DNS rebinding) sends its own name; addresses cannot be rebound, so
 * any of them will do.
 */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { MaestroError } from '../../spec/errors.js';

/** Without port, brackets and a dot at the end. */
function nameOf(host: string): string {
  const bare = host.trim().toLowerCase();
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/.exec(bare)?.[1];
  return bracketed ?? bare.replace(/:\d{1,5}$/, '').replace(/\.$/, '');
}

/** `allowed`: names besides addresses, `localhost` and the name of this machine. */
export function isOurName(host: string | undefined, allowed: readonly string[]): boolean {
  if (host === undefined) return false;
  const name = nameOf(host);
  return isIP(name) !== 0 || name === 'localhost' || name === hostname().toLowerCase() || allowed.includes(name);
}

export function checkHostName(host: string | undefined, allowed: readonly string[]): void {
  if (isOurName(host, allowed)) return;
  throw new MaestroError('permission_denied', 'This server is not called by that name', { fix: 'Use its address, or set MAESTRO_PUBLIC_URL (or MAESTRO_ALLOWED_HOSTS) to the name people use.' });
}

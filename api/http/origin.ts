/**
 * Who may speak with a browser's cookie: only pages of our own origin. Browsers say where a request comes from in
 * Sec-Fetch-Site and Origin and do not let pages change it; a request with neither was not made by a page.
 */
import type { IncomingHttpHeaders } from 'node:http';

const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null);

/** `allowed` holds further origins (`https://maestro.example`), for a proxy that rewrites Host. */
export function isOwnOrigin(origin: string, host: string | undefined, allowed: readonly string[]): boolean {
  if (allowed.includes(origin)) return true;
  const from = hostOf(origin);
  return from !== null && host !== undefined && from === host.toLowerCase();
}

export function isCrossSite(headers: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (origin !== undefined && allowed.includes(origin)) return false;
  if (typeof site === 'string') return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && !isOwnOrigin(origin, host, allowed);
}

/** Session cookie or API key, never both: a request with an Authorization header is judged by that alone. */
import { parseCookie, stringifySetCookie } from 'cookie';
import type { IncomingHttpHeaders } from 'node:http';

export const sessionCookie = 'session';
const sessionSeconds = 7 * 24 * 3600;

export type Credentials = { kind: 'bearer'; bearer: string } | { kind: 'cookie'; cookie: string } | { kind: 'none' };

const bearerOf = (authorization: string): string => /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';

export function credentialsOf(headers: IncomingHttpHeaders): Credentials {
  if (headers.authorization !== undefined) return { kind: 'bearer', bearer: bearerOf(headers.authorization) };
  const cookie = parseCookie(headers.cookie ?? '')[sessionCookie];
  return cookie === undefined || cookie === '' ? { kind: 'none' } : { kind: 'cookie', cookie };
}

const attributes = (secure: boolean) => ({ httpOnly: true, sameSite: 'lax', path: '/', secure }) as const;

export const openSessionCookie = (token: string, secure: boolean): string => stringifySetCookie(sessionCookie, token, { ...attributes(secure), maxAge: sessionSeconds });
export const closeSessionCookie = (secure: boolean): string => stringifySetCookie(sessionCookie, '', { ...attributes(secure), maxAge: 0 });

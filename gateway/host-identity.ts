/** Who calls: the host whose token this is, and nobody else. A host is only ever asked about, and reports on, itself. */
import type { IncomingHttpHeaders } from 'node:http';
import { isHostToken } from '../control/host-tokens.js';
import { MaestroError } from '../spec/errors.js';

export const nodeHeader = 'x-maestro-node';

const nodeName = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** The calling host's name; auth_error for anything but its own token. Takes the same time for every wrong token. */
export function callingHost(headers: IncomingHttpHeaders, tokenKey: string): string {
  const node = headers[nodeHeader];
  const token = /^Bearer ([0-9a-f]{64})$/.exec(headers.authorization ?? '')?.[1] ?? '';
  // Checked before the name is looked at, so that timing says nothing about names either.
  const matches = isHostToken(tokenKey, typeof node === 'string' ? node : '', token);
  if (matches && typeof node === 'string' && nodeName.test(node)) return node;
  throw new MaestroError('auth_error', 'This is not the token of that host', { fix: `Give the host worker its own token and send its name in ${nodeHeader}.` });
}

/** How often one caller may ask. Far above what people and programs do in earnest; it keeps one that runs wild from taking the server for itself. */
import type { Request, Response } from 'express';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import { credentialsOf } from './credentials.js';
import { addressOf, limiter, passAll } from './guesses.js';

export interface RequestLimits { /** By session or key; by address for those without. */ perCaller: number; /** Credentials that turned out not to be valid. */ refusedPerAddress: number; windowMs: number }
export const requestLimits: RequestLimits = { perCaller: 6_000, refusedPerAddress: 600, windowMs: 60_000 };

function callerOf(request: Request): string {
  const credentials = credentialsOf(request.headers);
  if (credentials.kind === 'none') return addressOf(request);
  return sha256Hex(credentials.kind === 'bearer' ? `b ${credentials.bearer}` : `c ${credentials.cookie}`);
}

const tooMany = (seconds: number): MaestroError =>
  new MaestroError('rate_limited', 'Too many requests', { fix: `Wait ${seconds} s, then go on more slowly.`, details: { retry_after_seconds: seconds } });

/** Rejects with rate_limited. Made-up credentials count by address, so that inventing them does not help. */
export function requestGuard({ perCaller, refusedPerAddress, windowMs }: RequestLimits): (request: Request, response: Response) => Promise<void> {
  const refused = { skipSuccessfulRequests: true, requestWasSuccessful: (_request: Request, { statusCode }: Response) => statusCode !== 401 };
  return passAll([
    limiter({ limit: refusedPerAddress, windowMs, keyOf: addressOf, tooMany, ...refused }),
    limiter({ limit: perCaller, windowMs, keyOf: callerOf, tooMany }),
  ]);
}

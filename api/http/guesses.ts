/** Counts guesses of passwords: per account and address, per address, and per account, so that neither many names, many tries nor many addresses help. */
import type { Request, Response } from 'express';
import { ipKeyGenerator, rateLimit, type Options, type RateLimitRequestHandler } from 'express-rate-limit';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';

/** `perAccount`: from one address. `perAccountAnywhere`: default as `perAddress`. */
export interface GuessLimits { perAccount: number; perAddress: number; perAccountAnywhere?: number; windowMs: number }
export const guessLimits: GuessLimits = { perAccount: 10, perAddress: 20, windowMs: 15 * 60_000 };

const named = z.object({ username: z.string() });

/** The account a body names, folded like names are compared; empty for a body that names none. */
export function accountOf(bytes: Buffer): string {
  try {
    const parsed = named.safeParse(JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.data.username.normalize('NFKC').trim().toLowerCase().slice(0, 64) : '';
  } catch {
    return '';
  }
}

export const addressOf = ({ ip }: Request): string => ipKeyGenerator(ip ?? '');
const accountIn = ({ locals }: Response): string => String(locals['account']);

export interface Limit extends Partial<Pick<Options, 'skipSuccessfulRequests' | 'requestWasSuccessful' | 'skip'>> {
  limit: number;
  windowMs: number;
  keyOf(request: Request, response: Response): string;
  tooMany(seconds: number): MaestroError;
}

export function limiter({ limit, windowMs, keyOf, tooMany, ...options }: Limit): RateLimitRequestHandler {
  return rateLimit({
    ...options,
    windowMs,
    limit,
    legacyHeaders: false,
    standardHeaders: false,
    validate: false,
    keyGenerator: keyOf,
    handler: (_request, _response, next) => { next(tooMany(Math.ceil(windowMs / 1000))); },
  });
}

/** One after the other; rejects with what the first that is full says. */
export const passAll = (limiters: readonly RateLimitRequestHandler[]) => async (request: Request, response: Response): Promise<void> => {
  for (const limit of limiters) {
    await new Promise<void>((resolve, reject) => {
      void limit(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    });
  }
};

const tooManyGuesses = (seconds: number): MaestroError =>
  new MaestroError('rate_limited', 'Too many attempts to sign in', { fix: `Wait ${seconds} s, then try again.`, details: { retry_after_seconds: seconds } });

/** Rejects with rate_limited; `response.locals.account` must be set. Whoever gets in does not count. */
export function guessGuard({ perAccount, perAddress, perAccountAnywhere = perAddress, windowMs }: GuessLimits): (request: Request, response: Response) => Promise<void> {
  const common = { windowMs, tooMany: tooManyGuesses, skipSuccessfulRequests: true };
  return passAll([
    limiter({ ...common, limit: perAddress, keyOf: addressOf }),
    limiter({ ...common, limit: perAccount, keyOf: (request, response) => `${addressOf(request)} ${accountIn(response)}` }),
    // A set-up names no account that is there.
    limiter({ ...common, limit: perAccountAnywhere, keyOf: (_request, response) => accountIn(response), skip: (_request, response) => accountIn(response) === '' }),
  ]);
}

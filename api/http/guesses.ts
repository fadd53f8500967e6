/** Counts guesses of passwords: per account and address, and per address alone, so that neither many names nor many tries help. */
import type { Request, Response } from 'express';
import { ipKeyGenerator, rateLimit, type RateLimitRequestHandler } from 'express-rate-limit';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';

export interface GuessLimits { perAccount: number; perAddress: number; windowMs: number }
export const guessLimits: GuessLimits = { perAccount: 10, perAddress: 20, windowMs: 60_000 };

const named = z.object({ username: z.string() });

/** The account a body names, folded like names are compared; empty for a body that names none. */
export function accountOf(bytes: Buffer): string {
  try {
    const parsed = named.safeParse(JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.data.username.trim().toLowerCase().slice(0, 64) : '';
  } catch {
    return '';
  }
}

const addressOf = ({ ip }: Request): string => ipKeyGenerator(ip ?? '');

function limiter(limit: number, windowMs: number, keyOf: (request: Request, response: Response) => string): RateLimitRequestHandler {
  return rateLimit({
    windowMs,
    limit,
    legacyHeaders: false,
    standardHeaders: false,
    validate: false,
    keyGenerator: keyOf,
    handler: (_request, _response, next) => {
      const seconds = Math.ceil(windowMs / 1000);
      next(new MaestroError('rate_limited', 'Too many attempts to sign in', { fix: `Wait ${seconds} s, then try again.`, details: { retry_after_seconds: seconds } }));
    },
  });
}

/** Rejects with rate_limited; `response.locals.account` must be set. */
export function guessGuard(limits: GuessLimits): (request: Request, response: Response) => Promise<void> {
  const limiters = [
    limiter(limits.perAddress, limits.windowMs, addressOf),
    limiter(limits.perAccount, limits.windowMs, (request, response) => `${addressOf(request)} ${String(response.locals['account'])}`),
  ];
  return async (request, response) => {
    for (const limit of limiters) {
      await new Promise<void>((resolve, reject) => {
        void limit(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
      });
    }
  };
}

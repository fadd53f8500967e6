/** What hosts ask over HTTP: to be enrolled, to be renewed, and all of /host/v1. */
import { randomUUID } from 'node:crypto';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import { enrollHost, type HostIdentity, type IssuingAuthorities, renewHost } from '../control/identity/index.js';
import { refusalOf } from '../control/problem.js';
import { MaestroError } from '../spec/errors.js';
import { hostName } from '../spec/host-names.js';
import { hostRouter, only, parse } from './host-router.js';
import type { WorkDeps } from './open-work.js';

/** Who asks. `expired`: with a certificate that is good for a renewal only. `issuer`: PEM of the intermediate that signed it. */
export interface HttpCaller { identity: HostIdentity; expired: boolean; issuer: string }

export interface HostAppOptions extends WorkDeps {
  authorities(): IssuingAuthorities;
  /** Null: nobody that is known. Throws when that cannot be told. */
  callerOf(request: Request): Promise<HttpCaller | null>;
  /** False: the host has to slow down. A true is followed by one `end`. */
  begin(host: string): boolean;
  end(host: string): void;
  enrollmentsPerMinute: number;
  /** Whether the certificate of whoever says hello is behind the authority; `trusts`: digests of the roots that the host says it trusts. */
  renewalDue?(caller: HttpCaller, trusts: readonly string[] | undefined): Promise<boolean>;
  onError(error: unknown, requestId: string): void;
  /** Once per request, without anything that was in it. */
  onRequest?: (request: RequestLine) => void;
  troubled?: (error: unknown) => void;
}

export interface RequestLine { request_id: string; method: string; route: string; status: number; ms: number; actor: string | null }

const requestBytesMax = 16 << 10;
const json = express.json({ limit: requestBytesMax, inflate: false, type: 'application/json' });

const csr = z.string().min(1).max(8 << 10);
const enrollRequest = z.strictObject({ token: z.string().min(16).max(256), name: z.string().regex(hostName), csr });
const renewRequest = z.strictObject({ csr });

const unknownHost = (): MaestroError => new MaestroError('auth_error', 'This is not the certificate of a host that is enrolled', { fix: 'Enroll the host: it has no certificate, or it was revoked or replaced.' });
const expiredHost = (): MaestroError => new MaestroError('auth_error', 'The certificate of this host has expired', { fix: 'Let the host worker renew it.' });

const guard = (options: HostAppOptions): RequestHandler => async (request, response, next) => {
  const caller = await options.callerOf(request);
  if (caller === null) throw unknownHost();
  if (caller.expired && request.path !== '/renew') throw expiredHost();
  const { name } = caller.identity;
  if (!options.begin(name)) throw new MaestroError('rate_limited', 'This host asks too much', { fix: 'Ask again in a second.', details: { retry_after_seconds: 1 } });
  response.once('close', () => options.end(name));
  response.locals['actorId'] = name;
  response.locals['caller'] = caller;
  next();
};

const callerOf = (response: Response): HttpCaller => response.locals['caller'] as HttpCaller;
const identityOf = (response: Response): HostIdentity => callerOf(response).identity;

export function hostApp(options: HostAppOptions): Express {
  const { authorities, db, enrollmentsPerMinute, onError } = options;
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use((request, response, next) => {
    const requestId = randomUUID();
    const started = performance.now();
    const route = request.path.slice(0, 60);
    response.locals['requestId'] = requestId;
    response.once('close', () => {
      const actor: unknown = response.locals['actorId'];
      options.onRequest?.({ request_id: requestId, method: request.method, route, status: response.statusCode, ms: Math.round(performance.now() - started), actor: typeof actor === 'string' ? actor : null });
    });
    response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    next();
  });
  app.route('/healthz').get((_request, response) => { response.status(204).end(); }).all(only('GET'));
  const slowly = rateLimit({
    windowMs: 60_000, limit: enrollmentsPerMinute, skipSuccessfulRequests: true, standardHeaders: false, legacyHeaders: false,
    handler: () => { throw new MaestroError('rate_limited', 'Too many enrollments were refused', { fix: 'Wait a minute.', details: { retry_after_seconds: 60 } }); },
  });
  app.route('/enroll').post(slowly, json, async (request, response) => {
    const asked = parse(enrollRequest, request.body);
    response.status(201).json(await enrollHost(db, authorities(), asked, request.socket.remoteAddress ?? ''));
  }).all(only('POST'));
  app.use('/host/v1', guard(options));
  app.route('/host/v1/renew').post(json, async (request, response) => {
    response.status(201).json(await renewHost(db, authorities(), identityOf(response), parse(renewRequest, request.body).csr));
  }).all(only('POST'));
  app.use('/host/v1', hostRouter({ ...options, renewalDue: async (response, trusts) => (await options.renewalDue?.(callerOf(response), trusts)) ?? false }));
  app.use((request) => { throw new MaestroError('not_found', `There is nothing at ${request.path.slice(0, 200)}`, { fix: 'Ask for what hosts may ask for.' }); });
  app.use((error: unknown, _request: Request, response: Response, _next: express.NextFunction) => {
    const requestId = String(response.locals['requestId']);
    const { problem, retryAfterSeconds, unexpected } = refusalOf(error, requestId);
    if (unexpected) onError(error, requestId);
    // Too late for an answer of its own: cut, so that the reader does not take half for the whole.
    if (response.headersSent) return void response.destroy();
    if (retryAfterSeconds !== null) response.setHeader('Retry-After', String(retryAfterSeconds));
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  });
  return app;
}

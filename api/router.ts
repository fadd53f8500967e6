/**
 * Mounts the table. Every request walks the same way: known path and method → whose browser page → who → may they →
 * body within limits → first time? → handler → audit → answer. Each step can refuse; nothing after a refusal runs.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, { Router, type Request, type Response } from 'express';
import { appendAudit, recordAudit } from '../control/audit/index.js';
import { lacks, type Actor } from '../control/actor.js';
import { authenticate } from '../control/auth/index.js';
import { effectOnce, once } from '../control/idempotency/index.js';
import { MaestroError } from '../spec/errors.js';
import { checkTable } from './check-table.js';
import type { ApiContext } from './context.js';
import { limitOf, mediaTypeOf } from './http/body.js';
import { credentialsOf } from './http/credentials.js';
import { accountOf, guessGuard } from './http/guesses.js';
import { checkHostName } from './http/host-name.js';
import { isCrossSite } from './http/origin.js';
import { requestGuard } from './http/request-limits.js';
import { requestIdOf } from './http/request-log.js';
import { admitTemporalWeb, answerPreflight, temporalWebOrigin } from './http/temporal-web.js';
import { checkNarrowed } from './narrowed.js';
import { anonymous, isMutation, Streamed, type RawParts, type RequestFacts, type Route } from './route.js';

type Guard = (request: Request, response: Response) => Promise<void>;
interface Answer { status: number; body: unknown }
interface Running extends Answer { details: Record<string, unknown> }

/** `/api/deploys/{id}` → `/api/deploys/:id`. A `{path}` at the end may have slashes, encoded or not. */
const expressPath = (path: string): string => path.replace(/\{path\}$/, '*path').replaceAll(/\{(\w+)\}/g, ':$1');

const paramsOf = ({ params }: Request): Record<string, unknown> =>
  Object.fromEntries(Object.entries(params).map(([name, value]: [string, unknown]) => [name, Array.isArray(value) ? value.join('/') : value]));

function refuseOtherSites(row: Route, request: Request, { settings }: ApiContext): void {
  if (!isMutation(row.method) || credentialsOf(request.headers).kind === 'bearer') return;
  const pages = row.temporalWeb === true ? temporalWebOrigin(settings) : null;
  if (!isCrossSite(request.headers, pages === null ? settings.allowedOrigins : [...settings.allowedOrigins, pages])) return;
  throw new MaestroError('permission_denied', 'The request comes from a page of another site', { fix: 'Open Maestro\'s own page, or use an API key as Authorization: Bearer mae_….' });
}

const notSignedIn = (message: string): MaestroError => new MaestroError('auth_error', message, { fix: 'Sign in, or send a valid API key as Authorization: Bearer mae_….' });

async function whoAsks(row: Route, request: Request, { db }: ApiContext): Promise<Actor> {
  if (row.right === 'public') return anonymous;
  const credentials = credentialsOf(request.headers);
  if (credentials.kind === 'none') throw notSignedIn('You are not signed in');
  const actor = await authenticate(db, credentials.kind === 'bearer' ? { bearer: credentials.bearer } : { cookie: credentials.cookie });
  if (actor === null) throw notSignedIn(credentials.kind === 'bearer' ? 'The API key is not valid: unknown, expired or revoked' : 'The session is not valid: unknown, expired or signed out');
  return actor;
}

/** All that somebody may do whose password was given to them. */
const beforeNewPassword: readonly string[] = ['getMe', 'changePassword', 'logout'];

function missingRight(row: Route, actor: Actor): MaestroError | null {
  if (actor.mustChangePassword === true && row.right !== 'public' && !beforeNewPassword.includes(row.operationId)) {
    return new MaestroError('permission_denied', 'The password was given to you and has to be changed first', { fix: 'Change the password (POST /api/auth/change-password), then go on.', details: { must_change_password: true } });
  }
  if (row.right !== 'public' && row.right !== 'session' && !actor.rights.includes(row.right)) {
    return lacks(actor, row.right);
  }
  if (row.peopleOnly === true && actor.kind !== 'user') {
    return new MaestroError('permission_denied', 'An API key may not do this', { fix: 'Sign in with a user name and password.' });
  }
  return null;
}

/** Refusals of `work` are written down: rights that are missing, and what is out of sight for somebody who is narrowed. */
async function recordingRefusals<T>(row: Route, actor: Actor, request: Request, { db }: ApiContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const hidden = error instanceof MaestroError && error.code === 'not_found' && actor.scope !== undefined;
    if (actor !== anonymous && error instanceof MaestroError && (hidden || error.code === 'permission_denied')) {
      await recordAudit(db, { actor, action: row.audit?.action ?? row.operationId, target: targetOf(request), result: 'refused', details: { ...error.details, method: request.method, path: request.path } });
    }
    throw error;
  }
}

async function checkRight(row: Route, actor: Actor, request: Request, { db }: ApiContext): Promise<void> {
  const refusal = missingRight(row, actor);
  if (refusal !== null) throw refusal;
  await checkNarrowed(row, actor, request.params['id'], db);
}

/** For the slowest upload of a whole bundle. */
const bodyTimeoutMs = 120_000;

/** Bytes of the body, within the limit of its media type. */
async function readBody(row: Route, request: Request, response: Response): Promise<Pick<RawParts, 'mediaType' | 'bytes'>> {
  const mediaType = mediaTypeOf(request.get('content-type'));
  const empty = request.get('transfer-encoding') === undefined && Number(request.get('content-length') ?? 0) === 0;
  if (row.body === null || (empty && !row.body.required)) return { mediaType, bytes: Buffer.alloc(0) };
  const { limitBytes } = limitOf(row.body, mediaType);
  if (row.body.streamed === true) return { mediaType, bytes: Buffer.alloc(0) };
  const late = setTimeout(() => request.destroy(), bodyTimeoutMs);
  response.once('close', () => clearTimeout(late));
  const read = express.raw({ type: () => true, limit: limitBytes, inflate: false });
  await new Promise<void>((resolve, reject) => read(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error))));
  clearTimeout(late);
  const bytes: unknown = request.body;
  return { mediaType, bytes: Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0) };
}

function factsOf(row: Route, actor: Actor, request: Request, response: Response, running: Running, { settings }: ApiContext): RequestFacts {
  const key = idempotencyKey(row, request);
  const credentials = credentialsOf(request.headers);
  return {
    requestId: requestIdOf(response.locals),
    remoteAddress: request.ip ?? '',
    secure: request.secure || settings.https,
    sessionToken: credentials.kind === 'cookie' ? credentials.cookie : null,
    userAgent: request.get('user-agent') ?? '',
    ifMatch: request.get('if-match') ?? null,
    namespace: request.get('x-namespace') ?? null,
    mark: key === null ? randomUUID() : createHash('sha256').update(`${actor.id}\n${request.method} ${request.originalUrl}\n${key}`).digest('hex'),
    repeatable: key !== null,
    bytes: request,
    setCookie: (cookie) => void response.append('Set-Cookie', cookie),
    setStatus: (status) => { running.status = status; },
    note: (details) => { Object.assign(running.details, details); },
  };
}

const keyPattern = /^[\x21-\x7e]{1,128}$/;

function idempotencyKey(row: Route, request: Request): string | null {
  const key = request.get('idempotency-key');
  if (key === undefined || row.idempotent !== true) return null;
  if (keyPattern.test(key)) return key;
  throw new MaestroError('validation_error', 'The Idempotency-Key is not usable', { fix: 'Use 1 to 128 visible ASCII characters, such as a UUID.' });
}

const fingerprint = (request: Request, bytes: Buffer): string => createHash('sha256').update(`${request.method} ${request.originalUrl}\n`).update(bytes).digest('hex');

async function runHandler(row: Route, actor: Actor, parts: RawParts, request: Request, response: Response, context: ApiContext): Promise<Answer> {
  const running: Running = { status: row.status ?? 200, body: null, details: {} };
  const body = checked(row, await row.answer(parts, { actor, context, request: factsOf(row, actor, request, response, running, context) }), context);
  if (row.audit?.by === 'router') {
    const entry = { actor, action: row.audit.action, target: targetOf(request), result: 'ok' as const, details: running.details };
    await effectOnce(context.db, (tx) => appendAudit(tx, entry).then(() => null));
  }
  return { status: running.status, body };
}

const targetOf = ({ params, path }: Request): string => (typeof params['id'] === 'string' ? params['id'] : path);

/** Only what the schema names leaves the process. */
function checked(row: Route, body: unknown, { log, settings }: ApiContext): unknown {
  if (row.response === null || body instanceof Streamed) return body;
  const parsed = row.response.safeParse(body);
  if (parsed.success) return parsed.data;
  if (settings.strictAnswers) throw new Error(`${row.operationId} answers against its schema: ${parsed.error.message}`);
  log.error({ operation: row.operationId, issues: parsed.error.issues.slice(0, 5) }, 'answer does not fit its schema');
  return body;
}

async function send(response: Response, { status, body }: Answer): Promise<void> {
  response.status(status);
  if (body instanceof Streamed) {
    response.type(body.mediaType);
    if (body.bytes !== undefined) response.setHeader('Content-Length', body.bytes);
    await pipeline(Readable.from(body.chunks), response).catch((error: unknown) => { if (!response.destroyed) throw error; });
  } else if (body === null || body === undefined) response.end();
  else response.json(body);
}

function serve(row: Route, context: ApiContext, guard: Guard, limit: Guard) {
  return async (request: Request, response: Response): Promise<void> => {
    response.locals['route'] = row.path;
    response.setHeader('Cache-Control', 'no-store');
    if (row.right !== 'public' || row.limited === true) checkHostName(request.headers.host, context.settings.allowedHosts);
    if (row.temporalWeb === true) admitTemporalWeb(request, response, context.settings);
    refuseOtherSites(row, request, context);
    await limit(request, response);
    const actor = await whoAsks(row, request, context);
    response.locals['actorId'] = actor.id;
    const recording = <T>(work: () => Promise<T>): Promise<T> => recordingRefusals(row, actor, request, context, work);
    await recording(() => checkRight(row, actor, request, context));
    const body = await readBody(row, request, response);
    if (row.limited === true) {
      response.locals['account'] = actor === anonymous ? accountOf(body.bytes) : actor.id;
      await guard(request, response);
    }
    const parts = { ...body, params: paramsOf(request), query: request.query };
    const run = (): Promise<Answer> => runHandler(row, actor, parts, request, response, context);
    const key = idempotencyKey(row, request);
    await send(response, await recording(() => (key === null ? run() : once(context.db, actor.id, key, fingerprint(request, body.bytes), run))));
  };
}

/** Throws when the table is not complete. */
export function apiRouter(routes: readonly Route[], context: ApiContext): Router {
  checkTable(routes);
  const router = Router();
  const guard = guessGuard(context.settings.guessLimits);
  const limit = requestGuard(context.settings.requestLimits);
  const paths = new Map<string, Route[]>();
  for (const row of routes) paths.set(row.path, [...(paths.get(row.path) ?? []), row]);
  for (const [path, rows] of paths) {
    const mounted = router.route(expressPath(path));
    for (const row of rows) mounted[row.method](serve(row, context, guard, limit));
    const allow = rows.map(({ method }) => method.toUpperCase()).join(', ');
    mounted.all((request, response) => {
      if (request.method === 'OPTIONS' && rows.some(({ temporalWeb }) => temporalWeb === true) && answerPreflight(request, response, context.settings, allow)) return;
      response.setHeader('Allow', allow);
      throw new MaestroError('method_not_allowed', `${request.method} is not possible here`, { fix: `Use ${allow}.`, details: { allow } });
    });
  }
  return router;
}

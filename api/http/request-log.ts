/** One line per request: who, which route, what came of it. Paths without query, so that nothing typed into one is kept. */
import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from '../log.js';

export const requestIdOf = (locals: Record<string, unknown>): string => String(locals['requestId'] ?? '');

/** A client may name its request, within reason, to find it again in the log. */
const named = (header: string | undefined): string => (header !== undefined && /^[A-Za-z0-9._-]{8,64}$/.test(header) ? header : randomUUID());

export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const requestId = named(request.get('x-request-id'));
    response.locals['requestId'] = requestId;
    response.setHeader('x-request-id', requestId);
    const path = request.path;
    response.once('close', () => {
      const { route, actorId, code } = response.locals;
      log.info({
        request_id: requestId,
        method: request.method,
        route: typeof route === 'string' ? route : path.slice(0, 200),
        status: response.statusCode,
        ms: Math.round(performance.now() - started),
        actor: typeof actorId === 'string' ? actorId : null,
        ...(typeof code === 'string' ? { code } : {}),
        ...(response.writableFinished ? {} : { cut: true }),
      }, 'request');
    });
    next();
  };
}

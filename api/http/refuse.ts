/** The last handler of the app: whatever was thrown is answered as problem+json, and logged when it is our fault. */
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '../log.js';
import { refusalOf } from '../../control/problem.js';
import { requestIdOf } from './request-log.js';

export function refuse(response: Response, error: unknown, log: Logger): void {
  const requestId = requestIdOf(response.locals);
  const { problem, retryAfterSeconds, unexpected } = refusalOf(error, requestId);
  if (unexpected) log.error({ request_id: requestId, err: error }, 'request failed');
  response.locals['code'] = problem.code;
  // Too late for an answer of its own: cut, so that the reader does not take half for the whole.
  if (response.headersSent) return void response.destroy();
  if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  if (retryAfterSeconds !== null) response.setHeader('Retry-After', String(retryAfterSeconds));
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

export const errorHandler = (log: Logger): ErrorRequestHandler => (error, _request, response, _next) => refuse(response, error, log);

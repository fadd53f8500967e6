/**
 * The hosts' door, mounted at /host/v1: hello, what shall be here, what happened here. Errors are thrown as MaestroError
 * for the app's own error handler. Nothing of a request is looked at before its token is.
 */
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import { seen } from '../control/nodes/index.js';
import { MaestroError, type Diagnostic } from '../spec/errors.js';
import type { z } from 'zod';
import { callingHost } from './host-identity.js';
import { desiredQuery, diffs, diffsBytesMax, hello, helloBytesMax, report, reportBytesMax } from './messages.js';
import { workOf, type WorkDeps } from './open-work.js';
import { recordDiffs } from './record-diffs.js';
import { recordReport } from './record-report.js';

export interface HostRouterOptions extends WorkDeps { /** See control/host-tokens. */ tokenKey: string }

const json = (limit: number): RequestHandler => express.json({ limit, inflate: false, type: 'application/json' });

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }): Diagnostic =>
    ({ code: 'validation_error', path: path.map(String).join('.'), line: 0, column: 0, message, suggested_fix: 'Update the host worker to the version of the control plane.' }));
  throw new MaestroError('validation_error', 'The host worker\'s message is not understood', { fix: 'Update the host worker to the version of the control plane.', errors });
}

const only = (allow: string): RequestHandler => (request, response) => {
  response.setHeader('Allow', allow);
  throw new MaestroError('method_not_allowed', `${request.method} is not possible here`, { fix: `Use ${allow}.` });
};

const hostOf = (response: Response): string => String(response.locals['actorId']);

/** Where the host says it is from; a node's address in the list of nodes, nothing more. */
const addressOf = ({ ip }: Request): string | undefined => ip?.replace(/^::ffff:/, '');

export function hostRouter({ tokenKey, ...deps }: HostRouterOptions): Router {
  const router = Router();
  router.use((request, response, next) => {
    response.locals['route'] = `/host/v1${request.path.slice(0, 50)}`;
    response.locals['actorId'] = callingHost(request.headers, tokenKey);
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  router.route('/hello').post(json(helloBytesMax), async (request, response) => {
    const { facts, version } = parse(hello, request.body);
    await seen(deps.db, { node: hostOf(response), facts, version, address: addressOf(request) });
    response.status(204).end();
  }).all(only('POST'));
  router.route('/desired').get(async (request, response) => {
    const { run, component, content } = parse(desiredQuery, request.query);
    const { placements } = await workOf(deps, hostOf(response), run, { component, withContent: content });
    response.json({ placements });
  }).all(only('GET'));
  router.route('/report').post(json(reportBytesMax), async (request, response) => {
    await recordReport(deps, hostOf(response), parse(report, request.body));
    response.status(204).end();
  }).all(only('POST'));
  router.route('/diffs').post(json(diffsBytesMax), async (request, response) => {
    await recordDiffs(deps, hostOf(response), parse(diffs, request.body));
    response.status(204).end();
  }).all(only('POST'));
  return router;
}

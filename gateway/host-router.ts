/**
 * The hosts' door, mounted at /host/v1 behind the guard that has found out who asks: hello, what shall be here, what
 * happened here. Errors are thrown as MaestroError for the app's own error handler.
 */
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import { addLogs } from '../control/logs/index.js';
import { seen } from '../control/nodes/index.js';
import { recordStates, watchedOn } from '../control/observed/index.js';
import { removalsOn } from '../control/removals/index.js';
import { MaestroError, type Diagnostic } from '../spec/errors.js';
import type { z } from 'zod';
import { sendArchive } from './archive.js';
import { archiveQuery, desiredQuery, diffs, diffsBytesMax, hello, helloBytesMax, pinRequest, report, reportBytesMax } from './messages.js';
import { workOf, type WorkDeps } from './open-work.js';
import { logsBytesMax, logsReport, removalsQuery, statesBytesMax, statesReport, watchedQuery } from './observed-messages.js';
import { pinForHost } from './pin.js';
import { recordDiffs } from './record-diffs.js';
import { recordReport } from './record-report.js';

export interface HostRouterOptions extends WorkDeps {
  /** A version that a host has, and that cannot be rendered any more. */
  troubled?: (error: unknown) => void;
  /** Whether whoever asks should renew its certificate now. */
  renewalDue(response: Response, trusts: readonly string[] | undefined): Promise<boolean>;
}

const json = (limit: number): RequestHandler => express.json({ limit, inflate: false, type: 'application/json' });

export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }): Diagnostic =>
    ({ code: 'validation_error', path: path.map(String).join('.'), line: 0, column: 0, message, suggested_fix: 'Update the host worker to the version of the control plane.' }));
  throw new MaestroError('validation_error', 'The host worker\'s message is not understood', { fix: 'Update the host worker to the version of the control plane.', errors });
}

export const only = (allow: string): RequestHandler => (request, response) => {
  response.setHeader('Allow', allow);
  throw new MaestroError('method_not_allowed', `${request.method} is not possible here`, { fix: `Use ${allow}.` });
};

const hostOf = (response: Response): string => String(response.locals['actorId']);

/** Where the host says it is from; a node's address in the list of nodes, nothing more. */
const addressOf = ({ ip }: Request): string | undefined => ip?.replace(/^::ffff:/, '');

export function hostRouter({ troubled, renewalDue, ...deps }: HostRouterOptions): Router {
  const router = Router();
  router.route('/hello').post(json(helloBytesMax), async (request, response) => {
    const { facts, version, trusts } = parse(hello, request.body);
    await seen(deps.db, { node: hostOf(response), facts, version, address: addressOf(request) });
    if (await renewalDue(response, trusts)) response.json({ renew: true });
    else response.status(204).end();
  }).all(only('POST'));
  router.route('/desired').get(async (request, response) => {
    const { run, component, content } = parse(desiredQuery, request.query);
    const { placements } = await workOf(deps, hostOf(response), run, { component, withContent: content === '1', withCredential: content === 'credential' });
    response.json({ placements });
  }).all(only('GET'));
  router.route('/archive').get(async (request, response) => {
    await sendArchive(deps, hostOf(response), parse(archiveQuery, request.query), request, response);
  }).all(only('GET'));
  router.route('/pin').post(json(reportBytesMax), async (request, response) => {
    response.json({ pins: await pinForHost(deps, hostOf(response), parse(pinRequest, request.body)) });
  }).all(only('POST'));
  router.route('/report').post(json(reportBytesMax), async (request, response) => {
    await recordReport(deps, hostOf(response), parse(report, request.body));
    response.status(204).end();
  }).all(only('POST'));
  router.route('/watched').get(async (request, response) => {
    const { known } = parse(watchedQuery, request.query);
    const { digest, versions } = await watchedOn(deps, hostOf(response), troubled);
    response.json(digest === known ? { digest } : { digest, versions });
  }).all(only('GET'));
  router.route('/states').post(json(statesBytesMax), async (request, response) => {
    const report = parse(statesReport, request.body);
    const { versions } = await watchedOn(deps, hostOf(response), troubled);
    await recordStates(deps.db, hostOf(response), versions, report);
    response.status(204).end();
  }).all(only('POST'));
  router.route('/logs').post(json(logsBytesMax), async (request, response) => {
    await addLogs(deps.db, hostOf(response), parse(logsReport, request.body));
    response.status(204).end();
  }).all(only('POST'));
  router.route('/removals').get(async (request, response) => {
    response.json(await removalsOn(deps, hostOf(response), parse(removalsQuery, request.query).run));
  }).all(only('GET'));
  router.route('/diffs').post(json(diffsBytesMax), async (request, response) => {
    await recordDiffs(deps, hostOf(response), parse(diffs, request.body));
    response.status(204).end();
  }).all(only('POST'));
  return router;
}

/**
 * The whole HTTP face of the control plane in one server: REST, events, the pages. Making it has no
 * side effects beyond its timers; listening is the caller's.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Express } from 'express';
import { MaestroError } from '../spec/errors.js';
import type { ApiContext } from './context.js';
import { checkHostName } from './http/host-name.js';
import { errorHandler } from './http/refuse.js';
import { requestLog } from './http/request-log.js';
import { dataHeaders, pageHeaders } from './http/security-headers.js';
import { openapiDocument } from './openapi.js';
import type { Route } from './route.js';
import { apiRouter } from './router.js';
import { routes as table } from './routes/index.js';
import { eventsPath, eventsSocket, type SocketTimes } from './socket/events-socket.js';
import { refuseUpgrade } from './socket/refuse-upgrade.js';
import { plainPage, type WebApp } from './web.js';

export interface ServerDeps extends Omit<ApiContext, 'openapi'> {
  web?: WebApp | undefined;
  /** How many proxies in front are believed about the client's address and scheme. */
  trustedProxies?: number;
  routes?: readonly Route[];
  socketTimes?: SocketTimes;
}

export interface ApiServer {
  server: Server;
  /** Ends sockets with a reason, stops taking connections, waits for open requests (at most `graceMs`). */
  close(graceMs?: number): Promise<void>;
}

const closeGraceMs = 10_000;
const headersTimeoutMs = 15_000;
/** For the slowest upload of an artifact; other bodies have less time (router.ts), and answers are not bounded by it. */
const requestTimeoutMs = 3_600_000;
/** Longer than the idle time of common proxies, so that they close first. */
const keepAliveTimeoutMs = 65_000;

const pathOf = (url: string | undefined): string => url?.split('?')[0] ?? '';

const noSuchPath = (path: string): MaestroError =>
  new MaestroError('not_found', `There is nothing at ${path.slice(0, 200)}`, { fix: 'Look at /api/openapi.json for what there is.' });

function application(deps: ServerDeps, context: ApiContext): Express {
  const { log, web = plainPage, routes = table } = deps;
  const app = express();
  app.disable('x-powered-by').disable('etag').set('trust proxy', deps.trustedProxies ?? 0);
  app.use(requestLog(log));
  app.use(['/api', '/ws', '/healthz', '/readyz', '/install.sh', '/download'], dataHeaders());
  app.use(apiRouter(routes, context));
  app.use(['/api', '/host', '/ws', '/download'], (request) => { throw noSuchPath(pathOf(request.originalUrl)); });
  app.use((request, _response, next) => { checkHostName(request.headers.host, deps.settings.allowedHosts); next(); });
  app.use(pageHeaders(), (request, response, next) => { web.handle(request, response).catch(next); });
  app.use(errorHandler(log));
  return app;
}

export function createServer(deps: ServerDeps): ApiServer {
  const { web = plainPage, routes = table, log } = deps;
  const context: ApiContext = { ...deps, openapi: () => openapiDocument(routes) };
  const server = createHttpServer({ keepAliveTimeout: keepAliveTimeoutMs, headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs }, application(deps, context));
  const events = eventsSocket(context, deps.socketTimes);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const taken = pathOf(request.url) === eventsPath ? events.upgrade(request, socket, head) : web.upgrade(request, socket, head);
    taken.catch((error: unknown) => refuseUpgrade(socket, error, log));
  });
  return { server, close: (graceMs = closeGraceMs) => closeServer(server, () => events.close(), graceMs) };
}

async function closeServer(server: Server, endSockets: () => void, graceMs: number): Promise<void> {
  endSockets();
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}

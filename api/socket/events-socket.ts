/** `WS /ws/events`: checks origin, credentials and query before the upgrade, then looks after the open sockets. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';
import { lacks, type Actor } from '../../control/actor.js';
import { recordAudit } from '../../control/audit/index.js';
import { assertVisible } from '../../control/access/index.js';
import { authenticate } from '../../control/auth/index.js';
import { MaestroError } from '../../spec/errors.js';
import type { ApiContext } from '../context.js';
import { credentialsOf, type Credentials } from '../http/credentials.js';
import { checkHostName } from '../http/host-name.js';
import { isOwnOrigin } from '../http/origin.js';
import { parseOrThrow } from '../http/parse.js';
import { idOf } from '../schemas/common.js';
import { closeCodes, EventStream } from './event-stream.js';
import { refuseUpgrade } from './refuse-upgrade.js';

export const eventsPath = '/ws/events';

export interface SocketTimes { pingMs: number; /** How soon a session that ended closes its sockets. */ recheckMs: number }
export const socketTimes: SocketTimes = { pingMs: 15_000, recheckMs: 1_000 };

const socketsMax = 1_000;

const query = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  rollout_id: idOf('rol').optional(),
  deploy_id: idOf('dpl').optional(),
});

interface Open { socket: WebSocket; stream: EventStream; credentials: Credentials; alive: boolean }

export interface EventsSocket {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  close(): void;
}

const notSignedIn = (): MaestroError => new MaestroError('auth_error', 'You are not signed in', { fix: 'Sign in, or send a valid API key as Authorization: Bearer mae_….' });

async function actorOf(credentials: Credentials, { db }: ApiContext): Promise<Actor | null> {
  if (credentials.kind === 'none') return null;
  return authenticate(db, credentials.kind === 'bearer' ? { bearer: credentials.bearer } : { cookie: credentials.cookie });
}

function checkOrigin({ headers: { origin, host } }: IncomingMessage, { settings }: ApiContext): void {
  if (origin === undefined || isOwnOrigin(origin, host, settings.allowedOrigins)) return;
  throw new MaestroError('permission_denied', 'The connection comes from a page of another site', { fix: 'Open Maestro\'s own page, or use an API key without an Origin.' });
}

function checkRead(actor: Actor | null): Actor {
  if (actor === null) throw notSignedIn();
  if (actor.rights.includes('deploy.read')) return actor;
  throw lacks(actor, 'deploy.read');
}

/** The same answer for what is out of sight and for what is not there. */
async function checkSubscription(actor: Actor, { rolloutId, deployId }: { rolloutId?: string; deployId?: string }, { db }: ApiContext): Promise<void> {
  if (deployId !== undefined) await assertVisible(db, actor, 'deploy', deployId);
  if (rolloutId !== undefined) await assertVisible(db, actor, 'rollout', rolloutId);
}

async function recordRefusal({ db }: ApiContext, actor: Actor, error: unknown): Promise<void> {
  if (!(error instanceof MaestroError) || !['permission_denied', 'not_found'].includes(error.code)) return;
  await recordAudit(db, { actor, action: 'event.read', target: eventsPath, result: 'refused', details: error.details });
}

async function allowed(asking: Actor | null, subscription: { rolloutId?: string; deployId?: string }, context: ApiContext): Promise<Actor> {
  try {
    const actor = checkRead(asking);
    await checkSubscription(actor, subscription, context);
    return actor;
  } catch (error) {
    if (asking !== null) await recordRefusal(context, asking, error);
    throw error;
  }
}

export function eventsSocket(context: ApiContext, times: SocketTimes = socketTimes): EventsSocket {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false, clientTracking: false });
  const open = new Set<Open>();
  let checking = false;
  const check = async (): Promise<void> => {
    if (checking || open.size === 0) return;
    checking = true;
    await recheck(open, context).finally(() => { checking = false; });
  };
  const timers = [setInterval(() => beat(open), times.pingMs), setInterval(() => void check(), times.recheckMs)];
  timers.forEach((timer) => timer.unref());

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const gone = (): void => void socket.destroy();
    socket.on('error', gone);
    try {
      checkHostName(request.headers.host, context.settings.allowedHosts);
      checkOrigin(request, context);
      const credentials = credentialsOf(request.headers);
      const asking = await actorOf(credentials, context);
      const { after, rollout_id: rolloutId, deploy_id: deployId } = parseOrThrow('query', query, Object.fromEntries(new URL(request.url ?? '', 'http://any').searchParams));
      if (open.size >= socketsMax) throw new MaestroError('unavailable', 'Too many readers of events', { fix: 'Close some pages, then try again.' });
      const subscription = { ...(after === undefined ? {} : { after }), ...(rolloutId === undefined ? {} : { rolloutId }), ...(deployId === undefined ? {} : { deployId }) };
      const actor = await allowed(asking, subscription, context);
      server.handleUpgrade(request, socket, head, (connected) => {
        socket.off('error', gone);
        const entry = { socket: connected, stream: new EventStream(connected, socket, actor, context.feed, subscription, () => actorOf(credentials, context)), credentials, alive: true };
        open.add(entry);
        connected.on('pong', () => { entry.alive = true; });
        connected.once('close', () => open.delete(entry));
      });
    } catch (error) {
      refuseUpgrade(socket, error, context.log);
    }
  }

  return {
    upgrade,
    close() {
      timers.forEach((timer) => clearInterval(timer));
      for (const { stream } of open) stream.end(closeCodes.away, 'the server is stopping');
    },
  };
}

/** Whoever did not answer the last ping is gone. */
function beat(open: Set<Open>): void {
  for (const entry of open) {
    if (!entry.alive) entry.socket.terminate();
    else {
      entry.alive = false;
      entry.socket.ping();
    }
  }
}

const idOfCredentials = (credentials: Credentials): string => (credentials.kind === 'bearer' ? `b ${credentials.bearer}` : credentials.kind === 'cookie' ? `c ${credentials.cookie}` : '');

/** Who stands behind each distinct credential now; absent where the database could not say. */
async function currentActors(open: ReadonlySet<Open>, context: ApiContext): Promise<Map<string, Actor | null>> {
  const distinct = new Map([...open].map(({ credentials }) => [idOfCredentials(credentials), credentials]));
  const answers = await Promise.all([...distinct].map(async ([id, credentials]): Promise<[string, Actor | null][]> => {
    try {
      return [[id, await actorOf(credentials, context)]];
    } catch (error) {
      context.log.warn({ err: error }, 'the session of open sockets could not be checked');
      return [];
    }
  }));
  return new Map(answers.flat());
}

/** Signed out, expired, revoked or without the right since: the socket ends. A database out of reach proves nothing. */
async function recheck(open: Set<Open>, context: ApiContext): Promise<void> {
  const actors = await currentActors(open, context);
  for (const { stream, credentials } of open) {
    const actor = actors.get(idOfCredentials(credentials));
    if (actor === undefined) continue;
    if (actor?.rights.includes('deploy.read')) stream.actor = actor;
    else stream.end(closeCodes.ended, 'the session has ended');
  }
}

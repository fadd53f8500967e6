/**
 * The only door hosts have: one port, TLS 1.3, certificates of our own authority. HTTP/2 is gRPC to Temporal, HTTP/1.1 is
 * what hosts ask the control plane. Without a certificate there is the enrollment and nothing else.
 */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type IncomingHttpHeaders, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTlsServer, type Server as TlsServer, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import type { Request } from 'express';
import { type Connections, isOfNewerIssuer, peerOf, type PeerCertificate } from './caller.js';
import { type CallDeps, refuseCall, serveCall } from './grpc/serve-call.js';
import { Refusal, status } from './grpc/status.js';
import { hostApp, type HostAppOptions, type HttpCaller } from './host-app.js';
import { type HostLimits, standardLimits, Usage } from './limits.js';

export interface GatewayDeps extends Omit<HostAppOptions, 'callerOf' | 'begin' | 'end'> {
  calls: Omit<CallDeps, 'keys' | 'bodyMs' | 'onError' | 'take' | 'give'>;
  connections: Connections;
  /** Key and chain that hosts are shown. */
  serverCertificate: SecureContextOptions;
  limits?: HostLimits;
  /** Looks whether there is a newer authority. */
  refreshAuthorities?(): Promise<void>;
  onError(error: unknown, requestId?: string): void;
}

export interface Gateway {
  server: TlsServer;
  /** A renewed certificate, for connections from now on. */
  present(certificate: SecureContextOptions): void;
  close(): Promise<void>;
}

const handshakeMs = 10_000;
const bodyMs = 15_000;
const pingMs = 8_000;
const pongMs = 6_000;
const connectionsMax = 20_000;
/** Connections without a certificate of ours: there is little to be done with them. */
const strangersMax = 400;
const strangersOfAddressMax = 100;
const strangerMs = 15_000;
const streamsMax = 256;

export function createGateway(deps: GatewayDeps): Gateway {
  const { authorities, connections, onError } = deps;
  const usage = new Usage(deps.limits ?? standardLimits);
  const peers = new WeakMap<Socket, PeerCertificate>();
  const sessions = new Set<ServerHttp2Session>();
  const strangers = new Map<string, number>();
  let strangersNow = 0;

  async function callerOf({ socket }: Pick<Request, 'socket'>): Promise<HttpCaller | null> {
    const peer = peers.get(socket);
    return peer !== undefined && (await connections.isCurrent(peer.identity)) ? peer : null;
  }

  const app = hostApp({ ...deps, callerOf, begin: (host) => usage.begin(host), end: (host) => usage.end(host) });
  const http = createHttpServer({ headersTimeout: 15_000, requestTimeout: 60_000, keepAliveTimeout: 65_000, maxHeaderSize: 16 << 10 }, app);
  const trusted = (): SecureContextOptions => ({ ca: authorities().roots, minVersion: 'TLSv1.3' });
  const server = createTlsServer({ ...deps.serverCertificate, ...trusted(), requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: handshakeMs });
  server.maxConnections = connectionsMax;

  /** Counts the connection for as long as it lives. False: it has no place. */
  function admit(socket: TLSSocket, peer: PeerCertificate | null): boolean {
    if (peer === null) {
      const address = socket.remoteAddress ?? '';
      if (strangersNow >= strangersMax || (strangers.get(address) ?? 0) >= strangersOfAddressMax) return false;
      const count = (by: number): void => {
        strangersNow += by;
        const left = (strangers.get(address) ?? 0) + by;
        if (left > 0) strangers.set(address, left);
        else strangers.delete(address);
      };
      count(1);
      const late = setTimeout(() => socket.destroy(), strangerMs);
      socket.once('close', () => { count(-1); clearTimeout(late); });
      return true;
    }
    const { identity, expired, issuer } = peer;
    if (!usage.connect(identity.name)) return false;
    peers.set(socket, peer);
    const endsAt = expired ? Date.now() + strangerMs : Date.parse(socket.getPeerX509Certificate()?.validTo ?? '');
    const forget = connections.add({ identity, issuer, endsAt, cut: () => socket.destroy() });
    socket.once('close', () => { forget(); usage.disconnect(identity.name); });
    return true;
  }

  async function onStream(peer: PeerCertificate | null, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on('error', () => undefined);
    if (peer === null || peer.expired) return refuseCall(stream, new Refusal(status.unauthenticated, 'this is not a current certificate of an enrolled host'));
    const { name, generation } = peer.identity;
    if (!usage.begin(name)) return refuseCall(stream, new Refusal(status.resourceExhausted, 'this host asks too much'));
    stream.once('close', () => usage.end(name));
    try {
      if (!(await connections.isCurrent(peer.identity))) return refuseCall(stream, new Refusal(status.unauthenticated, 'this host is revoked or replaced'));
    } catch (error) {
      onError(error);
      return refuseCall(stream, new Refusal(status.unavailable, 'it cannot be told at the moment who this is'));
    }
    if (stream.destroyed) return;
    await serveCall(stream, headers, { host: name, generation }, { ...deps.calls, keys: authorities().taskKeys, bodyMs, onError, take: (host, bytes) => usage.take(host, bytes), give: (host, bytes) => usage.give(host, bytes) });
  }

  function speakHttp2(socket: TLSSocket, peer: PeerCertificate | null): void {
    const session = performServerHandshake(socket, { settings: { maxConcurrentStreams: peer === null ? 4 : streamsMax, enablePush: false }, maxSessionInvalidFrames: 100, maxSessionRejectedStreams: 50 });
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => socket.destroy());
    // A host that has vanished without a word holds polls, and Temporal would give tasks to them.
    const pinging = setInterval(() => pingOrCut(session, socket), pingMs);
    session.once('close', () => clearInterval(pinging));
    session.on('stream', (stream, headers) => void onStream(peer, stream, headers).catch(onError));
  }

  function serve(socket: TLSSocket): void {
    const peer = peerOf(socket, authorities().intermediates);
    if (!admit(socket, peer)) return void socket.destroy();
    if (socket.alpnProtocol === 'h2') speakHttp2(socket, peer);
    else http.emit('connection', socket);
  }

  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    if (deps.refreshAuthorities === undefined || !isOfNewerIssuer(socket, authorities().intermediates)) return serve(socket);
    // Another gateway has signed it with what we have not read yet.
    deps.refreshAuthorities().then(() => { if (!socket.destroyed) serve(socket); }, onError);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());

  return {
    server,
    present: (certificate) => server.setSecureContext({ ...certificate, ...trusted() }),
    close: () => closeGateway(server, http, sessions, connections),
  };
}

function pingOrCut(session: ServerHttp2Session, socket: TLSSocket): void {
  if (session.destroyed || session.closed) return;
  const late = setTimeout(() => socket.destroy(), pongMs);
  const done = (): void => clearTimeout(late);
  // Called too, with an error, when the session ends first.
  if (!session.ping(done)) done();
}

/** What is under way gets a little; polls are cut, since nobody can wait for them to end. */
async function closeGateway(server: TlsServer, http: HttpServer, sessions: ReadonlySet<ServerHttp2Session>, connections: Connections): Promise<void> {
  const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
  http.closeIdleConnections();
  for (const session of sessions) session.goaway();
  await Promise.race([closed, new Promise((resolve) => { setTimeout(resolve, 500).unref(); })]);
  connections.cutAll();
  for (const session of sessions) session.destroy();
  http.closeAllConnections();
  await closed;
}

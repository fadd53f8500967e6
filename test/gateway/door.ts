/**
 * A real gateway on a free port, over a real database and (when wanted) a real Temporal, and hosts that are enrolled by
 * the worker's own code. What the tests of this folder stand on.
 */
import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { Agent } from 'node:https';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemActor } from '../../control/actor.js';
import { FolderStore } from '../../control/artifacts/index.js';
import { Listener } from '../../control/events/listener.js';
import { type Authorities, createEnrollment, type EnrollmentRequest, hostsChannel } from '../../control/identity/index.js';
import { createRenderer } from '../../control/rendering/desired.js';
import { Vault, vaultKeys, type VaultKeys } from '../../control/secrets/index.js';
import { AuthorityKeeper, HostsTrust } from '../../gateway/authority.js';
import { Connections } from '../../gateway/caller.js';
import { Denials } from '../../gateway/denials.js';
import { frame } from '../../gateway/grpc/framing.js';
import { Upstream } from '../../gateway/grpc/upstream.js';
import type { HostLimits } from '../../gateway/limits.js';
import { createGateway } from '../../gateway/server.js';
import { enroll } from '../../host-worker/identity/enroll.js';
import type { Identity } from '../../host-worker/identity/identity.js';
import { fetchOnce } from '../../host-worker/identity/request.js';
import type { PrismaClient } from '../../prisma/client.js';
import { startDatabase, type DatabaseServer } from '../control/database.js';

export interface Door {
  url: string;
  db: PrismaClient;
  databaseUrl: string;
  /** As it is now. */
  readonly authorities: Authorities;
  keeper: AuthorityKeeper;
  keys: VaultKeys;
  folder: string;
  errors: unknown[];
  /** What hosts were denied so far is in the audit. */
  audited(): Promise<void>;
  /** A token, as an administrator gets it. */
  token(over?: Partial<EnrollmentRequest>): Promise<string>;
  /** In a state folder of its own each time, so with a key of its own. */
  enrollHost(node: string, over?: { token?: string; caDigest?: string; stateFolder?: string; gateway?: string }): Promise<Identity>;
  close(): Promise<void>;
}

export interface Wanted { temporalAddress?: string; limits?: HostLimits }

const nowhere = '127.0.0.1:1';
const checkMs = 1_000;

export async function openDoor(server: DatabaseServer, wanted: Wanted = {}): Promise<Door> {
  const database = await server.freshDatabase();
  const { db, url: databaseUrl } = database;
  const folder = await mkdtemp(join(tmpdir(), 'maestro-door-'));
  const keys = vaultKeys({ dataDir: folder, passphrase: undefined });
  const errors: unknown[] = [];
  const keeper = await AuthorityKeeper.open({ db, keys, names: ['127.0.0.1'], onError: (error) => errors.push(error) });
  const trust = new HostsTrust(db, keeper);
  const upstream = new Upstream(wanted.temporalAddress ?? nowhere);
  const connections = new Connections(db, (error) => errors.push(error));
  const denials = new Denials(db, (error) => errors.push(error));
  const gateway = createGateway({
    db, renderer: createRenderer({ db, env: {}, vault: new Vault(folder, keys), digestKey: '0'.repeat(64) }), artifacts: new FolderStore(folder), authorities: () => keeper.authorities, refreshAuthorities: () => keeper.check(), connections,
    serverCertificate: keeper.certificate, renewalDue: ({ identity, issuer }, trusts) => trust.renewalDue(identity, issuer, trusts), enrollmentsPerMinute: 100_000, onError: (error) => errors.push(error),
    calls: { namespace: 'default', upstream, onDenied: (host, path, message) => denials.note(host, path, message) }, ...(wanted.limits === undefined ? {} : { limits: wanted.limits }),
  });
  keeper.onChange(() => {
    gateway.present(keeper.certificate);
    connections.cutIssuedByOthers(keeper.authorities.intermediates);
  });
  const listener = new Listener({ databaseUrl, channel: hostsChannel, onWake: () => { void keeper.check(); void connections.check(); }, checkMs, onError: () => undefined });
  await listener.connect();
  gateway.server.listen(0, '127.0.0.1');
  await once(gateway.server, 'listening');
  const url = `https://127.0.0.1:${String((gateway.server.address() as AddressInfo).port)}`;
  const token = async (over: Partial<EnrollmentRequest> = {}): Promise<string> => (await createEnrollment(db, systemActor, { host: '*', uses: 1, ttl_seconds: 600, replace: false, ...over })).token;
  return {
    get authorities() { return keeper.authorities; },
    url, db, databaseUrl, keeper, keys, folder, errors, token, audited: () => denials.settled(),
    enrollHost: async (node, over = {}) => enroll({ gateway: url, caDigest: keeper.authorities.digest, node, token: over.token ?? (await token({ host: node })), stateFolder: over.stateFolder ?? (await mkdtemp(join(folder, 'host-'))), ...over }),
    async close() {
      await gateway.close();
      upstream.close();
      await listener.close();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function useDoor(wanted: Wanted | (() => Promise<Wanted>) = {}): { door: Door } {
  const held: { door?: Door; server?: DatabaseServer } = {};
  beforeAll(async () => {
    held.server = await startDatabase();
    held.door = await openDoor(held.server, typeof wanted === 'function' ? await wanted() : wanted);
  }, 120_000);
  afterAll(async () => {
    await held.door?.close();
    await held.server?.stop();
  });
  return {
    get door(): Door {
      if (held.door === undefined) throw new Error('the door is only there inside of tests');
      return held.door;
    },
  };
}

export type Certificate = Pick<Identity, 'key' | 'certificate' | 'ca'>;

/** A request over HTTP/1.1; status 0: the connection was refused or cut. */
export async function ask(door: Door, path: string, as: Certificate | null, body?: unknown): Promise<{ status: number; body: unknown }> {
  const agent = new Agent({ ca: as?.ca ?? door.authorities.roots, keepAlive: false, ...(as === null ? {} : { key: as.key, cert: as.certificate }) });
  try {
    const response = await fetchOnce({ url: new URL(path, door.url), body, agent, signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) as unknown };
  } catch {
    return { status: 0, body: null };
  }
}

export interface GrpcAnswer { status: number; message: string; bytes: Buffer }

/** One line of gRPC, as raw as it can be had. */
export class GrpcLine {
  readonly session: ClientHttp2Session;
  readonly closed: Promise<void>;

  constructor(url: string, as: Certificate | null, ca?: string) {
    const secure = url.startsWith('https:') ? { ca: ca ?? as?.ca ?? '', ...(as === null ? {} : { key: as.key, cert: as.certificate }) } : {};
    this.session = connect(url, secure);
    this.session.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.session.once('close', () => resolve()));
  }

  /** status -1: the stream ended without one. */
  call(path: string, message: Uint8Array, { headers = {}, raw, timeoutMs = 20_000 }: { headers?: Record<string, string>; raw?: Buffer; timeoutMs?: number } = {}): Promise<GrpcAnswer> {
    return new Promise((resolve) => {
      if (this.session.destroyed) return resolve({ status: -1, message: 'closed', bytes: Buffer.alloc(0) });
      const stream = this.session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
      const chunks: Buffer[] = [];
      let said: Record<string, unknown> = {};
      stream.on('response', (received) => { said = { ...said, ...received }; });
      stream.on('trailers', (received) => { said = { ...said, ...received }; });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => undefined);
      const late = setTimeout(() => stream.destroy(), timeoutMs);
      stream.once('close', () => {
        clearTimeout(late);
        const status = said['grpc-status'];
        resolve({ status: typeof status === 'string' ? Number(status) : -1, message: typeof said['grpc-message'] === 'string' ? decodeURIComponent(said['grpc-message']) : '', bytes: Buffer.concat(chunks).subarray(5) });
      });
      stream.end(raw ?? frame(message));
    });
  }

  close(): void {
    this.session.destroy();
  }
}

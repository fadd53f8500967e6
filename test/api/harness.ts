/** A real API on a free port over a real database: what the tests of this folder stand on. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiSettings } from '../../api/context.js';
import { createLog } from '../../api/log.js';
import { createServer, type ServerDeps } from '../../api/server.js';
import { createOrchestrator } from '../../api/temporal.js';
import { hostApp } from '../../gateway/host-app.js';
import { systemActor } from '../../control/actor.js';
import { FolderStore } from '../../control/artifacts/index.js';
import { AuditAnchor } from '../../control/audit/index.js';
import { createKey, createUser, login, setupCode } from '../../control/auth/index.js';
import { EventFeed } from '../../control/events/index.js';
import { HostBundles, ReleaseKey } from '../../control/host-bundles/index.js';
import { openAuthorities } from '../../control/identity/index.js';
import { seen } from '../../control/nodes/index.js';
import { payloadKeys } from '../../control/payloads/index.js';
import { createRenderer } from '../../control/rendering/desired.js';
import { Vault, vaultKeys } from '../../control/secrets/index.js';
import type { PrismaClient } from '../../prisma/client.js';
import { rightsOfRole, roles, type Role } from '../../spec/words.js';
import { startDatabase, type DatabaseServer } from '../control/database.js';

/** Of these tests alone: the gateway takes nobody's word for who he is. */
const testHostHeader = 'x-test-host';

export const password = 'correct horse battery';
export const testSetupCode = 'test-setup-code';
/** Nothing listens on port 1. */
export const nowhere = '127.0.0.1:1';

export type Credential = { cookie: string } | { authorization: string } | Record<string, never>;

export interface Answer { status: number; headers: Headers; text: string; body: unknown }
export interface Ask { method?: string; as?: Credential; json?: unknown; body?: string | Uint8Array<ArrayBuffer>; type?: string; headers?: Record<string, string> }

export interface Api {
  url: string;
  db: PrismaClient;
  databaseUrl: string;
  feed: EventFeed;
  /** Where the vault is. */
  dataDir: string;
  auditAnchor: AuditAnchor;
  /** Every line logged so far. */
  log: string[];
  people: Record<Role, { cookie: string }>;
  keys: Record<Role, { authorization: string }>;
  ask(path: string, options?: Ask): Promise<Answer>;
  hostHeaders(host: string): Record<string, string>;
  /** Where `ask` sends what begins with /host/. */
  hostsUrl: string;
  enroll(...hosts: string[]): Promise<void>;
  close(): Promise<void>;
}

export interface Wanted {
  temporalAddress?: string;
  settings?: Partial<ApiSettings>;
  deps?: Partial<Pick<ServerDeps, 'routes' | 'web' | 'socketTimes'>>;
  /** No users, no keys. */
  empty?: boolean;
}

const settings: ApiSettings = {
  allowedOrigins: [], https: false, temporalUiUrl: 'http://temporal.test', temporalNamespace: 'default', templateEnv: {},
  guessLimits: { perAccount: 1000, perAddress: 1000, windowMs: 60_000 }, requestLimits: { perCaller: 100_000, refusedPerAddress: 100_000, windowMs: 60_000 }, allowedHosts: [], strictAnswers: true, artifacts: { maxBytes: 5_000_000, ttlMs: 60_000 },
};

export async function makePeople(db: PrismaClient): Promise<Pick<Api, 'people' | 'keys'>> {
  const people: Partial<Api['people']> = {};
  const keys: Partial<Api['keys']> = {};
  for (const role of roles) {
    const user = await createUser(db, systemActor, { username: role, password, role });
    people[role] = { cookie: `session=${(await login(db, { username: role, password })).token}` };
    const all = rightsOfRole[role].filter((right) => right !== 'user.manage');
    const { key } = await createKey(db, { kind: 'user', id: user.user_id, name: role, rights: rightsOfRole[role] }, { name: 'all', rights: all });
    keys[role] = { authorization: `Bearer ${key}` };
  }
  return { people: complete(people), keys: complete(keys) };
}

const none = { admin: { cookie: '', authorization: '' }, operator: { cookie: '', authorization: '' }, viewer: { cookie: '', authorization: '' } };

function complete<T>(partial: Partial<Record<Role, T>>): Record<Role, T> {
  const { admin, operator, viewer } = partial;
  if (admin === undefined || operator === undefined || viewer === undefined) throw new Error('a role is missing');
  return { admin, operator, viewer };
}

export async function ask(base: string, path: string, { method, as = {}, json, body, type, headers = {} }: Ask = {}): Promise<Answer> {
  const sent = json === undefined ? body : JSON.stringify(json);
  const contentType = type ?? (json === undefined ? undefined : 'application/json');
  const response = await fetch(`${base}${path}`, {
    method: method ?? (sent === undefined ? 'GET' : 'POST'),
    headers: { ...as, ...(contentType === undefined ? {} : { 'content-type': contentType }), ...headers },
    redirect: 'manual',
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  const parsed: unknown = response.headers.get('content-type')?.includes('json') && !response.headers.get('content-type')?.includes('ndjson') ? JSON.parse(text) : null;
  return { status: response.status, headers: response.headers, text, body: parsed };
}

export async function startApi(server: DatabaseServer, wanted: Wanted = {}): Promise<Api> {
  const database = await server.freshDatabase();
  const { db, url: databaseUrl } = database;
  const { people, keys } = wanted.empty === true ? { people: none, keys: none } : await makePeople(db);
  const feed = new EventFeed({ db, databaseUrl });
  const log: string[] = [];
  const temporal = createOrchestrator({ address: wanted.temporalAddress ?? nowhere, namespace: 'default', callTimeoutMs: wanted.temporalAddress === undefined ? 300 : 5_000 });
  const all = { ...settings, ...wanted.settings };
  const dataDir = await mkdtemp(join(tmpdir(), 'maestro-api-'));
  const vaultKey = vaultKeys({ dataDir, passphrase: undefined });
  const auditAnchor = await AuditAnchor.open(dataDir);
  const vault = new Vault(dataDir, vaultKey);
  const artifacts = new FolderStore(dataDir);
  const renderer = createRenderer({ db, env: all.templateEnv, vault, digestKey: '0'.repeat(64) });
  const logged = (line: string): void => void log.push(line);
  const api = createServer({
    db, feed, temporal, vault, auditAnchor, setupCode: await setupCode(db, dataDir, testSetupCode), artifacts, hostBundles: new HostBundles({ folder: join(dataDir, 'download'), keys: () => Promise.resolve([ReleaseKey.fromSeed('5'.repeat(64))]), publicUrl: 'http://maestro.test' }), settings: all, renderer,
    hostsDoor: { url: 'https://gateway.test:8443', installUrl: 'http://maestro.test/install.sh', caDigest: async () => (await openAuthorities(db, vaultKey)).digest, keys: vaultKey }, fileKeys: { dataDir, payload: await payloadKeys(dataDir) },
    log: createLog({ level: 'debug', destination: { write: logged } }), ...wanted.deps,
  });
  const authorities = await openAuthorities(db, vaultKey);
  /** The hosts' side of the gateway, without its TLS: who calls is what the header says. */
  const hosts = createHttpServer(hostApp({
    db, renderer, artifacts, authorities: () => authorities, begin: () => true, end: () => undefined, enrollmentsPerMinute: 1000, onError: (error) => logged(String(error)),
    callerOf: ({ headers }) => {
      const name = headers[testHostHeader];
      return Promise.resolve(typeof name === 'string' ? { identity: { name, generation: 1, keyDigest: '' }, expired: false, issuer: '' } : null);
    },
  }));
  hosts.listen(0, '127.0.0.1');
  await once(hosts, 'listening');
  const hostsUrl = `http://127.0.0.1:${(hosts.address() as AddressInfo).port}`;
  await feed.start();
  api.server.listen(0, '127.0.0.1');
  await once(api.server, 'listening');
  const url = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`;
  return {
    url, db, databaseUrl, feed, dataDir, auditAnchor, log, people, keys,
    ask: (path, options) => ask(path.startsWith('/host/') ? hostsUrl : url, path, options),
    hostsUrl,
    hostHeaders: (host) => ({ [testHostHeader]: host }),
    enroll: async (...hosts) => {
      for (const node of hosts) await seen(db, { node, facts: { docker: true, systemd: true, missing: [] }, version: 'test' });
    },
    close: async () => {
      hosts.closeAllConnections();
      hosts.close();
      await api.close(1_000);
      await Promise.allSettled([feed.close(), temporal.close()]);
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A database server and an API over it for a whole file. */
export function useApi(wanted: Wanted = {}): { api: Api; server: DatabaseServer } {
  const held: { api?: Api; server?: DatabaseServer } = {};
  beforeAll(async () => {
    held.server = await startDatabase();
    held.api = await startApi(held.server, wanted);
  });
  afterAll(async () => {
    await held.api?.close();
    await held.server?.stop();
  });
  return {
    get api(): Api {
      if (held.api === undefined) throw new Error('the API is only there inside of tests');
      return held.api;
    },
    get server(): DatabaseServer {
      if (held.server === undefined) throw new Error('the database is only there inside of tests');
      return held.server;
    },
  };
}

/** Rows that a refused request must not have made. */
export async function counts(db: PrismaClient): Promise<Record<string, number>> {
  const [deploys, versions, blobs, rollouts, plans, nodes] = await Promise.all([db.deploy.count(), db.version.count(), db.bundleBlob.count(), db.rollout.count(), db.plan.count(), db.node.count()]);
  return { deploys, versions, blobs, rollouts, plans, nodes };
}

/** The gateway's process: the database, Temporal, and one port for all hosts; SIGTERM ends it in order. */
import { once } from 'node:events';
import { hostname, networkInterfaces } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { pino, type Logger } from 'pino';
import { systemActor } from '../control/actor.js';
import { FolderStore } from '../control/artifacts/index.js';
import { readConfig, type Config } from '../control/config.js';
import { openVersionSeals } from '../control/deploys/index.js';
import { Listener } from '../control/events/listener.js';
import { type Authorities, certificateDigest, createEnrollment, hostsChannel } from '../control/identity/index.js';
import { payloadKeys } from '../control/payloads/index.js';
import { allowedEnv } from '../control/rendering/context.js';
import { createRenderer } from '../control/rendering/desired.js';
import { digestKey, Vault, vaultKeys } from '../control/secrets/index.js';
import { createPrisma, type PrismaClient } from '../prisma/client.js';
import { migrate } from '../prisma/migrate.js';
import { AuthorityKeeper, HostsTrust } from './authority.js';
import { Connections } from './caller.js';
import { Denials } from './denials.js';
import { hostPayloads } from './grpc/host-payloads.js';
import { Upstream } from './grpc/upstream.js';
import { createGateway } from './server.js';

const exitGraceMs = 8_000;
const checkMs = 3_000;
const enrollmentsPerMinute = 120;

/** Without names of its own, every name and address that this machine has. */
function namesOf({ gateway }: Config): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map(({ address }) => address.replace(/%.*$/, '')));
  const own = new URL(gateway.url).hostname.replace(/^\[|\]$/g, '');
  return [...new Set([own, ...gateway.names, 'localhost', hostname(), ...addresses])];
}

/** For the host worker that our parent runs on this machine, unless that is known to this authority already. */
async function localEnrollment(db: PrismaClient, { roots }: Authorities): Promise<string | undefined> {
  const { MAESTRO_ENROLL_LOCAL: host, MAESTRO_ENROLL_LOCAL_CA: known } = process.env;
  if (host === undefined || host === '' || roots.some((root) => known === certificateDigest(root)) || process.send === undefined) return undefined;
  return (await createEnrollment(db, systemActor, { host, uses: 1, ttl_seconds: 15 * 60, replace: true })).token;
}

async function main(log: Logger, config: Config): Promise<void> {
  const onError = (error: unknown, requestId?: string): void => log.error({ err: error, ...(requestId === undefined ? {} : { request_id: requestId }) }, 'something failed');
  await migrate(config.databaseUrl);
  const db = createPrisma(config.databaseUrl, { onConnectionError: (error) => log.warn({ err: error }, 'a database connection was lost') });
  await openVersionSeals(db, config.dataDir);
  const keys = vaultKeys(config);
  const keeper = await AuthorityKeeper.open({ db, keys, names: namesOf(config), hostCertificateMs: config.gateway.hostCertificateMs, onError });
  const vault = new Vault(config.dataDir, keys);
  const renderer = createRenderer({ db, env: allowedEnv(process.env), vault, digestKey: await digestKey(config.dataDir) });
  const upstream = new Upstream(config.temporal.address);
  const codec = hostPayloads(await payloadKeys(config.dataDir), config.temporal.namespace);
  const connections = new Connections(db, (error) => log.warn({ err: error }, 'it cannot be asked at the moment which hosts are revoked'));
  const denials = new Denials(db, onError);
  const trust = new HostsTrust(db, keeper);
  const gateway = createGateway({
    db, renderer, artifacts: new FolderStore(config.dataDir), authorities: () => keeper.authorities, refreshAuthorities: () => keeper.check(), connections, serverCertificate: keeper.certificate, enrollmentsPerMinute, onError,
    renewalDue: ({ identity, issuer }, trusts) => trust.renewalDue(identity, issuer, trusts),
    onRequest: (request) => log.info(request, 'request'),
    calls: { namespace: config.temporal.namespace, upstream, codec, onDenied: (host, path, message) => denials.note(host, path, message) }, troubled: (error) => log.debug({ err: error }, 'a version that a host looks after cannot be rendered'),
  });
  keeper.onChange(() => {
    gateway.present(keeper.certificate);
    connections.cutIssuedByOthers(keeper.authorities.intermediates);
    log.info({ roots: keeper.authorities.roots.map(certificateDigest) }, 'the gateway has a new certificate, of the authority as it is now');
  });
  const look = (): void => {
    void keeper.check();
    void connections.check();
    trust.forget();
  };
  const listener = new Listener({ databaseUrl: config.databaseUrl, channel: hostsChannel, onWake: look, checkMs, onError: (error) => log.warn({ err: error }, 'changes of hosts cannot be heard; trying again') });
  await listener.connect();
  const checking = setInterval(look, checkMs);
  gateway.server.listen(config.gateway.port, config.gateway.host);
  await once(gateway.server, 'listening');
  log.info({ host: config.gateway.host, port: config.gateway.port, ca_digest: keeper.authorities.digest }, 'ready');
  process.send?.({ type: 'ready', ca_digest: keeper.authorities.digest, enrollment: await localEnrollment(db, keeper.authorities) });
  await stopped();
  log.info('stopping');
  setTimeout(() => process.exit(1), exitGraceMs).unref();
  clearInterval(checking);
  await gateway.close();
  await denials.settled();
  upstream.close();
  await listener.close();
  await db.$disconnect();
}

/** A parent that is gone counts as a signal to stop. */
const stopped = (): Promise<void> => new Promise((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  process.once('disconnect', () => resolve());
});

const log = pino({ name: 'gateway' });

async function run(): Promise<void> {
  const config = readConfig(process.env);
  log.level = config.logLevel;
  await main(log, config);
}

run().then(() => process.exit(0), async (error: unknown) => {
  log.fatal({ err: error }, 'the gateway stopped');
  await wait(50);
  process.exit(1);
});

/** The API process: configuration, migrations, then everything in one server; SIGTERM ends it in order. */
import { once } from 'node:events';
import { allowedEnv } from '../control/rendering/context.js';
import { createRenderer } from '../control/rendering/desired.js';
import { readConfig, type Config } from '../control/config.js';
import { FolderStore } from '../control/artifacts/index.js';
import { openVersionSeals } from '../control/deploys/index.js';
import { EventFeed } from '../control/events/index.js';
import { HostBundles, releaseKeys } from '../control/host-bundles/index.js';
import { openAuthorities } from '../control/identity/index.js';
import { fillDeployHosts } from '../control/access/index.js';
import { AuditAnchor, keepAnchored } from '../control/audit/index.js';
import { setupCode } from '../control/auth/index.js';
import { digestKey, Vault, vaultKeys } from '../control/secrets/index.js';
import { watchHosts } from '../gateway/watch-hosts.js';
import { createPrisma } from '../prisma/client.js';
import { migrate } from '../prisma/migrate.js';
import type { ApiSettings } from './context.js';
import { guessLimits } from './http/guesses.js';
import { requestLimits } from './http/request-limits.js';
import { createLog, type Logger } from './log.js';
import { createServer, type ApiServer } from './server.js';
import { dataConverter, payloadKeys } from '../control/payloads/index.js';
import { createOrchestrator } from './temporal.js';
import { nextApp, type WebApp } from './web.js';

/** Longer than requests that are under way get. */
const exitGraceMs = 12_000;

const settingsOf = (config: Config): ApiSettings => ({
  allowedOrigins: [new URL(config.publicUrl).origin],
  https: config.publicUrl.startsWith('https:'),
  temporalUiUrl: config.temporal.uiUrl,
  temporalNamespace: config.temporal.namespace,
  templateEnv: allowedEnv(process.env),
  guessLimits,
  requestLimits: { ...requestLimits, perCaller: config.requestsPerMinute },
  allowedHosts: [new URL(config.publicUrl).hostname, ...config.allowedHosts],
  artifacts: config.artifacts,
  strictAnswers: false,
});

/** `MAESTRO_WEB=0` leaves the pages out. */
async function pages({ host, port }: Config, log: Logger): Promise<WebApp | undefined> {
  if (process.env['MAESTRO_WEB'] === '0') return undefined;
  const app = await nextApp(process.cwd(), host, port);
  if (app === undefined) log.warn('the web app is not built; a plain page is served in its place');
  return app;
}

async function listen({ server }: ApiServer, { host, port }: Config): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

async function main(log: Logger, config: Config, signal: StopSignal): Promise<void> {
  const applied = await migrate(config.databaseUrl);
  if (applied.length > 0) log.info({ migrations: applied }, 'database migrated');
  const db = createPrisma(config.databaseUrl, { onConnectionError: (error) => log.warn({ err: error }, 'a database connection was lost') });
  const feed = new EventFeed({ db, databaseUrl: config.databaseUrl, onError: (error) => log.warn({ err: error }, 'events cannot be read; trying again') });
  await feed.start();
  const sealed = await openVersionSeals(db, config.dataDir);
  if (sealed > 0) log.info({ versions: sealed }, 'versions from before seals were sealed as they are');
  await fillDeployHosts(db);
  const settings = settingsOf(config);
  const payloadKeyRing = await payloadKeys(config.dataDir);
  const temporal = createOrchestrator({ address: config.temporal.address, namespace: config.temporal.namespace, dataConverter: dataConverter(payloadKeyRing) });
  const web = await pages(config, log);
  const keys = vaultKeys(config);
  const vault = new Vault(config.dataDir, keys);
  const hostsDoor = { url: config.gateway.url, installUrl: `${config.publicUrl}/install.sh`, caDigest: async () => (await openAuthorities(db, keys)).digest, keys };
  const renderer = createRenderer({ db, env: settings.templateEnv, vault, digestKey: await digestKey(config.dataDir) });
  // The first one is made before anybody asks for it.
  await releaseKeys(config.dataDir);
  const hostBundles = new HostBundles({ folder: config.downloads, keys: () => releaseKeys(config.dataDir), publicUrl: config.publicUrl });
  const code = await setupCode(db, config.dataDir, config.setupCode);
  const auditAnchor = await AuditAnchor.open(config.dataDir);
  const api = createServer({ db, feed, renderer, vault, setupCode: code, auditAnchor, artifacts: new FolderStore(config.dataDir), hostBundles, temporal, log, settings, web, hostsDoor, fileKeys: { dataDir: config.dataDir, payload: payloadKeyRing } });
  await listen(api, config);
  const stopWatching = watchHosts(db, (error) => log.warn({ err: error }, 'silent hosts cannot be looked for; trying again'));
  const stopAnchoring = keepAnchored(db, auditAnchor, (error) => log.error({ err: error }, 'the audit trail cannot be anchored'));
  signal.serving();
  // A supervisor prints it itself.
  if (code.printed !== null && process.send === undefined) process.stdout.write(`\nThere is no administrator yet. Make the first one at ${config.publicUrl}/setup with the setup code ${code.printed}\n\n`);
  log.info({ host: config.host, port: config.port }, 'ready');
  process.send?.({ type: 'ready' });
  await signal.given;
  log.info('stopping');
  stopWatching();
  setTimeout(() => process.exit(1), exitGraceMs).unref();
  await api.close();
  await Promise.allSettled([stopAnchoring(), web?.close(), feed.close(), temporal.close()]);
  await db.$disconnect();
}

interface StopSignal { given: Promise<void>; /** From now on there is something to end in order; before, a signal just ends the process. */ serving(): void }

/** A parent that is gone counts as a signal to stop. */
function stopSignal(): StopSignal {
  let serving = false;
  const given = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    process.once('disconnect', () => resolve());
  });
  void given.then(() => { if (!serving) process.exit(0); });
  return { given, serving: () => { serving = true; } };
}

function run(): void {
  const log = createLog();
  try {
    const config = readConfig(process.env);
    log.level = config.logLevel;
    main(log, config, stopSignal()).then(() => process.exit(0), (error: unknown) => fail(log, error));
  } catch (error) {
    fail(log, error);
  }
}

function fail(log: Logger, error: unknown): void {
  log.fatal({ err: error }, 'the API stopped');
  log.flush(() => process.exit(1));
}

run();

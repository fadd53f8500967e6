/**
 * The API and its pages in a process of their own, over a real database. Only the orchestrator is stood in for: a plan is
 * what the parent said the hosts would answer, and what a person asks of a rollout is told to the parent.
 * Messages in: {plan: PlanHost[]}. Messages out: {ready: url}, {asked: name, input}.
 */
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../api/log.js';
import { createServer } from '../../api/server.js';
import { Vault, vaultKeys } from '../../control/secrets/index.js';
import type { Orchestrator } from '../../api/temporal.js';
import { nextApp } from '../../api/web.js';
import { FolderStore } from '../../control/artifacts/index.js';
import { AuditAnchor } from '../../control/audit/index.js';
import { setupCode } from '../../control/auth/index.js';
import { sealVersionsWith } from '../../control/deploys/index.js';
import { EventFeed } from '../../control/events/index.js';
import { HostBundles, ReleaseKey } from '../../control/host-bundles/index.js';
import { recordPlan, type HostAnswer, type PlanHost } from '../../control/plans/index.js';
import { payloadKeys } from '../../control/payloads/index.js';
import { createRenderer } from '../../control/rendering/desired.js';
import { createPrisma } from '../../prisma/client.js';
import type { PlanInput } from '../../workflows/shared.js';

const tell = (message: object): void => void process.send?.(message);

async function main(databaseUrl: string): Promise<void> {
  const db = createPrisma(databaseUrl);
  sealVersionsWith('5e'.repeat(32));
  const dataDir = await mkdtemp(join(tmpdir(), 'maestro-pages-'));
  const vault = new Vault(dataDir, vaultKeys({ dataDir, passphrase: undefined }));
  const renderer = createRenderer({ db, env: {}, vault, digestKey: '0'.repeat(64) });
  let hosts: PlanHost[] = [];
  process.on('message', ({ plan }: { plan: PlanHost[] }) => { hosts = plan; });
  /** What the host would have decided on: what shall be there, and what it has seen. */
  const withBasis = async ({ deploy_id, version }: PlanInput, host: PlanHost): Promise<HostAnswer> => {
    const wanted = host.reachable ? await renderer.desired(deploy_id, version, host.host) : [];
    return { ...host, basis: wanted.map(({ component, hash }) => ({ component, hash, fingerprint: { digest: 'seen', parts: {} } })) };
  };
  const temporal: Orchestrator = {
    startRollout: () => Promise.resolve(true),
    runPlan: async (input) => { await recordPlan(db, input.plan_id, { hosts: await Promise.all(hosts.map((host) => withBasis(input, host))) }); },
    runOperate: () => Promise.reject(new Error('not part of this')),
    startLogs: () => Promise.reject(new Error('not part of this')),
    update: (_rollout, definition, input) => Promise.resolve(tell({ asked: definition.name, input })),
    hasTaken: () => Promise.resolve(false),
    isReady: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
  const feed = new EventFeed({ db, databaseUrl });
  await feed.start();
  const web = await nextApp(process.cwd(), '127.0.0.1', 0);
  if (!web) throw new Error('the pages are not built: npx next build web');
  const { server } = createServer({
    db, feed, temporal, web, vault, auditAnchor: await AuditAnchor.open(dataDir), setupCode: await setupCode(db, dataDir, 'pages-setup-code'), artifacts: new FolderStore(dataDir), hostBundles: new HostBundles({ folder: join(dataDir, 'download'), keys: () => Promise.resolve([ReleaseKey.fromSeed('5'.repeat(64))]), publicUrl: 'http://maestro.test' }), renderer, hostsDoor: { url: 'https://gateway.test:8443', installUrl: 'https://maestro.test/install.sh', caDigest: () => Promise.resolve('sha256:none'), keys: vaultKeys({ dataDir, passphrase: undefined }) }, fileKeys: { dataDir, payload: await payloadKeys(dataDir) },
    log: createLog({ level: 'warn', destination: process.stderr }),
    settings: {
      allowedOrigins: [], https: false, temporalUiUrl: 'http://temporal.test', temporalNamespace: 'default', templateEnv: {},
      guessLimits: { perAccount: 1_000, perAddress: 1_000, windowMs: 60_000 }, requestLimits: { perCaller: 100_000, refusedPerAddress: 100_000, windowMs: 60_000 }, allowedHosts: [], strictAnswers: true, artifacts: { maxBytes: 1_000_000, ttlMs: 60_000 },
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  tell({ ready: `http://127.0.0.1:${port}` });
}

process.once('disconnect', () => process.exit(0));
main(process.env['DATABASE_URL'] ?? '').catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

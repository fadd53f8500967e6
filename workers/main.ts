/** The control-plane worker: runs the workflows and their database activities, and the sweeper beside them. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { pino, type Logger } from 'pino';
import { createControlActivities } from '../activities/index.js';
import { createRemovalActivities } from '../activities/removals.js';
import { FolderStore } from '../control/artifacts/index.js';
import { readConfig } from '../control/config.js';
import { loadVersionKey } from '../control/deploys/index.js';
import { dataConverter, payloadKeys } from '../control/payloads/index.js';
import { createPrisma } from '../prisma/client.js';
import { controlQueue } from '../spec/words.js';
import { keepSweeping } from './sweeper.js';

/** The workflows as bundled at build time; without a build they are bundled now. */
function workflows(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = resolve('dist/workflow-bundle.js');
  return existsSync(codePath) ? { workflowBundle: { codePath } } : { workflowsPath: resolve('workflows/index.ts') };
}

/** An orderly end may wait for a Temporal or a database that are gone too; what is cut off goes on in the next worker. */
const exitGraceMs = 9_000;

/** Temporal may come up after us: wait for it, saying so. */
async function connect(address: string, log: Logger): Promise<NativeConnection> {
  for (let delayMs = 250; ; delayMs = Math.min(delayMs * 2, 5000)) {
    try {
      return await NativeConnection.connect({ address });
    } catch (error) {
      log.warn({ address, err: error }, 'Temporal does not answer yet');
      await new Promise((done) => setTimeout(done, delayMs));
    }
  }
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino({ name: 'worker', level: config.logLevel });
  const db = createPrisma(config.databaseUrl);
  await loadVersionKey(config.dataDir);
  const connection = await connect(config.temporal.address, log);
  const converter = dataConverter(await payloadKeys(config.dataDir));
  const worker = await Worker.create({
    connection, namespace: config.temporal.namespace, taskQueue: controlQueue, ...workflows(),
    dataConverter: converter,
    activities: { ...createControlActivities({ db }), ...createRemovalActivities({ db }) }, shutdownGraceTime: '5s',
  });
  const client = new Client({ connection, namespace: config.temporal.namespace, dataConverter: converter });
  const stop = new AbortController();
  const sweeping = keepSweeping({ db, client, log, artifacts: new FolderStore(config.dataDir) }, stop.signal);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), exitGraceMs).unref();
      worker.shutdown();
    });
  }
  log.info({ queue: controlQueue }, 'ready');
  process.send?.({ type: 'ready' });
  await worker.run();
  stop.abort();
  await sweeping;
  await connection.close();
  await db.$disconnect();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    pino({ name: 'worker' }).fatal({ err: error }, 'the worker stopped');
    process.exit(1);
  },
);

/** A whole control plane of real processes, and many simulated hosts on it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import pg from 'pg';
import { enroll } from '../../host-worker/identity/enroll.js';
import { IdentityHolder } from '../../host-worker/identity/holder.js';
import { type RunningStack, startStack } from '../../scripts/dev-stack.js';
import { TemporalLine } from '../../host-worker/temporal-line.js';
import { ApiClient } from '../rollouts/api-client.js';
import { PatientApi } from './patient-api.js';
import { SimulatedHost } from './simulated-host.js';

export interface SimulatedFleet {
  readonly api: PatientApi;
  readonly stack: RunningStack;
  readonly db: pg.Pool;
  /** Everything the hosts have is below it, each in a folder of its name. */
  readonly folder: string;
  host(id: string): SimulatedHost;
  stop(): Promise<void>;
}

export async function startSimulatedFleet(ids: readonly string[]): Promise<SimulatedFleet> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const folder = await mkdtemp(join(tmpdir(), 'maestro-schedules-'));
  const stack = await startStack({ dataDir: join(folder, 'control-plane'), say: () => undefined });
  const client = new ApiClient(stack.url);
  const db = new pg.Pool({ connectionString: stack.databaseUrl, max: 4, query_timeout: 20_000 });
  db.on('error', () => undefined); // seen by the query that needs the connection
  const hosts = new Map<string, SimulatedHost>();
  const lines: TemporalLine[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all([...hosts.values()].map((host) => host.stop()));
    await db.end();
    await Promise.all(lines.map((line) => line.close()));
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await client.setupAdmin(stack.dataDir);
    await Promise.all(ids.map(async (id) => {
      const stateFolder = join(folder, 'identities', id);
      const { token, ca_digest: caDigest } = await client.ok<{ token: string; ca_digest: string }>('POST', '/api/enrollments', { host: id });
      await enroll({ gateway: stack.gatewayUrl, caDigest, token, node: id, stateFolder });
      const holder = await IdentityHolder.open(stateFolder);
      const line = new TemporalLine(holder, { warn: () => undefined });
      lines.push(line);
      hosts.set(id, await SimulatedHost.start(id, { connection: await line.connect(), folder: join(folder, id), control: { url: stack.gatewayUrl, agent: () => holder.agent } }));
    }));
    await client.waitForNodes(ids);
  } catch (error) {
    await stop();
    throw error;
  }
  const host = (id: string): SimulatedHost => {
    const found = hosts.get(id);
    if (found === undefined) throw new Error(`no host ${id}`);
    return found;
  };
  return { api: new PatientApi(client), stack, db, folder, host, stop };
}

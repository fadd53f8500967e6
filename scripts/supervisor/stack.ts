import type { Context } from './context.js';
import { checkDatabase, embeddedDatabase } from './database.js';
import { StartError } from './errors.js';
import { checkRoom } from './files.js';
import { endLeftovers } from './leftovers.js';
import { lockData, type Lock } from './lock.js';
import type { Part } from './part.js';
import { RememberedPorts, requirePort } from './ports.js';
import type { LocalEnrollment } from './local-host.js';
import { apiProcess, gatewayProcess, hostWorkerProcess, workerProcess, type Addresses, type HostReport } from './processes.js';
import { checkTemporal, embeddedTemporal } from './temporal.js';

export interface Parts {
  readonly database: Part | undefined;
  readonly temporal: Part | undefined;
  readonly api: Part;
  readonly gateway: Part;
  readonly worker: Part;
  readonly hostWorker: Part<HostReport> | undefined;
}

/** All parts of one Maestro on one data folder, started side by side where they can be and stopped in order. */
export class Stack {
  private stopping = false;

  private constructor(
    private readonly context: Context,
    private readonly lock: Lock,
    readonly parts: Parts,
    readonly addresses: Addresses,
  ) {}

  /** Takes the data folder, clears what an earlier run left there, and decides the ports. Nothing is started yet. */
  static async prepare(context: Context): Promise<Stack> {
    checkRoom(context.data.root);
    const lock = lockData(context.data.root);
    try {
      const ended = await endLeftovers(context.data.root);
      if (ended > 0) context.say(`ended ${ended} process${ended === 1 ? '' : 'es'} an earlier run had left behind`);
      const { parts, addresses } = await planParts(context);
      return new Stack(context, lock, parts, addresses);
    } catch (error) {
      await endLeftovers(context.data.root, 1_000).finally(() => lock.release());
      throw error;
    }
  }

  /** Resolves when everything serves, with what the host worker found on this machine. */
  async start(): Promise<HostReport | undefined> {
    const { database, temporal, api, gateway, worker, hostWorker } = this.parts;
    const { databaseUrl, temporalAddress } = this.context.settings;
    await Promise.all([
      database ? database.start() : checkDatabase(databaseUrl ?? ''),
      temporal ? temporal.start() : checkTemporal(temporalAddress ?? ''),
    ]);
    if (this.stopping) throw new StartError('the start was interrupted', 'start again');
    // The API migrates the database; the host worker knows nobody but the gateway.
    const [report] = await Promise.all([api.start().then(() => gateway.start()).then(() => hostWorker?.start()), worker.start()]);
    return report;
  }

  /** What uses others stops before them. Each has its own time limit, so this always ends. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { database, temporal, api, gateway, worker, hostWorker } = this.parts;
    try {
      await hostWorker?.stop();
      await Promise.all([gateway.stop(), worker.stop()]);
      await api.stop();
      await Promise.all([temporal?.stop(), database?.stop()]);
      // A part that had to be killed may have left helpers of its own.
      await endLeftovers(this.context.data.root, 1_000);
    } finally {
      this.all().forEach((part) => part.log.close());
      this.lock.release();
    }
  }

  /** No waiting: for a second Ctrl-C. The database gets the signal for "at once", which keeps its files whole. */
  killAll(): void {
    for (const part of this.all()) part.kill(part.name === 'database' ? 'SIGQUIT' : 'SIGKILL');
  }

  all(): Part<unknown>[] {
    const { database, temporal, api, gateway, worker, hostWorker } = this.parts;
    return [database, temporal, api, gateway, worker, hostWorker].filter((part) => part !== undefined);
  }
}

/** Addresses that parts on this machine use to reach a server bound to `host`. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

async function planTemporal(context: Context, ports: RememberedPorts): Promise<{ part: Part | undefined; address: string; uiUrl: string }> {
  const { temporalAddress, temporalUiUrl, temporalPort, temporalUiPort, temporalHost } = context.settings;
  if (temporalAddress) return { part: undefined, address: temporalAddress, uiUrl: temporalUiUrl ?? '' };
  if (temporalPort) await requirePort('the Temporal server', temporalPort, temporalHost, 'MAESTRO_TEMPORAL_PORT');
  await requirePort('the web page of Temporal', temporalUiPort, temporalHost, 'MAESTRO_TEMPORAL_UI_PORT');
  const port = temporalPort ?? (await ports.get('temporal', temporalHost, 7233));
  const here = reachable(temporalHost);
  return { part: embeddedTemporal(context, temporalHost, port, temporalUiPort), address: `${here}:${port}`, uiUrl: temporalUiUrl ?? `http://${here}:${temporalUiPort}` };
}

async function planDatabase(context: Context, ports: RememberedPorts): Promise<{ part: Part | undefined; url: string }> {
  const { databaseUrl } = context.settings;
  if (databaseUrl) return { part: undefined, url: databaseUrl };
  return embeddedDatabase(context, await ports.get('database', '127.0.0.1'));
}

async function planParts(context: Context): Promise<{ parts: Parts; addresses: Addresses }> {
  const { host, apiPort, gatewayPort, hostWorker } = context.settings;
  await requirePort('the API', apiPort, host, 'MAESTRO_PORT');
  await requirePort('the gateway', gatewayPort, host, 'MAESTRO_GATEWAY_PORT');
  const ports = new RememberedPorts(context.data.root);
  const temporal = await planTemporal(context, ports);
  const database = await planDatabase(context, ports);
  const direct = { databaseUrl: database.url, temporalAddress: temporal.address };
  const addresses: Addresses = {
    ...(await (context.through?.(direct) ?? direct)),
    temporalUiUrl: temporal.uiUrl,
    apiUrl: `http://${reachable(host)}:${apiPort}`,
    gatewayUrl: `https://${reachable(host)}:${gatewayPort}`,
  };
  const local: LocalEnrollment = { caDigest: undefined, token: undefined };
  const parts: Parts = {
    database: database.part,
    temporal: temporal.part,
    api: apiProcess(context, addresses, apiPort),
    gateway: gatewayProcess(context, addresses, apiPort, local),
    worker: workerProcess(context, addresses, apiPort),
    hostWorker: hostWorker ? hostWorkerProcess(context, addresses, local) : undefined,
  };
  return { parts, addresses };
}

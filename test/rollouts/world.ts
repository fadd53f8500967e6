/**
 * A whole Maestro for a test: the control plane's real processes on this machine, and real hosts (systemd and an own
 * Docker) with a host worker in each. Reached as users reach it: by REST and by the event socket.
 */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { dataConverter, payloadKeys } from '../../control/payloads/index.js';
import { startStack, type RunningStack, type StackOptions } from '../../scripts/dev-stack.js';
import { startFleet, type Fleet, type FleetHost } from '../fleet/fleet.js';
import { ApiClient } from './api-client.js';
import { EventLog } from './event-log.js';

export interface World {
  readonly api: ApiClient;
  readonly fleet: Fleet;
  readonly stack: RunningStack;
  readonly temporal: Client;
  readonly events: EventLog;
  host(id: string): FleetHost;
  /** A recipe's text with the addresses of this fleet, otherwise unchanged. */
  recipe(file: string): Promise<string>;
  stop(): Promise<void>;
}

/** What a test puts between the parts; nothing by default. */
export interface Between {
  through?: NonNullable<StackOptions['through']>;
  /** The port by which hosts reach the gateway. */
  gatewayPort?(port: number): Promise<number>;
  /** Settings of the hosts' workers. */
  workerEnvironment?: Record<string, string>;
  /** Of the control plane's processes. */
  env?: Readonly<Record<string, string>>;
  /** Before the host workers start. */
  prepare?(fleet: Fleet): Promise<void>;
}

export async function startWorld(hosts: readonly string[], between: Between = {}): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), 'maestro-world-'));
  const fleet = await startFleet({ hosts });
  const stack = await startStack({ dataDir, bind: fleet.gatewayAddress, publicAddress: fleet.gatewayAddress, say: () => undefined, ...(between.through === undefined ? {} : { through: between.through }), ...(between.env === undefined ? {} : { env: between.env }) }).catch(async (error: unknown) => {
    await fleet.stop();
    throw error;
  });
  const api = new ApiClient(stack.url);
  const events = new EventLog(stack.url, api);
  const connection = await Connection.connect({ address: stack.temporalAddress });
  const stop = async (): Promise<void> => {
    events.close();
    await connection.close();
    await stack.stop();
    await fleet.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await api.setupAdmin(stack.dataDir);
    await between.prepare?.(fleet);
    await installWorkers(fleet, stack, api, between);
    await api.waitForNodes(hosts);
    await events.open();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    api, fleet, stack, events, stop,
    temporal: new Client({ connection, dataConverter: dataConverter(await payloadKeys(stack.dataDir)) }),
    host: (id) => fleet.host(id),
    recipe: async (file) => withAddresses(await readFile(new URL(`../recipes/${file}`, import.meta.url), 'utf8'), fleet),
  };
}

/** Every host by the command that a person copies: download, checks, enrollment, and the worker under its own unit. */
async function installWorkers(fleet: Fleet, stack: RunningStack, api: ApiClient, { gatewayPort = async (port) => port, workerEnvironment = {} }: Between): Promise<void> {
  await requireCurrentBundle();
  const port = await gatewayPort(Number(new URL(stack.gatewayUrl).port));
  await Promise.all(fleet.hosts.map(async (host) => {
    const { command, gateway_url: direct } = await enrollment(api, host.id);
    await host.install(command.replace(direct, `https://${fleet.gatewayAddress}:${String(port)}`), workerEnvironment);
  }));
}

const enrollment = (api: ApiClient, host: string): Promise<{ command: string; gateway_url: string }> => api.ok('POST', '/api/enrollments', { host });

/** Hosts get what is packed: with an older one, a test of a change would test what was before it. */
async function requireCurrentBundle(): Promise<void> {
  const builtAt = async (path: string): Promise<number> => (await stat(new URL(`../../dist/${path}`, import.meta.url))).mtimeMs;
  if ((await builtAt('download/install.sh.in')) < (await builtAt('host-worker/worker.cjs'))) {
    throw new Error('the host worker was built after the bundle that hosts download: node scripts/build.mjs host-bundle');
  }
}

function withAddresses(text: string, fleet: Fleet): string {
  return fleet.hosts.reduce((changed, host) =>
    changed.replace(new RegExp(`(${host.id}:\\s*\\{?\\s*(?:type: linux,?\\s*)?address: )[0-9.]+`), `$1${host.address}`), text);
}

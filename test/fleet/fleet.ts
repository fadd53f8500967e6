import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { FleetHost } from './fleet-host.js';
import { runCommand, runCommandOrThrow } from './run-command.js';

export { FleetHost } from './fleet-host.js';
export type { ExecOptions, FileOptions, InspectedContainer, WorkerEnvironment, WorkerStatus } from './fleet-host.js';
export type { CommandResult } from './run-command.js';

// The first start on a machine builds the images.
const START_TIMEOUT_MS = 20 * 60_000;
const STOP_TIMEOUT_MS = 120_000;
const OWNER_LABEL = 'maestro.fleet.owner';

export interface FleetOptions {
  /** Host ids; the containers are named `<prefix>-<host id>`. */
  hosts: readonly string[];
  /** Folder with worker.cjs and core-bridge.node, for `startWorker`; dist/host-worker unless given. */
  workerBundle?: string;
  /** A /24 such as 10.77.0.0/24; the first free one unless given here or in FLEET_SUBNET. */
  subnet?: string;
}

export interface Fleet {
  readonly prefix: string;
  /** This machine as the hosts see it: services under test have to listen on it. */
  readonly gatewayAddress: string;
  readonly hosts: readonly FleetHost[];
  host(id: string): FleetHost;
  /** The registry does not answer while it is paused. */
  registry(verb: 'pause' | 'unpause'): Promise<void>;
  stop(): Promise<void>;
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const defaultWorkerBundle = (): string => fileURLToPath(new URL('../../dist/host-worker', import.meta.url));

function scriptEnvironment(prefix: string, subnet?: string): NodeJS.ProcessEnv {
  const owner = `${hostname()}/${String(process.pid)}`;
  const chosen = subnet === undefined ? {} : { FLEET_SUBNET: subnet };
  return { ...process.env, FLEET_PREFIX: prefix, FLEET_NET: prefix, FLEET_OWNER: owner, ...chosen };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function removeFleet(prefix: string): Promise<void> {
  await runCommandOrThrow(script('down.sh'), [], { timeoutMs: STOP_TIMEOUT_MS, env: scriptEnvironment(prefix) });
}

/** A test process that was killed cannot stop its fleet: the next one does. */
async function removeAbandonedFleets(): Promise<void> {
  const format = `{{.Label "maestro.fleet"}} {{.Label "${OWNER_LABEL}"}}`;
  // The network is the first thing of a fleet and the last to go.
  const argv = ['network', 'ls', '--filter', `label=${OWNER_LABEL}`, '--format', format];
  const listed = await runCommand('docker', argv, { timeoutMs: STOP_TIMEOUT_MS }).catch(() => undefined);
  const abandoned = new Set<string>();
  for (const line of (listed?.stdout ?? '').split('\n')) {
    const [prefix, owner] = line.split(' ');
    const [machine, pid] = (owner ?? '').split('/');
    if (prefix !== undefined && machine === hostname() && !isRunning(Number(pid))) abandoned.add(prefix);
  }
  // Another test process may be removing the same one at this moment.
  for (const prefix of abandoned) await removeFleet(prefix).catch(() => undefined);
}

/** up.sh prints "gateway ADDRESS", then "NAME ADDRESS" for each host in order. */
function parseAddresses(output: string): { gatewayAddress: string; addresses: Map<string, string> } {
  const [first, ...others] = output.trim().split('\n').map((line) => line.split(' '));
  const gatewayAddress = first?.[0] === 'gateway' ? first[1] : undefined;
  if (gatewayAddress === undefined) throw new Error(`up.sh printed no gateway: ${output.slice(0, 300)}`);
  return { gatewayAddress, addresses: new Map(others.map(([name, address]) => [name ?? '', address ?? ''])) };
}

/** Starts hosts with systemd and Docker of their own, on a network of their own. Stop the fleet in `afterAll`. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  await removeAbandonedFleets();
  const prefix = `${process.env['FLEET_PREFIX'] ?? 'fleet'}-${randomBytes(3).toString('hex')}`;
  const output = await runCommandOrThrow(script('up.sh'), options.hosts, {
    timeoutMs: START_TIMEOUT_MS,
    env: scriptEnvironment(prefix, options.subnet),
  }).catch(async (error: unknown) => {
    await removeFleet(prefix).catch(() => undefined);
    throw error;
  });
  const { gatewayAddress, addresses } = parseAddresses(output);
  const workerBundle = options.workerBundle ?? defaultWorkerBundle();
  const hosts = new Map(
    [...addresses].map(([id, address]) => [
      id,
      new FleetHost({ id, address, workerBundle, container: `${prefix}-${id}` }),
    ]),
  );
  return {
    prefix,
    gatewayAddress,
    hosts: [...hosts.values()],
    host(id) {
      const host = hosts.get(id);
      if (host === undefined) throw new Error(`no host '${id}' in this fleet; it has ${[...hosts.keys()].join(', ')}`);
      return host;
    },
    registry: async (verb) => { await runCommandOrThrow('docker', [verb, `${prefix}_registry`], { timeoutMs: STOP_TIMEOUT_MS }); },
    stop: () => removeFleet(prefix),
  };
}

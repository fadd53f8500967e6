// The parts of `npm start` as a library: tests and measurements start their own Maestro on free ports, kill single
// processes and start them again on the same ports.
import { realpathSync } from 'node:fs';
import type { Context } from './supervisor/context.js';
import { StartError } from './supervisor/errors.js';
import { findRoot, openData } from './supervisor/files.js';
import type { Part } from './supervisor/part.js';
import { freePort } from './supervisor/ports.js';
import type { HostReport } from './supervisor/processes.js';
import type { Settings } from './supervisor/settings.js';
import { Stack } from './supervisor/stack.js';

export interface StackOptions {
  readonly dataDir: string;
  /** Free ports are the only kind there is; said for the reader's sake. */
  readonly ports?: 'free';
  /** Addresses to be reachable on. Anything but loopback means all addresses of this machine. */
  readonly bind?: string | readonly string[];
  /** How people and hosts name this machine: in links, and in the commands that enroll hosts. Loopback unless given. */
  readonly publicAddress?: string;
  /** Off unless asked for: most tests bring hosts of their own. */
  readonly hostWorker?: boolean;
  readonly node?: string;
  readonly databaseUrl?: string;
  /** Added to the environment of API, worker and host worker. */
  readonly env?: Readonly<Record<string, string>>;
  readonly say?: (line: string) => void;
  /** Puts something between: the API, the worker and `RunningStack` are told the addresses that it answers with. */
  readonly through?: Context['through'];
}

export interface ProcessHandle {
  /** Undefined while the process is down. */
  readonly pid: number | undefined;
  /** Sends the signal and resolves when the process is gone (or has survived the signal for 10 s). */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the process if it runs, and starts it again on the same port. */
  restart(): Promise<void>;
}

export interface RunningStack {
  readonly url: string;
  /** Of the hosts' door, as this machine reaches it. */
  readonly gatewayUrl: string;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string;
  readonly dataDir: string;
  readonly host: HostReport | undefined;
  readonly processes: Readonly<Record<'api' | 'gateway' | 'worker' | 'temporal' | 'database' | 'hostWorker', ProcessHandle>>;
  stop(): Promise<void>;
}

function handle(name: string, part: Part<unknown> | undefined): ProcessHandle {
  const own = () => {
    if (part) return part;
    throw new StartError(`the ${name} is not one of this stack's processes`, 'start the stack with it', 'startStack');
  };
  return {
    get pid() {
      return part?.pid;
    },
    async kill(signal = 'SIGKILL') {
      own().kill(signal);
      await own().gone(10_000);
    },
    async restart() {
      await own().stop();
      await own().start();
    },
  };
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address.startsWith('127.');
}

async function settingsFor(options: StackOptions, dataDir: string): Promise<Settings> {
  const addresses = typeof options.bind === 'string' ? [options.bind] : (options.bind ?? []);
  const host = addresses.every(isLoopback) ? '127.0.0.1' : '0.0.0.0';
  return {
    dataDir,
    host,
    temporalHost: '127.0.0.1',
    apiPort: await freePort(host),
    gatewayPort: await freePort(host),
    temporalUiPort: await freePort(),
    temporalPort: await freePort(),
    databaseUrl: options.databaseUrl,
    temporalAddress: undefined,
    temporalUiUrl: undefined,
    node: options.node ?? 'localhost',
    hostWorker: options.hostWorker ?? false,
    debug: process.env['MAESTRO_LOG'] === 'debug',
  };
}

const publicEnv = ({ publicAddress }: StackOptions, { apiPort }: Settings): Record<string, string> =>
  (publicAddress === undefined ? {} : { MAESTRO_PUBLIC_URL: `http://${publicAddress}:${apiPort}` });

function processHandles(stack: Stack): RunningStack['processes'] {
  const { api, gateway, worker, temporal, database, hostWorker } = stack.parts;
  return {
    api: handle('API', api),
    gateway: handle('gateway', gateway),
    worker: handle('worker', worker),
    temporal: handle('Temporal server', temporal),
    database: handle('database', database),
    hostWorker: handle('host worker', hostWorker),
  };
}

/** Starts everything and resolves when it serves. A failed start leaves nothing running. */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  openData(options.dataDir);
  const data = openData(realpathSync(options.dataDir));
  const settings = await settingsFor(options, data.root);
  const stack = await Stack.prepare({ root: findRoot(), settings, data, say: options.say ?? console.error, extraEnv: { ...publicEnv(options, settings), ...options.env }, interrupted: new AbortController().signal, ...(options.through === undefined ? {} : { through: options.through }) });
  const killAll = () => stack.killAll();
  process.once('exit', killAll);
  const stop = async () => {
    process.removeListener('exit', killAll);
    await stack.stop();
  };
  try {
    const host = await stack.start();
    const { databaseUrl, temporalAddress, temporalUiUrl, apiUrl, gatewayUrl } = stack.addresses;
    return { url: apiUrl, gatewayUrl, databaseUrl, temporalAddress, temporalUiUrl, dataDir: data.root, host, processes: processHandles(stack), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

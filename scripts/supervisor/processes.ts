import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Child, Launch } from './child.js';
import { markEnv, openLog, type Context } from './context.js';
import { StartError } from './errors.js';
import { enrolledBy, enrollHere, type LocalEnrollment } from './local-host.js';
import { Part } from './part.js';

/** Where the parts find each other. */
export interface Addresses {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string;
  readonly apiUrl: string;
  /** As this machine reaches it. */
  readonly gatewayUrl: string;
}

/** What the host worker found on this machine, as it reports it when it is ready. */
export interface HostReport {
  readonly docker: boolean;
  readonly systemd: boolean;
  readonly missing: readonly string[];
}

/** The operator's environment, for proxies, locales and such, without what is none of the child's business. */
function inheritedEnv(without: readonly string[]): Record<string, string> {
  const present = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(present.filter(([name]) => !without.includes(name)));
}

function isReady(message: unknown): message is Record<string, unknown> {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready';
}

/** Resolves with the child's "ready" message. Given up when the child ends or the time is over (see Part). */
function readyMessage(child: Child, signal: AbortSignal): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    const listen = (message: unknown) => {
      if (isReady(message)) resolve(message);
    };
    child.process.on('message', listen);
    signal.addEventListener('abort', () => child.process.off('message', listen), { once: true });
  });
}

interface ProcessPlan<Ready> {
  readonly name: string;
  readonly title: string;
  readonly bundle: string;
  readonly env: Readonly<Record<string, string>>;
  readonly withheld: readonly string[];
  report(message: Record<string, unknown>): Ready;
  /** Done before every start. */
  before?(): Promise<void>;
}

function nodeProcess<Ready>(context: Context, plan: ProcessPlan<Ready>): Part<Ready> {
  const file = join(context.root, 'dist', plan.bundle);
  const launch = async (): Promise<Launch> => {
    if (!existsSync(file)) throw new StartError(`${plan.title} has not been built`, 'run "npm run build"', file);
    await plan.before?.();
    const env = { ...inheritedEnv(plan.withheld), ...plan.env, ...context.extraEnv, ...markEnv(context) };
    return { file: process.execPath, args: ['--enable-source-maps', file], cwd: context.root, env, ipc: true, orphanSignal: 'TERM' };
  };
  return new Part({
    name: plan.name,
    title: plan.title,
    ...openLog(context, plan.name, 'pino'),
    launch,
    ready: async (child, signal) => plan.report(await readyMessage(child, signal)),
    readyWithinMs: 60_000,
    startAttempts: 1,
    stopSignals: [['SIGTERM', 10_000]],
  });
}

function serverEnv(context: Context, addresses: Addresses, port: number): Record<string, string> {
  return {
    NODE_ENV: 'production',
    DATABASE_URL: addresses.databaseUrl,
    MAESTRO_HOST: context.settings.host,
    MAESTRO_PORT: String(port),
    MAESTRO_DATA: context.data.root,
    MAESTRO_TEMPORAL_ADDRESS: addresses.temporalAddress,
    MAESTRO_TEMPORAL_UI_URL: addresses.temporalUiUrl,
    MAESTRO_GATEWAY_PORT: String(context.settings.gatewayPort),
    // Bound to every address, the API cannot know which of them people use.
    MAESTRO_PUBLIC_URL: process.env['MAESTRO_PUBLIC_URL'] ?? addresses.apiUrl,
  };
}

const nothing = () => undefined;

export function apiProcess(context: Context, addresses: Addresses, port: number): Part {
  return nodeProcess<void>(context, { name: 'api', title: 'the API', bundle: 'api.mjs', env: serverEnv(context, addresses, port), withheld: [], report: nothing });
}

export function workerProcess(context: Context, addresses: Addresses, port: number): Part {
  return nodeProcess<void>(context, { name: 'worker', title: 'the control-plane worker', bundle: 'worker.mjs', env: serverEnv(context, addresses, port), withheld: ['MAESTRO_VAULT_PASSPHRASE', 'MAESTRO_SETUP_CODE'], report: nothing });
}

function hostReport(message: Record<string, unknown>): HostReport {
  const missing = Array.isArray(message['missing']) ? message['missing'].filter((name) => typeof name === 'string') : [];
  return { docker: message['docker'] === true, systemd: message['systemd'] === true, missing };
}

/** It also makes an enrollment for this machine's host worker, unless that has an identity of this authority. */
export function gatewayProcess(context: Context, addresses: Addresses, port: number, local: LocalEnrollment): Part {
  const { hostWorker, node } = context.settings;
  return nodeProcess<void>(context, {
    name: 'gateway', title: 'the gateway', bundle: 'gateway.mjs', withheld: [],
    env: { ...serverEnv(context, addresses, port), ...(hostWorker ? { MAESTRO_ENROLL_LOCAL: node, MAESTRO_ENROLL_LOCAL_CA: enrolledBy(context.data.hostWorker, node, addresses.gatewayUrl) } : {}) },
    report(message) {
      local.caDigest = String(message['ca_digest']);
      local.token = typeof message['enrollment'] === 'string' ? message['enrollment'] : local.token;
    },
  });
}

export function hostWorkerProcess(context: Context, addresses: Addresses, local: LocalEnrollment): Part<HostReport> {
  const { node } = context.settings;
  const bundle = 'host-worker/worker.cjs';
  return nodeProcess(context, {
    name: 'host-worker', title: 'the host worker', bundle, withheld: ['DATABASE_URL', 'MAESTRO_DATA', 'MAESTRO_VAULT_PASSPHRASE', 'MAESTRO_SETUP_CODE'], report: hostReport,
    env: { NODE_ENV: 'production', MAESTRO_STATE: context.data.hostWorker },
    before: () => enrollHere({ program: join(context.root, 'dist', bundle), stateFolder: context.data.hostWorker, node, gatewayUrl: addresses.gatewayUrl, local }),
  });
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Launch } from './child.js';
import { openLog, plainEnv, type Context } from './context.js';
import { StartError } from './errors.js';
import { Part } from './part.js';
import { temporalServes } from './temporal-probe.js';

const pollMs = 30;

/** Where the set-up found or put the server. */
function findProgram(root: string): string {
  const record = join(root, 'dist', 'temporal-server.json');
  const missing = new StartError('the Temporal server is not there', 'run "node scripts/setup.mjs"', record);
  if (!existsSync(record)) throw missing;
  const { path } = JSON.parse(readFileSync(record, 'utf8')) as { path?: unknown };
  if (typeof path !== 'string' || !existsSync(path)) throw missing;
  return path;
}

async function untilServing(address: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await temporalServes(address))) await wait(pollMs, undefined, { signal });
}

// The poll limit of the one history shard, 20 a second by default, would cost each activity in a row 100 ms.
/** The server's limits are for many tenants: here every host polls, in one namespace. */
const tuning = ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=10000', '--dynamic-config-value', 'frontend.namespaceCount=20000', '--dynamic-config-value', 'frontend.namespaceRPS=20000', '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'];
const ownConfigurationOnly = ['--disable-config-file', '--disable-config-env', '--log-format', 'json', '--log-level', 'warn'];

/** Temporal's server on a file below the data folder, with its web page. */
export function embeddedTemporal(context: Context, host: string, port: number, uiPort: number): Part {
  const file = findProgram(context.root);
  const place = ['--ip', host, '--port', String(port), '--ui-ip', host, '--ui-port', String(uiPort), '--db-filename', join(context.data.temporal, 'temporal.db')];
  const launch = (): Launch => ({
    file,
    args: ['server', 'start-dev', ...place, ...tuning, ...ownConfigurationOnly],
    cwd: context.data.temporal,
    env: plainEnv(context),
    ipc: false,
    orphanSignal: 'TERM',
  });
  return new Part({
    name: 'temporal',
    title: 'the Temporal server',
    ...openLog(context, 'temporal', 'temporal'),
    launch,
    ready: (_child, signal) => untilServing(`127.0.0.1:${port}`, signal),
    readyWithinMs: 60_000,
    startAttempts: 2,
    stopSignals: [['SIGTERM', 5_000]],
  });
}

export async function checkTemporal(address: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    if (await temporalServes(address)) return;
    await wait(250);
  }
  throw new StartError('the Temporal service of MAESTRO_TEMPORAL_ADDRESS does not answer', 'start it, or correct the address; without the variable an embedded one is used', address);
}

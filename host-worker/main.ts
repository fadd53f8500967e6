/** The host worker's process. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { type Logger, pino } from 'pino';
import { MaestroError } from '../spec/errors.js';
import { hostQueue } from '../spec/words.js';
import type { HostDeps } from './activate/host-deps.js';
import { heartbeatMs } from './activity-scope.js';
import { createHostActivities } from './activities.js';
import { createFurtherActivities } from './further-activities.js';
import { assemble } from './assemble.js';
import { readConfig } from './config.js';
import type { ControlPlaneOptions } from './control-plane/client.js';
import { connectWatchPlane } from './control-plane/watch-client.js';
import { hostFacts } from './facts.js';
import { enrollCommand } from './identity/enroll-command.js';
import { IdentityHolder } from './identity/holder.js';
import { keepPublished } from './publish/keeper.js';
import { Readiness } from './ready.js';
import { lockState } from './state-lock.js';
import { TemporalLine } from './temporal-line.js';
import { messageOf } from './trouble.js';
import { workerVersion } from './version.js';
import { Watcher } from './watch/watcher.js';

const concurrentActivities = 32;
/** Enough to be given a burst quickly; with hundreds of hosts each one more is hundreds of open calls for the server. */
const pollers = 2;
const helloMs = 5_000;
const lockPatienceMs = 30_000;
const retryFirstMs = 250;
const retryLongestMs = 5_000;
/** Activities that are in the middle of something get this long before they are told to leave. */
const shutdownGraceMs = 5_000;
const shutdownForceMs = 20_000;
/** With the supervisor gone, so are those that an orderly end would wait for; attempts go on where their marks say. */
const orphanGraceMs = 12_000;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const holder = await IdentityHolder.open(config.stateFolder);
  const { node, gatewayUrl } = holder.identity;
  const log = pino({ level: config.logLevel, base: { node } });
  const plane: ControlPlaneOptions = { url: gatewayUrl, agent: () => holder.agent };
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'going down');
      stopping.abort();
    });
  }
  process.once('disconnect', () => {
    stopping.abort();
    setTimeout(() => process.exit(1), orphanGraceMs).unref();
  });
  await mkdir(config.stateFolder, { recursive: true, mode: 0o700 });
  const lock = await lockState(config.stateFolder, lockPatienceMs);
  const deps = await assemble({ node, stateFolder: config.stateFolder, plane }, process.env, log);
  const renewing = holder.keepRenewed(log, stopping.signal);
  const readiness = new Readiness(process.env);
  const greeting = sayHello(deps, holder, readiness, log, stopping.signal);
  const watcher = new Watcher({ ...deps, plane: connectWatchPlane(plane), log });
  const watching = watcher.run(stopping.signal);
  const keeping = keepPublished(deps, stopping.signal);
  // Signals are ours: the SDK's own handler would end the process before the last report is out.
  Runtime.install({ shutdownSignals: [] });
  await work(holder, plane, deps, watcher, readiness, log, stopping.signal);
  await Promise.all([greeting, watching, keeping, renewing]);
  await deps.reporter.flush(shutdownGraceMs);
  lock.close();
  log.info('down');
}

/** A listener for the supervisor's going keeps its channel open, and an open channel keeps the process: both end with the work. */
function leaveSupervisor(): void {
  if (process.connected) process.disconnect();
}

/** Tells the control plane that we are there, and what this host has. */
async function sayHello({ control, docker }: HostDeps, holder: IdentityHolder, readiness: Readiness, log: Logger, stopping: AbortSignal): Promise<void> {
  let heard: boolean | null = null;
  while (!stopping.aborted) {
    const before: boolean | null = heard;
    const problem: string | null = await hostFacts(docker).then((facts) => control.hello(facts, workerVersion, holder.trusts)).then(({ renew }) => { if (renew) holder.renewSoon(); return null; }, messageOf);
    heard = problem === null;
    if (heard) await readiness.reached('control plane');
    if (heard !== before) log[heard ? 'info' : 'warn']({ problem }, heard ? 'the control plane knows us' : 'the control plane does not hear us');
    await sleep(helloMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** Serves this host's queue until told to stop. Temporal being away is waited out, for as long as it takes. */
async function work(holder: IdentityHolder, plane: ControlPlaneOptions, deps: HostDeps, watcher: Watcher, readiness: Readiness, log: Logger, stopping: AbortSignal): Promise<void> {
  for (let delay = retryFirstMs; !stopping.aborted; delay = Math.min(delay * 2, retryLongestMs)) {
    try {
      const line = new TemporalLine(holder, log);
      try {
        const worker = await createWorker(await line.connect(), deps, plane, watcher);
        line.follow(worker);
        delay = retryFirstMs;
        await announce(deps, log);
        await readiness.reached('temporal');
        await runUntil(worker, stopping);
      } finally {
        await line.close();
      }
    } catch (error) {
      if (stopping.aborted) log.warn({ error: messageOf(error) }, 'not a clean end');
      else log.warn({ address: holder.identity.gatewayUrl, error: messageOf(error), retry_ms: delay }, 'Temporal cannot be reached, trying again');
    }
    await sleep(delay, undefined, { signal: stopping }).catch(() => undefined);
  }
}

function createWorker(connection: NativeConnection, deps: HostDeps, plane: ControlPlaneOptions, watcher: Watcher): Promise<Worker> {
  return Worker.create({
    // The namespace and the identity that count are the gateway's.
    connection, namespace: 'default', taskQueue: hostQueue(deps.node), identity: `host/${deps.node}`,
    activities: followed({ ...createHostActivities(deps), ...createFurtherActivities(deps, plane) }, watcher), maxConcurrentActivityTaskExecutions: concurrentActivities,
    maxConcurrentActivityTaskPolls: pollers,
    // Heartbeats are passed on as they come: they are how a cancellation arrives.
    maxHeartbeatThrottleInterval: heartbeatMs, defaultHeartbeatThrottleInterval: heartbeatMs,
    shutdownGraceTime: shutdownGraceMs, shutdownForceTime: shutdownForceMs,
  });
}

type Activities = Record<string, (work: never) => Promise<unknown>>;

/** Those after which something else may run here. */
const changing: ReadonlySet<string> = new Set(['activate', 'operate', 'prune']);

const followed = (activities: Activities, watcher: Watcher): Activities =>
  Object.fromEntries(Object.entries(activities).map(([name, activity]) => [name, changing.has(name) ? (work: never) => watcher.during(activity(work)) : activity]));

async function announce({ docker }: HostDeps, log: Logger): Promise<void> {
  const facts = await hostFacts(docker);
  log.info({ ...facts, version: workerVersion }, 'ready');
  process.send?.({ type: 'ready', ...facts });
}

async function runUntil(worker: Worker, stopping: AbortSignal): Promise<void> {
  const stop = (): void => worker.shutdown();
  stopping.addEventListener('abort', stop, { once: true });
  try {
    if (!stopping.aborted) await worker.run();
  } finally {
    stopping.removeEventListener('abort', stop);
  }
}

const enrolling = process.argv[2] === 'enroll';
const command = enrolling ? enrollCommand(process.argv.slice(3), process.env, process.stdin).then((done) => void process.stdout.write(`${done}\n`)) : main();

command.catch((error: unknown) => {
  // One line for a person: pino may not be there yet.
  process.stderr.write(`${messageOf(error)}${error instanceof MaestroError ? `\n${error.fix}` : ''}\n`);
  process.exitCode = 1;
}).finally(leaveSupervisor);

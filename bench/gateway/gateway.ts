/**
 * What the gateway costs: the same activities straight at Temporal and through it, in turn in the same workflows, and the
 * memory of its process with hundreds of hosts on it. Times are Temporal's own: from an activity's being due to its end.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { dataConverter, payloadKeys } from '../../control/payloads/index.js';
import { hostQueue } from '../../spec/words.js';
import { type RunningStack, startStack } from '../../scripts/dev-stack.js';
import { columns } from '../report/table.js';
import { median } from '../report/series.js';
import { type BenchHost, enrollHosts, pollAll } from './hosts.js';
import type { Turns } from './workflow.js';

const hostsMany = 200;
const goalMs = 3;
const goalMib = 512;
const rounds = { warm: 40, run: 150, runs: 3, loaded: 100 } as const;
const pollers = 2;
const settleMs = 12_000;
const namespace = 'default';
const queues = { workflows: 'bench-workflows', straight: 'bench-straight', host: 'bench-host' };

interface Times { straight: number[]; through: number[] }
export interface GatewayFigures {
  activities: { n: number; straight_ms: Quantiles; through_ms: Quantiles; added_ms: Quantiles; loaded_added_ms: Quantiles };
  memory: { hosts: number; polls: number; idle_mib: number; peak_mib: number };
}
interface Quantiles { median: number; p95: number }

const at = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;
const rounded = (value: number): number => Math.round(value * 100) / 100;
const quantiles = (values: readonly number[]): Quantiles => ({ median: rounded(median(values)), p95: rounded(at(values, 0.95)) });
const added = ({ straight, through }: Times): Quantiles => ({ median: rounded(median(through) - median(straight)), p95: rounded(at(through, 0.95) - at(straight, 0.95)) });

export async function measureGateway(): Promise<GatewayFigures> {
  const dataDir = await mkdtemp(join(tmpdir(), 'maestro-bench-'));
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const stack = await startStack({ dataDir, say: () => undefined });
  try {
    const hosts = await enrollHosts(stack, [queues.host, ...Array.from({ length: hostsMany }, (_, index) => `many-${String(index).padStart(3, '0')}`)]);
    return await withWorkers(stack, hosts[0], async (run) => {
      await run(rounds.warm);
      const times = await merged(rounds.runs, () => run(rounds.run));
      const idle = await rssMib(stack);
      const polling = pollAll(stack.gatewayUrl, hosts.slice(1));
      try {
        await sleep(settleMs);
        const loaded = await run(rounds.loaded);
        const polls = polling.open();
        const wrong = polling.failures();
        if (wrong.length > 0 || polls < hostsMany) throw new Error(`of ${String(hostsMany)} hosts not all poll (${String(polls)} polls): ${wrong.slice(0, 3).join('; ')}`);
        return {
          activities: { n: times.through.length, straight_ms: quantiles(times.straight), through_ms: quantiles(times.through), added_ms: added(times), loaded_added_ms: added(loaded) },
          memory: { hosts: hostsMany, polls, idle_mib: idle.now, peak_mib: (await rssMib(stack)).peak },
        };
      } finally {
        polling.stop();
      }
    });
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function merged(count: number, work: () => Promise<Times>): Promise<Times> {
  const all: Times = { straight: [], through: [] };
  for (let index = 0; index < count; index += 1) {
    const { straight, through } = await work();
    all.straight.push(...straight);
    all.through.push(...through);
  }
  return all;
}

/** Two workers that differ in nothing but their way to Temporal, and one for the workflows. */
async function withWorkers<T>(stack: RunningStack, host: BenchHost | undefined, work: (run: (rounds: number) => Promise<Times>) => Promise<T>): Promise<T> {
  if (host === undefined) throw new Error('no host is enrolled');
  const converter = dataConverter(await payloadKeys(stack.dataDir));
  const connection = await NativeConnection.connect({ address: stack.temporalAddress });
  const gateway = new URL(stack.gatewayUrl);
  const through = await NativeConnection.connect({ address: gateway.host, tls: { serverRootCACertificate: Buffer.from(host.ca), clientCertPair: { crt: Buffer.from(host.certificate), key: Buffer.from(host.key) } }, grpcCompression: { codec: 'none' } });
  const client = new Client({ connection: await Connection.connect({ address: stack.temporalAddress }), dataConverter: converter });
  const common = { namespace, activities: { work: () => Promise.resolve({ ok: true, phases: [] }) }, maxConcurrentActivityTaskPolls: pollers };
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: new URL('workflow.ts', import.meta.url).pathname, logger: new DefaultLogger('ERROR') });
  const workers = await Promise.all([
    Worker.create({ connection, namespace, taskQueue: queues.workflows, workflowBundle, dataConverter: converter }),
    Worker.create({ ...common, connection, taskQueue: queues.straight, dataConverter: converter }),
    // Payloads are opened and sealed by the gateway.
    Worker.create({ ...common, connection: through, taskQueue: hostQueue(host.name) }),
  ]);
  const running = workers.map((worker) => worker.run());
  try {
    return await work((count) => inTurn(client, count, hostQueue(host.name)));
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.allSettled(running);
    await Promise.allSettled([through.close(), connection.close(), client.connection.close()]);
  }
}

let count = 0;
async function inTurn(client: Client, turns: number, hostsQueue: string): Promise<Times> {
  const args: [Turns] = [{ queues: [queues.straight, hostsQueue], rounds: turns }];
  count += 1;
  const handle = await client.workflow.start('inTurn', { taskQueue: queues.workflows, workflowId: `bench-gateway-${String(count)}`, args });
  await handle.result();
  const { events = [] } = await handle.fetchHistory();
  const millis = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number => Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
  const due = new Map(events?.flatMap(({ eventId, eventTime, activityTaskScheduledEventAttributes: scheduled }) => (scheduled == null ? [] : [[String(eventId), { queue: scheduled.taskQueue?.name, at: millis(eventTime) }] as const])));
  const times: Times = { straight: [], through: [] };
  for (const { eventTime, activityTaskCompletedEventAttributes: completed } of events ?? []) {
    const began = completed == null ? undefined : due.get(String(completed.scheduledEventId));
    if (began !== undefined) times[began.queue === hostsQueue ? 'through' : 'straight'].push(millis(eventTime) - began.at);
  }
  return times;
}

async function rssMib({ processes: { gateway: { pid } } }: RunningStack): Promise<{ now: number; peak: number }> {
  const text = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  const mib = (name: string): number => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? NaN) / 1024);
  return { now: mib('VmRSS'), peak: mib('VmHWM') };
}

const verdict = (met: boolean, goal: string): string => `${met ? 'met' : 'NOT MET'}: ${goal}`;

export function gatewayTable({ activities, memory }: GatewayFigures): string {
  const row = (title: string, { median: middle, p95 }: Quantiles, goal = ''): string[] => [title, middle.toFixed(2), p95.toFixed(2), goal];
  return `${columns([
    [`ms per activity (n=${String(activities.n)} each)`, 'median', 'p95', 'goal'],
    row('straight at Temporal', activities.straight_ms), row('through the gateway', activities.through_ms),
    row('added', activities.added_ms, verdict(activities.added_ms.median <= goalMs, `at most ${String(goalMs)} ms in the median`)),
    row(`added with ${String(memory.hosts)} hosts polling`, activities.loaded_added_ms),
  ])}\n\ngateway process: ${String(memory.idle_mib)} MiB with one host, ${String(memory.peak_mib)} MiB at most with ${String(memory.hosts)} hosts and ${String(memory.polls)} open polls (${verdict(memory.peak_mib <= goalMib, `within ${String(goalMib)} MiB`)})`;
}

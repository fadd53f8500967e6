/** What happens to real processes, daemons and cables in the middle of rollouts. Everything is up again when a strike resolves. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../rollouts/world.js';
import type { Random } from './random.js';
import { succeed } from './real-report.js';

const controlPlane = ['api', 'worker', 'temporal', 'database'] as const;
export const faults = [...controlPlane, 'host worker', 'dockerd', 'network'] as const;
export type Fault = (typeof faults)[number];

export interface Strike { fault: Fault; /** null: of no host. */ host: string | null; /** Into the rollouts. */ afterMs: number; /** Until it is mended; what systemd brings back, comes by itself. */ forMs: number }
export interface Struck { fromMs: number; toMs: number }

export function randomStrike(random: Random, fault: Fault, hosts: readonly string[]): Strike {
  const onHost = fault === 'host worker' || fault === 'dockerd' || fault === 'network';
  return { fault, host: onHost ? random.pick(hosts) : null, afterMs: random.between(0, 3_000), forMs: fault === 'network' ? random.between(3_000, 20_000) : random.between(0, 1_500) };
}

export const inWords = ({ fault, host, afterMs, forMs }: Strike): string => `${fault}${host === null ? '' : ` of ${host}`} after ${String(afterMs)} ms for ${String(forMs)} ms`;

/** Answers with the time in which it was away. */
export async function strike(world: World, { fault, host, afterMs, forMs }: Strike): Promise<Struck> {
  await sleep(afterMs);
  const struckBy: Readonly<Record<Fault, () => Promise<number>>> = {
    api: () => kill(world, 'api', forMs), worker: () => kill(world, 'worker', forMs), temporal: () => kill(world, 'temporal', forMs), database: () => kill(world, 'database', forMs),
    'host worker': () => killHostWorker(world, host ?? ''), dockerd: () => killDocker(world, host ?? ''), network: () => cutNetwork(world, host ?? '', forMs),
  };
  const fromMs = await struckBy[fault]();
  return { fromMs, toMs: Date.now() };
}

async function kill({ stack }: World, victim: (typeof controlPlane)[number], forMs: number): Promise<number> {
  await stack.processes[victim].kill('SIGKILL');
  const fromMs = Date.now();
  await sleep(forMs);
  await stack.processes[victim].restart();
  return fromMs;
}

const backWithinMs = 60_000;
async function until(what: string, isIt: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + backWithinMs; !(await isIt()); await sleep(200)) if (Date.now() > end) throw new Error(`not within ${String(backWithinMs)} ms: ${what}`);
}

async function killHostWorker(world: World, id: string): Promise<number> {
  const host = world.host(id);
  const before = await host.workerStatus();
  await host.killWorker('SIGKILL');
  const fromMs = Date.now();
  await until(`the host worker of ${id} is back`, async () => {
    const now = await host.workerStatus();
    return now.active && now.pid !== 0 && now.pid !== before.pid;
  });
  return fromMs;
}

/** Containers end with it, and start again by their restart policies. systemd refuses what it has to start too often. */
async function killDocker(world: World, id: string): Promise<number> {
  const host = world.host(id);
  await succeed(host, ['systemctl', 'reset-failed', 'docker.service', 'docker.socket']);
  await succeed(host, ['systemctl', 'kill', '--kill-who=main', '--signal=SIGKILL', 'docker.service']);
  const fromMs = Date.now();
  await until(`Docker of ${id} is back`, async () => (await host.exec(['docker', 'version'])).exitCode === 0);
  return fromMs;
}

async function cutNetwork(world: World, id: string, forMs: number): Promise<number> {
  await world.host(id).disconnect();
  const fromMs = Date.now();
  try {
    await sleep(forMs);
  } finally {
    await world.host(id).reconnect();
  }
  return fromMs;
}

/** The processes of this machine, the hosts' included: what belongs together, what it holds in memory, what CPU it has used. */
import { readFile, readdir } from 'node:fs/promises';
import { runCommandOrThrow } from '../../test/fleet/run-command.js';
import type { World } from '../../test/rollouts/world.js';

export interface Process { pid: number; parent: number; command: string; /** Its own and that of its children that ended. */ cpuMs: number }
export interface Group { name: string; pids: number[]; cpuMs: number }

const inspectTimeoutMs = 10_000;
/** The kernel tells user space its times in hundredths of a second on every architecture. */
const tickMs = 10;

const readOrEmpty = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

async function readProcess(pid: number): Promise<Process | undefined> {
  const [stat, command] = await Promise.all([readOrEmpty(`/proc/${pid}/stat`), readOrEmpty(`/proc/${pid}/cmdline`)]);
  // The name in parentheses may hold anything; what follows the last one is numbers.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 20) return undefined;
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid, parent: Number(fields[1]), command: command.replaceAll('\0', ' ').trim(), cpuMs: ticks * tickMs };
}

export async function readProcesses(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(pids.map(readProcess))).filter((found) => found !== undefined);
}

export function treeOf(all: readonly Process[], root: number): Process[] {
  const below = all.filter(({ parent }) => parent === root).flatMap(({ pid }) => treeOf(all, pid));
  return [...all.filter(({ pid }) => pid === root), ...below];
}

const group = (name: string, processes: readonly Process[]): Group =>
  ({ name, pids: processes.map(({ pid }) => pid), cpuMs: processes.reduce((sum, { cpuMs }) => sum + cpuMs, 0) });

/** Process 1 of each host, as this machine numbers it. */
async function hostRoots({ fleet }: World): Promise<{ host: string; pid: number }[]> {
  const output = await runCommandOrThrow('docker', ['inspect', '--format', '{{.State.Pid}}', ...fleet.hosts.map(({ container }) => container)], { timeoutMs: inspectTimeoutMs });
  return output.trim().split('\n').map((line, index) => ({ host: fleet.hosts[index]?.id ?? '', pid: Number(line) }));
}

/** Every process of this Maestro, and what else runs on the hosts (systemd, Docker, the workload). */
export async function groupsOf(world: World): Promise<Group[]> {
  const [all, roots] = await Promise.all([readProcesses(), hostRoots(world)]);
  const parts = (['api', 'gateway', 'worker', 'temporal', 'database'] as const).map((name) => group(name, treeOf(all, world.stack.processes[name].pid ?? -1)));
  const hosts = roots.flatMap(({ host, pid }) => {
    const everything = treeOf(all, pid);
    const worker = everything.find(({ command }) => command.includes('worker.cjs'));
    const own = worker === undefined ? [] : treeOf(all, worker.pid);
    return [group(`host worker on ${host}`, own), group(`rest of ${host}`, everything.filter(({ pid: candidate }) => !own.some((process) => process.pid === candidate)))];
  });
  return [...parts, ...hosts];
}

/** Memory of each of Maestro's processes. RSS counts shared pages in full, PSS shares them out among who maps them. */
import { readFile } from 'node:fs/promises';
import type { World } from '../../test/rollouts/world.js';
import { groupsOf, type Group } from './processes.js';

export interface ProcessMemory { name: string; processes: number; rss_mib: number; pss_mib: number }

const kibPerMib = 1024;

async function rollup(pid: number): Promise<{ rss: number; pss: number }> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return { rss: kib('Rss'), pss: kib('Pss') };
}

async function memory({ name, pids }: Group): Promise<ProcessMemory> {
  const all = await Promise.all(pids.map(rollup));
  const mib = (what: 'rss' | 'pss'): number => Math.round(all.reduce((sum, one) => sum + one[what], 0) / kibPerMib);
  return { name, processes: pids.length, rss_mib: mib('rss'), pss_mib: mib('pss') };
}

export async function memoryOf(world: World): Promise<ProcessMemory[]> {
  const own = (await groupsOf(world)).filter(({ name }) => !name.startsWith('rest of'));
  return Promise.all(own.map(memory));
}

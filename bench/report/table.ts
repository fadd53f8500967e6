/** The figures as a person reads them. */
import type { Tool } from '../options.js';
import { cases, titles, type Case, type Figures } from './cases.js';
import type { Summary } from './series.js';
import type { ProcessMemory } from '../maestro/memory.js';

export type Tools = Partial<Record<Tool, Figures>>;
export interface Goal { case: Case; title: string; ratio: number | null; met: boolean | null }

export function ratio(of: Summary | undefined, to: Summary | undefined): number | null {
  return of === undefined || to === undefined ? null : of.median_ms / to.median_ms;
}

/** A goal that could not be judged in this run is neither met nor missed. */
export function goals({ maestro = {}, floor = {}, pyinfra = {}, ansible = {} }: Tools): Goal[] {
  const faster = (peer: Figures, least: number, name: string): Goal => {
    const times = ratio(peer.noop, maestro.noop);
    return { case: 'noop', title: `no-op at least ${least}x faster than ${name}`, ratio: times, met: times === null ? null : times >= least };
  };
  const overFloor = ratio(maestro.first, floor.first);
  return [
    faster(pyinfra, 15, 'pyinfra'), faster(ansible, 60, 'Ansible'),
    { case: 'first', title: 'first deploy at most 1.3x the floor', ratio: overFloor, met: overFloor === null ? null : overFloor <= 1.3 },
  ];
}

const seconds = (ms: number): string => (ms / 1000).toFixed(ms < 10_000 ? 3 : 1);
const cell = (summary: Summary | undefined): string =>
  summary === undefined ? '-' : `${seconds(summary.median_ms)} (${seconds(summary.min_ms)}..${seconds(summary.max_ms)}, n=${summary.n})`;
const times = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)}x`);

/** `rows[0]` is the heading. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)));
  return rows.map((row) => row.map((text, index) => (index === 0 ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0))).join('  ').trimEnd()).join('\n');
}

export function figuresTable(tools: Tools): string {
  const { maestro = {}, floor = {}, pyinfra = {}, ansible = {} } = tools;
  const measured = cases.filter((name) => [maestro, floor, pyinfra, ansible].some((figures) => figures[name] !== undefined));
  const rows = measured.map((name) => {
    const verdicts = goals(tools).filter(({ case: of, met }) => of === name && met !== null).map(({ met, title }) => `${met === true ? 'met' : 'NOT MET'}: ${title}`);
    return [titles[name], ...[maestro, floor, pyinfra, ansible].map((figures) => cell(figures[name])), times(ratio(maestro[name], floor[name])), times(ratio(pyinfra[name], maestro[name])), times(ratio(ansible[name], maestro[name])), verdicts.join('; ')];
  });
  return columns([['seconds: median (min..max, n)', 'maestro', 'floor', 'pyinfra', 'ansible', 'maestro/floor', 'pyinfra/maestro', 'ansible/maestro', 'goals'], ...rows]);
}

export function memoryTable(idle: readonly ProcessMemory[], after: readonly ProcessMemory[]): string {
  const text = (memory: ProcessMemory | undefined): string => (memory === undefined ? '-' : `${memory.rss_mib} / ${memory.pss_mib}`);
  const rows = idle.map((memory) => [memory.name, String(memory.processes), text(memory), text(after.find(({ name }) => name === memory.name))]);
  return columns([['MiB: RSS / PSS', 'processes', 'idle, before the first deploy', 'after all runs'], ...rows]);
}

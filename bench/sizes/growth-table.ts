/** How time grows with the size, as a person reads it. */
import type { Summary } from '../report/series.js';
import { columns, ratio } from '../report/table.js';
import type { Tool } from '../options.js';
import { sizes, type Size } from './shapes.js';

export type SizeFigures = Partial<Record<Tool, Record<Size, { first: Summary; noop: Summary }>>>;

const seconds = (summary: Summary | undefined): string => (summary === undefined ? '-' : (summary.median_ms / 1000).toFixed(3));
const times = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)}x`);

export function growthTable({ maestro, floor, pyinfra, ansible }: SizeFigures): string {
  const rows = sizes.flatMap((size) => (['first', 'noop'] as const).map((what) => {
    const [own, bare, ...peers] = [maestro, floor, pyinfra, ansible].map((figures) => figures?.[size][what]);
    const growth = ratio(own, maestro?.['20 on 3 hosts'][what]);
    return [`${size}, ${what === 'first' ? 'first deploy' : 'no-op'}`, ...[own, bare, ...peers].map(seconds), times(ratio(own, bare)), ...peers.map((peer) => times(ratio(peer, own))), times(growth), verdict(size, what, growth)];
  }));
  return columns([['seconds, median', 'maestro', 'floor', 'pyinfra', 'ansible', 'maestro/floor', 'pyinfra/maestro', 'ansible/maestro', 'to 20 placements', 'goal'], ...rows]);
}

function verdict(size: Size, what: 'first' | 'noop', growth: number | null): string {
  if (size !== '120 on 3 hosts' || what !== 'noop' || growth === null) return '';
  return `${growth <= 2.5 ? 'met' : 'NOT MET'}: no-op of 120 placements at most 2.5x that of 20`;
}

/** How time grows with the size, as a person reads it. */
import type { Summary } from '../report/series.js';
import { columns, ratio } from '../report/table.js';
import type { Tool } from '../options.js';
import { sizes, type Size } from './shapes.js';

export type SizeFigures = Partial<Record<Tool, Record<Size, { first: Summary; noop: Summary }>>>;

const seconds = (summary: Summary | undefined): string => (summary === undefined ? '-' : (summary.median_ms / 1000).toFixed(3));
const times = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)}x`);

export function growthTable({ maestro, floor, pyinfra }: SizeFigures): string {
  const rows = sizes.flatMap((size) => (['first', 'noop'] as const).map((what) => {
    const [own, bare, peer] = [maestro?.[size][what], floor?.[size][what], pyinfra?.[size][what]];
    const growth = ratio(own, maestro?.['20 on 3 hosts'][what]);
    return [`${size}, ${what === 'first' ? 'first deploy' : 'no-op'}`, seconds(own), seconds(bare), seconds(peer), times(ratio(own, bare)), times(ratio(peer, own)), times(growth), verdict(size, what, growth)];
  }));
  return columns([['seconds, median', 'maestro', 'floor', 'pyinfra', 'maestro/floor', 'pyinfra/maestro', 'to 20 placements', 'goal'], ...rows]);
}

function verdict(size: Size, what: 'first' | 'noop', growth: number | null): string {
  if (size !== '120 on 3 hosts' || what !== 'noop' || growth === null) return '';
  return `${growth <= 2.5 ? 'met' : 'NOT MET'}: no-op of 120 placements at most 2.5x that of 20`;
}

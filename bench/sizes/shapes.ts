/** The sizes that are compared: more placements on the same hosts, and more hosts. */
import type { Shape } from '../workload/workload.js';

const named = (count: number): string[] => Array.from({ length: count }, (_, index) => `h${index + 1}`);

export const fleetHosts = named(10);
export const sizes = ['20 on 3 hosts', '120 on 3 hosts', '7 on each of 10 hosts'] as const;
export type Size = (typeof sizes)[number];

export const shapes: Record<Size, Shape> = {
  '20 on 3 hosts': { hosts: named(3), perHost: [7, 7, 6] },
  '120 on 3 hosts': { hosts: named(3), perHost: [40, 40, 40] },
  '7 on each of 10 hosts': { hosts: fleetHosts, perHost: fleetHosts.map(() => 7) },
};

export const placementsOf = ({ perHost }: Shape): number => perHost.reduce((sum, count) => sum + count, 0);

import type { ComponentState } from './words.js';

const notWell: readonly ComponentState[] = ['unhealthy', 'stopped', 'failed', 'missing'];

/** How many placements are not as the version that was applied asks for, as their hosts see them. What is not known is not counted. */
export const placementsNotWell = ({ drift, observed }: { drift: { placements: number }; observed: Partial<Record<ComponentState, number | undefined>> }): number =>
  Math.max(drift.placements, notWell.reduce((sum, state) => sum + (observed[state] ?? 0), 0));

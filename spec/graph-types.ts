/** The rollout graph as small data: ids and reasons only, so that it fits a workflow's history. */
export const stepId = (host: string, component: string): string => `${host}/${component}`;

/**
 * Why a step waits for another. `needs_green`: the other must have ended well (unchanged, succeeded, skipped);
 * otherwise it only has to have ended, because the edge is about order and not about dependence.
 */
export interface Edge { from: string; reason: 'depends_on' | 'depends_on_hosts' | 'sequential' | 'host_group'; needs_green: boolean }

export interface GraphStep { id: string; host: string; component: string; /** Index in `deployment[]`. */ binding: number; waits_for: Edge[] }

export interface RolloutGraph { steps: GraphStep[] }

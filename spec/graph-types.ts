/** The rollout graph as small data: ids, reasons and rules only, so that it fits a workflow's history. */
export const stepId = (host: string, component: string): string => `${host}/${component}`;

/**
 * Why a step waits for another. `needs_green`: the other must have ended well (unchanged, succeeded, skipped);
 * otherwise it only has to have ended, because the edge is about order and not about dependence.
 */
export interface Edge {
  from: string;
  reason: 'depends_on' | 'depends_on_hosts' | 'sequential' | 'host_group' | 'canary' | 'blue_green' | 'max_failures' | 'rollback';
  needs_green: boolean;
}

export interface GraphStep {
  id: string;
  host: string;
  component: string;
  /** Index in `deployment[]`. */
  binding: number;
  waits_for: Edge[];
  /** A failure of this step takes back what the rollout has changed. */
  on_failure?: 'rollback';
}

/** Rules for the hosts of a group that go beyond edges. A group without such rules is not listed. */
export interface GroupRules {
  strategy: 'sequential' | 'parallel' | 'canary' | 'blue_green';
  /** Indexes in `deployment[]`. */
  bindings: number[];
  /** In the order in which they are walked. */
  hosts: string[];
  /** The most hosts that are changed at a time. */
  max_parallel?: number;
  /** More failed hosts than this, and no other is started. */
  max_failures?: number;
  /** `canary`: how many hosts each wave has, and how long each change is watched. */
  waves?: number[];
  verify_ms?: number;
  /** Steps that others of the group wait for by a way through other steps; the group's own gates do not hold them, or nobody could go on. */
  exempt?: string[];
}

/** How long a host that does not answer is waited for, unless its binding says otherwise. */
export const standardOfflineDeadlineMs = 3_600_000;

/** What a binding asks for beyond the usual. A binding that asks for nothing is not listed. */
export interface BindingRules {
  binding: number;
  approval?: true;
  /** Default: `wait`, for an hour. */
  offline?: 'wait' | 'skip' | 'fail';
  offline_deadline_ms?: number;
}

export interface RolloutGraph { steps: GraphStep[]; groups?: GroupRules[]; bindings?: BindingRules[] }

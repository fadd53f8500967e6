/** The API's answers as the pages read them. Data that travels is snake_case. */
import type { Diagnostic } from '../../../spec/errors.js';
import type { RolloutGraph } from '../../../spec/graph-types.js';
import type { HostFacts } from '../../../spec/observed.js';
import type { PlacementPlan } from '../../../spec/plan.js';
import type { Action, ErrorCode, EventType, Phase, Right, RolloutKind, RolloutState, StepState } from './words.js';

export type DeployState = 'never_applied' | 'in_sync' | 'rolling_out' | 'paused' | 'failed';

export interface Page<Item> { items: Item[]; next_cursor: string | null }

export interface Me { id: string; name: string; role?: string; rights: Right[] }

export interface RolloutBrief {
  rollout_id: string;
  state: RolloutState;
  kind: RolloutKind;
  version: number;
  started_at: string | null;
  ended_at: string | null;
}

export interface DeployBrief {
  deploy_id: string;
  name: string;
  state: DeployState;
  active_version: number | null;
  latest_version: number;
  last_rollout: RolloutBrief | null;
  updated_at: string;
}

export interface VersionBrief {
  number: number;
  kind: RolloutKind;
  parent: number | null;
  submitted_by: string;
  created_at: string;
  rollouts: Pick<RolloutBrief, 'rollout_id' | 'state' | 'started_at' | 'ended_at'>[];
}

export interface Deploy extends DeployBrief {
  description: string | null;
  versions: VersionBrief[];
  hosts: string[];
  components: string[];
}

export interface Version extends VersionBrief { yaml: string; files: { path: string; size: number; sha256: string }[] }

/** A document with the files it needs, as a request carries it: path → base64. */
export interface Submission { yaml: string; files?: Record<string, string> }

export interface Validation { ok: boolean; errors: Diagnostic[]; warnings: Diagnostic[]; graph: RolloutGraph | null }

export interface PlanHost { host: string; reachable: boolean; detail: string | null; components: PlacementPlan[] }

export interface Plan {
  plan_id: string;
  plan_digest: string;
  expires_at: string;
  version: number;
  summary: Record<Action, number>;
  hosts: PlanHost[];
}

export interface StepFailure {
  code: ErrorCode;
  message: string;
  fix: string;
  phase: Phase | null;
  put_back: boolean;
  output_tail: string;
}

export interface PhaseTiming { phase: Phase; duration_ms: number }

export interface Step {
  step: string;
  host: string;
  component: string;
  binding: number;
  state: StepState;
  phase: Phase | null;
  attempt: number;
  reason: string | null;
  blocked_by: string[];
  action: Action | null;
  plan: PlacementPlan | null;
  failure: StepFailure | null;
  phases: PhaseTiming[];
  operations: string[];
  started_at: string | null;
  ended_at: string | null;
}

export interface Binding { index: number; hosts: string[]; components: string[]; strategy: string }

export interface Rollout {
  rollout_id: string;
  deploy_id: string;
  deploy_name: string;
  version: number;
  kind: RolloutKind;
  state: RolloutState;
  reason: string | null;
  started_at: string | null;
  ended_at: string | null;
  started_by: string | null;
  workflow_id: string | null;
  temporal_url: string | null;
  graph: RolloutGraph;
  bindings: Binding[];
  steps: Step[];
}

export interface RolloutStarted { rollout_id: string; version: number; workflow_id: string; temporal_url: string | null }

export interface Node {
  node_id: string;
  name: string;
  online: boolean;
  last_seen_at: string | null;
  facts: HostFacts | null;
  version: string | null;
}

/** One entry of the event log; `data` is parsed where it is used. */
export interface Event {
  id: number;
  type: EventType;
  ts: string;
  deploy_id?: string | null;
  rollout_id?: string | null;
  host?: string | null;
  component?: string | null;
  data: unknown;
}

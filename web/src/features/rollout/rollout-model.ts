/**
 * A rollout as its page shows it: a pure function of the snapshot and the events.
 * Events are canonical: where they speak of a step, they win over the snapshot. Their ids give the order, so it does
 * not matter in which order or how often they arrive.
 */
import { stepId } from '../../../../spec/graph-types.js';
import type { Event, Rollout } from '../../api/types.js';
import { isOpenRollout, stepStates, type RolloutKind, type RolloutState, type StepState } from '../../api/words.js';
import { rolloutStateData } from './rollout-events.js';
import { foldStep, stepFromSnapshot, type StepModel } from './step-model.js';

export interface BindingModel { index: number; hosts: string[]; components: string[]; strategy: string; steps: StepModel[] }

export interface RolloutModel {
  id: string;
  deployId: string;
  deployName: string;
  version: number;
  kind: RolloutKind;
  state: RolloutState;
  reason: string | null;
  /** A live workflow stands behind it. */
  open: boolean;
  startedAt: string | null;
  endedAt: string | null;
  startedBy: string | null;
  temporalUrl: string | null;
  /** The rollout that this one takes back, with the chain of reasons; and the one that takes this one back. */
  rollbackOf: string | null;
  cause: Rollout['cause'];
  rolledBackBy: string | null;
  bindings: BindingModel[];
  steps: StepModel[];
  counts: Record<StepState, number>;
}

/** Adds events to what is known: each id once, by increasing id. */
export function mergeEvents(known: readonly Event[], incoming: readonly Event[]): Event[] {
  const byId = new Map(known.map((event) => [event.id, event]));
  for (const event of incoming) if (!byId.has(event.id)) byId.set(event.id, event);
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

function byStep(events: readonly Event[]): Map<string, Event[]> {
  const groups = new Map<string, Event[]>();
  for (const event of events) {
    if (event.host == null || event.component == null) continue;
    const id = stepId(event.host, event.component);
    const group = groups.get(id);
    if (group) group.push(event);
    else groups.set(id, [event]);
  }
  return groups;
}

/** The last state that an event told, and when it came to that. */
function foldState(snapshot: Rollout, events: readonly Event[]): Pick<RolloutModel, 'state' | 'reason' | 'endedAt'> {
  const last = events.findLast((event) => event.type === 'rollout.state' && rolloutStateData.safeParse(event.data).success);
  const data = rolloutStateData.safeParse(last?.data);
  if (!last || !data.success) return { state: snapshot.state, reason: snapshot.reason || null, endedAt: snapshot.ended_at };
  const { state, reason } = data.data;
  return { state, reason, endedAt: isOpenRollout(state) ? null : (snapshot.ended_at ?? last.ts) };
}

const countStates = (steps: readonly StepModel[]): Record<StepState, number> => {
  const counts = Object.fromEntries(stepStates.map((state) => [state, 0])) as Record<StepState, number>;
  for (const { state } of steps) counts[state] += 1;
  return counts;
};

export function rolloutModel(snapshot: Rollout, arrived: readonly Event[]): RolloutModel {
  const events = mergeEvents([], arrived).filter((event) => event.rollout_id === snapshot.rollout_id);
  const groups = byStep(events);
  const rows = new Map(snapshot.steps.map((step) => [step.step, step]));
  const steps = snapshot.graph.steps.map((node) => foldStep(stepFromSnapshot(node, rows.get(node.id)), groups.get(node.id) ?? []));
  const folded = foldState(snapshot, events);
  return {
    id: snapshot.rollout_id, deployId: snapshot.deploy_id, deployName: snapshot.deploy_name,
    version: snapshot.version, kind: snapshot.kind,
    ...folded,
    open: isOpenRollout(folded.state),
    startedAt: snapshot.started_at, startedBy: snapshot.started_by || null, temporalUrl: snapshot.temporal_url,
    rollbackOf: snapshot.rollback_of, cause: snapshot.cause, rolledBackBy: snapshot.rolled_back_by,
    bindings: snapshot.bindings.map((binding) => ({ ...binding, steps: steps.filter((step) => step.binding === binding.index) })),
    steps,
    counts: countStates(steps),
  };
}

/**
 * A rollout as its page shows it: a pure function of the snapshot and of what the events told. Where events speak of a
 * step, they win over the snapshot. What has not changed keeps its identity, so that a page draws only what has.
 */
import { grouped } from '../../../../../spec/grouped.js';
import type { BindingRules, GraphStep, GroupRules } from '../../../../../spec/graph-types.js';
import type { Event, Rollout, Step } from '../../../api/types.js';
import { isOpenRollout, stepStates, type RolloutKind, type RolloutState, type StepState } from '../../../api/words.js';
import { addEvents, emptyLog, type RolloutLog } from './rollout-log.js';
import { foldStep, stepFromSnapshot, type StepModel } from './step-model.js';

export interface BindingModel { index: number; hosts: string[]; components: string[]; strategy: string; steps: StepModel[]; group: GroupRules | null; rules: BindingRules | null }

/** A stretch of the rollout's own time. */
export interface RolloutSpan { state: RolloutState; reason: string | null; from: string; to: string | null }

export interface RolloutModel {
  id: string;
  deployId: string;
  deployName: string;
  version: number;
  kind: RolloutKind;
  state: RolloutState;
  reason: string | null;
  /** When it came to that state. */
  since: string | null;
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
  /** What people have answered, oldest first. */
  answers: Rollout['answers'];
  spans: RolloutSpan[];
  bindings: BindingModel[];
  steps: StepModel[];
  counts: Record<StepState, number>;
}

/** The states it went through, by the log; before the first one, nothing. */
function rolloutSpans({ states }: RolloutLog): RolloutSpan[] {
  return states.map(({ state, reason, ts }, index) => ({ state, reason, from: ts, to: states[index + 1]?.ts ?? (isOpenRollout(state) ? null : ts) }));
}

/** The last state that an event told, and when it came to that. */
function foldState(snapshot: Rollout, { states }: RolloutLog): Pick<RolloutModel, 'state' | 'reason' | 'since' | 'endedAt'> {
  const last = states.at(-1);
  if (!last) return { state: snapshot.state, reason: snapshot.reason || null, since: snapshot.ended_at ?? snapshot.started_at, endedAt: snapshot.ended_at };
  const { state, reason } = last;
  const first = states[states.findLastIndex((record) => record.state !== state) + 1] ?? last;
  return { state, reason, since: first.ts, endedAt: isOpenRollout(state) ? null : (snapshot.ended_at ?? last.ts) };
}

export const countStates = (steps: readonly StepModel[]): Record<StepState, number> => {
  const counts = Object.fromEntries(stepStates.map((state) => [state, 0])) as Record<StepState, number>;
  for (const { state } of steps) counts[state] += 1;
  return counts;
};

interface Folded { node: GraphStep; row: Step | undefined; changes: number; step: StepModel }

/** Folds again only what has changed since it was asked last. One for each log. */
export class RolloutFolder {
  private readonly folded = new Map<string, Folded>();
  private bindings: BindingModel[] = [];

  model(snapshot: Rollout, log: RolloutLog): RolloutModel {
    const rows = new Map(snapshot.steps.map((step) => [step.step, step]));
    const steps = snapshot.graph.steps.map((node) => this.step(node, rows.get(node.id), log));
    const state = foldState(snapshot, log);
    this.bindings = bindingModels(snapshot, steps, this.bindings);
    return {
      id: snapshot.rollout_id, deployId: snapshot.deploy_id, deployName: snapshot.deploy_name,
      version: snapshot.version, kind: snapshot.kind,
      ...state,
      open: isOpenRollout(state.state),
      startedAt: snapshot.started_at, startedBy: snapshot.started_by || null, temporalUrl: snapshot.temporal_url,
      rollbackOf: snapshot.rollback_of, cause: snapshot.cause, rolledBackBy: snapshot.rolled_back_by,
      answers: snapshot.answers,
      spans: rolloutSpans(log),
      bindings: this.bindings,
      steps,
      counts: countStates(steps),
    };
  }

  private step(node: GraphStep, row: Step | undefined, log: RolloutLog): StepModel {
    const told = log.steps.get(node.id);
    const changes = told?.changes ?? 0;
    const before = this.folded.get(node.id);
    if (before !== undefined && before.node === node && before.row === row && before.changes === changes) return before.step;
    const step = foldStep(stepFromSnapshot(node, row), told);
    this.folded.set(node.id, { node, row, changes, step });
    return step;
  }
}

/** A binding none of whose steps has changed is the one it was. */
function bindingModels(snapshot: Rollout, steps: readonly StepModel[], before: readonly BindingModel[]): BindingModel[] {
  const byBinding = grouped(steps, ({ binding }) => binding);
  return snapshot.bindings.map((binding, place) => {
    const own = byBinding.get(binding.index) ?? [];
    const old = before[place];
    const group = snapshot.graph.groups?.find(({ bindings }) => bindings.includes(binding.index)) ?? null;
    const rules = snapshot.graph.bindings?.find((rule) => rule.binding === binding.index) ?? null;
    const same = old !== undefined && old.group === group && old.rules === rules && old.strategy === binding.strategy && old.hosts === binding.hosts && old.components === binding.components && old.steps.length === own.length && old.steps.every((step, index) => step === own[index]);
    return same ? old : { ...binding, steps: own, group, rules };
  });
}

/** All at once. */
export function rolloutModel(snapshot: Rollout, events: readonly Event[]): RolloutModel {
  const log = emptyLog(snapshot.rollout_id);
  addEvents(log, events);
  return new RolloutFolder().model(snapshot, log);
}

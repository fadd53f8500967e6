/**
 * The pure graph walker: given the graph and each step's state, what may start, what is blocked and why,
 * and whether the rollout is finished. The workflow asks it after every change and does what it says.
 */
import type { Edge, GraphStep, RolloutGraph } from './graph-types.js';
import type { StepState } from './words.js';

export interface StepStatus { state: StepState; /** For a failed step: what went wrong, in one line. */ reason?: string }
export type StepStatuses = ReadonlyMap<string, StepStatus>;

const greenStates: ReadonlySet<StepState> = new Set(['unchanged', 'succeeded', 'skipped']);
const endedStates: ReadonlySet<StepState> = new Set(['unchanged', 'succeeded', 'skipped', 'failed', 'blocked', 'aborted', 'rolled_back']);
const badStates: ReadonlySet<StepState> = new Set(['failed', 'aborted', 'rolled_back']);
const startable: ReadonlySet<StepState> = new Set(['pending', 'waiting', 'blocked']);

export const isGreen = (state: StepState): boolean => greenStates.has(state);
/** Not started, and not ended either. */
export const isStartable = (state: StepState): boolean => startable.has(state);
export const hasEnded = (state: StepState): boolean => endedStates.has(state);

export interface BlockedStep { id: string; blocked_by: string[]; reason: string }
export interface Walk {
  /** May start now: not started, and every gate is open. */
  ready: string[];
  /** Wait for something that is still going on. */
  waiting: BlockedStep[];
  /** Can not go on until a person acts: they depend on something that failed. */
  blocked: BlockedStep[];
  /** Nothing runs, nothing is ready: every step is green, failed or blocked. */
  settled: boolean;
  /** Every step is green. */
  finished: boolean;
}

export function walk(graph: RolloutGraph, statuses: StepStatuses): Walk {
  const state = (id: string): StepState => statuses.get(id)?.state ?? 'pending';
  const stuck = blockedSteps(graph, state);
  const isOpen = (edge: Edge): boolean => gateIsOpen(edge, state(edge.from), stuck);
  const open = graph.steps.filter((step) => startable.has(state(step.id)) && !stuck.has(step.id))
    .map((step) => ({ step, closed: step.waits_for.filter((edge) => !isOpen(edge)) }));
  const ready = open.filter(({ closed }) => closed.length === 0).map(({ step }) => step.id);
  const waiting = open.filter(({ closed }) => closed.length > 0).map(({ step, closed }) => describe(step, statuses, closed));
  const blocked = graph.steps.flatMap((step) => {
    const by = stuck.get(step.id);
    return by === undefined ? [] : [describe(step, statuses, by)];
  });
  const busy = graph.steps.some((step) => state(step.id) === 'running');
  return { ready, waiting, blocked, settled: !busy && ready.length === 0, finished: graph.steps.every((step) => isGreen(state(step.id))) };
}

/**
 * An edge of order lets go when the other has ended or can not run; an edge of dependence only when it is green.
 * `blocked` is what a step was called when it was last looked at: it counts only while it still is.
 */
function gateIsOpen(edge: Edge, state: StepState, stuck: ReadonlyMap<string, unknown>): boolean {
  return edge.needs_green ? isGreen(state) : (hasEnded(state) && state !== 'blocked') || stuck.has(edge.from);
}

/** Steps that wait, directly or through others, for one that will not turn green by itself; and the nearest of those. */
function blockedSteps(graph: RolloutGraph, state: (id: string) => StepState): Map<string, Edge[]> {
  const dependents = new Map<string, GraphStep[]>();
  for (const step of graph.steps) {
    for (const { from, needs_green } of step.waits_for) {
      const known = dependents.get(from);
      if (needs_green && known === undefined) dependents.set(from, [step]);
      else if (needs_green) known?.push(step);
    }
  }
  const bad = new Set(graph.steps.map(({ id }) => id).filter((id) => badStates.has(state(id))));
  const stuck = new Map<string, Edge[]>();
  for (let found = [...bad]; found.length > 0; ) {
    const next = new Map([...new Set(found.flatMap((id) => dependents.get(id) ?? []))]
      .filter((step) => !bad.has(step.id) && startable.has(state(step.id)))
      .map((step) => [step.id, step.waits_for.filter((edge) => edge.needs_green && bad.has(edge.from))]));
    for (const [id, by] of next) stuck.set(id, by);
    found = [...next.keys()];
    for (const id of found) bad.add(id);
  }
  return stuck;
}

function describe(step: GraphStep, statuses: StepStatuses, edges: readonly Edge[]): BlockedStep {
  const reasons = edges.slice(0, 3).map((edge) => {
    const [host = '', component = ''] = splitStepId(edge.from);
    const why = statuses.get(edge.from)?.reason;
    return `${component} on ${host}${why === undefined || why === '' ? '' : `: ${why}`}`;
  });
  const more = edges.length > 3 ? ` and ${edges.length - 3} more` : '';
  return { id: step.id, blocked_by: edges.map(({ from }) => from), reason: `waiting for ${reasons.join('; ')}${more}` };
}

/** Hosts and components are ids without a slash. */
export const splitStepId = (id: string): string[] => id.split('/');

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
  const stuck = blockedSteps(graph, statuses);
  const state = (id: string): StepState => statuses.get(id)?.state ?? 'pending';
  const open = graph.steps.filter((step) => startable.has(state(step.id)) && !stuck.has(step.id));
  const ready = open.filter((step) => step.waits_for.every((edge) => gateIsOpen(edge, state(edge.from), stuck)));
  const waiting = open.filter((step) => !ready.includes(step)).map((step) => describe(step, statuses, step.waits_for.filter((edge) => !gateIsOpen(edge, state(edge.from), stuck))));
  const blocked = [...stuck.values()].map(({ step, by }) => describe(step, statuses, by));
  const busy = graph.steps.some((step) => state(step.id) === 'running');
  return { ready: ready.map(({ id }) => id), waiting, blocked, settled: !busy && ready.length === 0, finished: graph.steps.every((step) => isGreen(state(step.id))) };
}

/** An edge of order lets go when the other has ended or can not run; an edge of dependence only when it is green. */
function gateIsOpen(edge: Edge, state: StepState, stuck: ReadonlyMap<string, unknown>): boolean {
  return edge.needs_green ? isGreen(state) : hasEnded(state) || stuck.has(edge.from);
}

/** Steps that wait, directly or through others, for a failed or aborted one. */
function blockedSteps(graph: RolloutGraph, statuses: StepStatuses): Map<string, { step: GraphStep; by: Edge[] }> {
  const stuck = new Map<string, { step: GraphStep; by: Edge[] }>();
  const isBad = (id: string): boolean => ['failed', 'aborted'].includes(statuses.get(id)?.state ?? 'pending') || stuck.has(id);
  for (let found = true; found; ) {
    const next = graph.steps.filter((step) => !stuck.has(step.id) && startable.has(statuses.get(step.id)?.state ?? 'pending'))
      .map((step) => ({ step, by: step.waits_for.filter((edge) => edge.needs_green && isBad(edge.from)) }))
      .filter(({ by }) => by.length > 0);
    for (const entry of next) stuck.set(entry.step.id, entry);
    found = next.length > 0;
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

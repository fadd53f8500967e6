/**
 * The pure graph walker: given the graph and each step's state, what may start, what is blocked and why,
 * and whether the rollout is finished. The workflow asks it after every change and does what it says.
 */
import type { Edge, GraphStep, RolloutGraph } from './graph-types.js';
import { GroupGates } from './group-gates.js';
import { grouped } from './grouped.js';
import { badStates, hasEnded, isGreen, isStartable, type StepStatuses } from './step-status.js';
import type { StepState } from './words.js';

export { hasEnded, isGreen, isStartable, type StepPoint, type StepStatus, type StepStatuses } from './step-status.js';

/** `note`: why it waits when it is not for other steps. */
export interface BlockedStep { id: string; blocked_by: string[]; reason: string; note?: string }
export interface Walk {
  /** May start now: not started, and every gate is open. */
  ready: string[];
  /** Wait for something that is still going on. */
  waiting: BlockedStep[];
  /** Can not go on until a person acts: they depend on something that failed. */
  blocked: BlockedStep[];
  /** Bindings that could go on if a person approved of them. */
  awaiting_approval: number[];
  /** Nothing runs, nothing is ready: every step is green, failed, blocked, or waits for a person. */
  settled: boolean;
  /** Every step is green. */
  finished: boolean;
}

export interface WalkOptions {
  /** Bindings that a person has approved of. */
  approved?: ReadonlySet<number>;
  /** False: whether it has anything to do is not known yet, so it takes no place of its group. Default: true for all. */
  isKnown?: (step: GraphStep) => boolean;
}

export function walk(graph: RolloutGraph, statuses: StepStatuses, { approved = new Set(), isKnown = () => true }: WalkOptions = {}): Walk {
  const state = (id: string): StepState => statuses.get(id)?.state ?? 'pending';
  const groups = new GroupGates(graph, statuses);
  const stuck = blockedSteps(graph, state, groups);
  const gates = groups.closed(stuck);
  const byId = new Map(graph.steps.map((step) => [step.id, step]));
  const isOpen = (step: GraphStep, edge: Edge): boolean =>
    gateIsOpen(edge, state(edge.from), stuck) || statuses.get(edge.from)?.at === 'verifying' || groups.isReadyBeside(step, byId.get(edge.from));
  const closedEdges = closedEdgesBy(graph, isOpen);
  const open = graph.steps.filter((step) => isStartable(state(step.id)) && !stuck.has(step.id)).map((step) => ({
    step,
    closed: gates.reduce((closed, { group, holds, edges }) => (group.rules.bindings.includes(step.binding) && holds(step) ? [...closed, ...edges] : closed), closedEdges(step)),
  }));
  const free = open.filter(({ closed }) => closed.length === 0).map(({ step }) => step);
  const wantsApproval = approvals(graph, approved);
  const unapproved = free.filter((step) => wantsApproval.has(step.binding) && isKnown(step));
  const { free: ready, full } = groups.places(free.filter((step) => !wantsApproval.has(step.binding) && isKnown(step)));
  const waiting = [
    ...open.filter(({ closed }) => closed.length > 0).map(({ step, closed }) => describe(step, statuses, closed)),
    ...unapproved.map((step) => noted(step, 'waiting for approval')),
    ...full.map(({ step, limit, busy }) => noted(step, `waiting for a place: ${busy.slice(0, 3).join(', ')}${busy.length > 3 ? ' …' : ''} first (max_parallel ${limit})`)),
  ];
  const blocked = graph.steps.flatMap((step) => {
    const by = stuck.get(step.id);
    return by === undefined ? [] : [describe(step, statuses, by)];
  });
  const busy = graph.steps.some((step) => state(step.id) === 'running');
  return {
    // What is not known yet may start as far as its gates go; whoever asks knows that it is not known.
    ready: [...ready, ...free.filter((step) => !isKnown(step))].map(({ id }) => id), waiting, blocked,
    awaiting_approval: [...new Set(unapproved.map(({ binding }) => binding))],
    settled: !busy && ready.length === 0 && full.length === 0, finished: graph.steps.every((step) => isGreen(state(step.id))),
  };
}

/** Steps of a graph that travelled share their lists of edges: what is found of a list holds for all of them, where no group is involved. */
function closedEdgesBy(graph: RolloutGraph, isOpen: (step: GraphStep, edge: Edge) => boolean): (step: GraphStep) => readonly Edge[] {
  const find = (step: GraphStep): readonly Edge[] => step.waits_for.filter((edge) => !isOpen(step, edge));
  if (graph.groups !== undefined) return find;
  const known = new Map<readonly Edge[], readonly Edge[]>();
  return (step) => {
    const closed = known.get(step.waits_for) ?? find(step);
    known.set(step.waits_for, closed);
    return closed;
  };
}

const approvals = ({ bindings = [] }: RolloutGraph, approved: ReadonlySet<number>): ReadonlySet<number> =>
  new Set(bindings.flatMap(({ binding, approval }) => (approval === true && !approved.has(binding) ? [binding] : [])));

const noted = ({ id }: GraphStep, note: string): BlockedStep => ({ id, blocked_by: [], reason: note, note });

/** Whether a step that may start is to stop before it switches, because its group switches together. */
export const holdsBeforeSwitch = (graph: RolloutGraph, statuses: StepStatuses, step: GraphStep): boolean => new GroupGates(graph, statuses).holdsBeforeSwitch(step);

/** How long the change of this step is watched once it is healthy; 0: not at all. */
export const verifyMs = (graph: RolloutGraph, { binding }: GraphStep): number =>
  graph.groups?.find(({ bindings }) => bindings.includes(binding))?.verify_ms ?? 0;

/**
 * An edge of order lets go when the other has ended or can not run; an edge of dependence only when it is green.
 * `blocked` is what a step was called when it was last looked at: it counts only while it still is.
 */
function gateIsOpen(edge: Edge, state: StepState, stuck: ReadonlyMap<string, unknown>): boolean {
  return edge.needs_green ? isGreen(state) : (hasEnded(state) && state !== 'blocked') || stuck.has(edge.from);
}

/** Steps that wait, directly or through others, for one that will not turn green by itself; and the nearest of those. */
function blockedSteps(graph: RolloutGraph, state: (id: string) => StepState, groups: GroupGates): Map<string, Edge[]> {
  const bad = new Set(graph.steps.map(({ id }) => id).filter((id) => badStates.has(state(id))));
  if (bad.size === 0) return new Map();
  const dependents = dependentsOf(graph);
  const inGroups = grouped(graph.groups === undefined ? [] : graph.steps, ({ binding }) => binding);
  const stuck = new Map<string, Edge[]>();
  const isOpen = ({ id }: GraphStep): boolean => !bad.has(id) && isStartable(state(id));
  const note = (found: Iterable<readonly [string, Edge[]]>): string[] => {
    const next = new Map(found);
    for (const [id, by] of next) {
      stuck.set(id, by);
      bad.add(id);
    }
    return [...next.keys()];
  };
  for (let found = [...bad]; found.length > 0; ) {
    found = note([...new Set(found.flatMap((id) => dependents.get(id) ?? []))].filter(isOpen)
      .map((step) => [step.id, step.waits_for.filter((edge) => edge.needs_green && bad.has(edge.from))] as const));
    if (found.length > 0 || inGroups.size === 0) continue;
    found = note(groups.closed(stuck).flatMap(({ group, holds, edges }) => {
      const by = edges.filter(({ from }) => bad.has(from));
      return by.length === 0 ? [] : group.rules.bindings.flatMap((binding) => inGroups.get(binding) ?? []).filter((step) => isOpen(step) && holds(step)).map((step) => [step.id, by] as const);
    }));
  }
  return stuck;
}

function dependentsOf(graph: RolloutGraph): Map<string, GraphStep[]> {
  const edges = graph.steps.flatMap((step) => step.waits_for.flatMap(({ from, needs_green: green }) => (green ? [{ from, step }] : [])));
  return new Map([...grouped(edges, ({ from }) => from)].map(([from, found]) => [from, found.map(({ step }) => step)]));
}

/** A step may wait for hundreds of others; it names some, and says how many more there are. */
const namedMax = 10;

function describe(step: GraphStep, statuses: StepStatuses, edges: readonly Edge[]): BlockedStep {
  const reasons = edges.slice(0, 3).map((edge) => {
    const [host = '', component = ''] = splitStepId(edge.from);
    const why = statuses.get(edge.from)?.reason;
    return `${component} on ${host}${why === undefined || why === '' ? '' : `: ${why}`}`;
  });
  const more = edges.length > 3 ? ` and ${edges.length - 3} more` : '';
  return { id: step.id, blocked_by: edges.slice(0, namedMax).map(({ from }) => from), reason: `waiting for ${reasons.join('; ')}${more}` };
}

/** Hosts and components are ids without a slash. */
export const splitStepId = (id: string): string[] => id.split('/');

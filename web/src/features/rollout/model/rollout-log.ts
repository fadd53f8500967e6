/**
 * What has been told of a rollout, kept within bounds. Events may come late, twice and in any order: the same set of
 * events is the same log. It holds what the model needs and not the events, so that a long rollout does not grow a page.
 * Plain data (a structured clone of it is as good as itself): a reader that was cut off goes on from the one it has.
 */
import { stepId } from '../../../../../spec/graph-types.js';
import type { Event } from '../../../api/types.js';
import type { RolloutState } from '../../../api/words.js';
import { rolloutStateData, stepOutputData, stepPhaseData, stepStateData, type StepPhaseData, type StepStateData } from './event-data.js';
import { keepNewest } from './newest.js';
import { addLines, emptyTail, type OutputTail } from './output-tail.js';
import { markSeen, type SeenIds } from './seen-ids.js';

export interface RolloutStateRecord { id: number; ts: string; state: RolloutState; reason: string | null }
export interface StepStateRecord { id: number; ts: string; data: StepStateData }
export interface StepPhaseRecord { id: number; ts: string; data: StepPhaseData }
/** What the host itself said last in one event. */
export interface SaidRecord { id: number; text: string }

export interface StepLog {
  states: StepStateRecord[];
  phases: StepPhaseRecord[];
  said: SaidRecord[];
  output: OutputTail;
  /** Goes up with every change, so that nothing is folded twice. */
  changes: number;
}

export interface RolloutLog {
  readonly rolloutId: string;
  seen: SeenIds;
  states: RolloutStateRecord[];
  steps: Map<string, StepLog>;
  /** The highest id that has come, of any event of the rollout. */
  lastId: number;
  lastTs: string | null;
}

const kept = { rollout: 1_000, states: 256, phases: 512, said: 64 } as const;

export const emptyLog = (rolloutId: string): RolloutLog => ({ rolloutId, seen: new Map(), states: [], steps: new Map(), lastId: 0, lastTs: null });

function logOf(log: RolloutLog, id: string): StepLog {
  const known = log.steps.get(id);
  if (known) return known;
  const step: StepLog = { states: [], phases: [], said: [], output: emptyTail(), changes: 0 };
  log.steps.set(id, step);
  return step;
}

/** `null` for what does not have its type's shape: it is not shown, and never trusted. */
function addToStep(step: StepLog, { id, ts, type, data: told }: Event): boolean {
  if (type === 'step.output') {
    const printed = stepOutputData.safeParse(told);
    if (!printed.success) return false;
    const { lines } = printed.data;
    addLines(step.output, { id, ts }, lines);
    const said = lines.findLast(({ stream }) => stream === 'info')?.text;
    if (said !== undefined) keepNewest(step.said, { id, text: said }, kept.said);
    return true;
  }
  if (type === 'step.phase') {
    const phase = stepPhaseData.safeParse(told);
    return phase.success && keepNewest(step.phases, { id, ts, data: phase.data }, kept.phases);
  }
  const state = stepStateData.safeParse(told);
  return state.success && keepNewest(step.states, { id, ts, data: state.data }, kept.states);
}

const stepTypes: readonly string[] = ['step.state', 'step.phase', 'step.output'];

/** False: it came before, is of another rollout, or says nothing that is shown. */
export function addEvent(log: RolloutLog, event: Event): boolean {
  if (event.rollout_id !== log.rolloutId || !markSeen(log.seen, event.id)) return false;
  if (event.id > log.lastId) {
    log.lastId = event.id;
    log.lastTs = event.ts;
  }
  if (event.type === 'rollout.state') {
    const told = rolloutStateData.safeParse(event.data);
    return told.success && keepNewest(log.states, { id: event.id, ts: event.ts, ...told.data }, kept.rollout);
  }
  if (!stepTypes.includes(event.type) || event.host == null || event.component == null) return false;
  const step = logOf(log, stepId(event.host, event.component));
  if (!addToStep(step, event)) return false;
  step.changes += 1;
  return true;
}

export function addEvents(log: RolloutLog, events: readonly Event[]): boolean {
  let changed = false;
  for (const event of events) changed = addEvent(log, event) || changed;
  return changed;
}

/** A log of its own with the same records, which nobody changes: cheap enough to keep some of them. */
export const copyLog = (log: RolloutLog): RolloutLog => ({
  ...log,
  seen: new Map(log.seen),
  states: [...log.states],
  steps: new Map([...log.steps].map(([id, step]) => [id, { ...step, states: [...step.states], phases: [...step.phases], said: [...step.said], output: { ...step.output, lines: [...step.output.lines] } }])),
});

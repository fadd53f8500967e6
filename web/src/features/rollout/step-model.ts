/** One placement, folded from its events: pure, in event order. */
import type { TestResult } from '../../../../spec/test-results.js';
import type { Edge, GraphStep } from '../../../../spec/graph-types.js';
import type { Event, PlacementPlan, Step } from '../../api/types.js';
import type { Action, Phase, StepState } from '../../api/words.js';
import { stepOutputData, stepPhaseData, stepStateData, type OutputStream, type StepFailure, type StepPhaseData, type StepStateData } from './rollout-events.js';

export interface PhaseModel {
  phase: Phase;
  startedAt: string | null;
  durationMs: number | null;
  /** What was told about the phase. */
  detail: string | null;
  /** The last thing the host itself said (not what a program printed) while it went on. */
  said: string | null;
}
export interface OutputLine { key: string; ts: string; attempt: number; stream: OutputStream; text: string }

export interface StepModel {
  id: string;
  host: string;
  component: string;
  binding: number;
  state: StepState;
  attempt: number;
  reason: string | null;
  blockedBy: string[];
  /** What it waits for by the graph, whether or not it still does. */
  waitsFor: Edge[];
  action: Action | null;
  plan: PlacementPlan | null;
  failure: StepFailure | null;
  /** In the order they began; a phase without a duration has not ended. */
  phases: PhaseModel[];
  /** The phase that goes on now; null unless the step runs. */
  phase: PhaseModel | null;
  /** The last thing the host itself said since a phase began or ended. */
  said: string | null;
  operations: string[];
  /** How the component's tests ended, in the order in which they ran. */
  tests: TestResult[];
  output: OutputLine[];
  /** Lines that are not kept here; the whole log is in the API. */
  droppedLines: number;
  startedAt: string | null;
  endedAt: string | null;
}

const keptLines = 2_000;

const ended: readonly StepState[] = ['unchanged', 'succeeded', 'failed', 'skipped', 'aborted', 'rolled_back'];

const endedPhases = (phases: readonly { phase: Phase; duration_ms: number }[]): PhaseModel[] =>
  phases.map(({ phase, duration_ms: durationMs }) => ({ phase, startedAt: null, durationMs, detail: null, said: null }));

/** A placement that nobody has begun with. */
const blankStep = ({ id, host, component, binding, waits_for: waitsFor }: GraphStep): StepModel => ({
  id, host, component, binding, waitsFor, state: 'pending', attempt: 1, reason: null, blockedBy: [], action: null, plan: null, failure: null,
  phases: [], phase: null, said: null, operations: [], tests: [], output: [], droppedLines: 0, startedAt: null, endedAt: null,
});

const asTold = (step: Step): Partial<StepModel> => ({
  state: step.state, attempt: step.attempt, reason: step.reason || null, blockedBy: step.blocked_by, action: step.action, plan: step.plan,
  failure: step.state === 'failed' ? step.failure : null,
  phases: endedPhases(step.phases),
  phase: step.phase ? { phase: step.phase, startedAt: null, durationMs: null, detail: step.reason || null, said: null } : null,
  operations: step.operations, tests: step.tests, startedAt: step.started_at, endedAt: step.ended_at,
});

/** A rollout that has not started has a graph, and no step rows yet. */
export const stepFromSnapshot = (node: GraphStep, step: Step | undefined): StepModel => ({ ...blankStep(node), ...(step ? asTold(step) : {}) });

const untouched = (step: StepModel): StepModel => ({
  ...step, state: 'pending', attempt: 1, reason: null, blockedBy: [], action: null, plan: null, failure: null,
  phases: [], phase: null, said: null, operations: [], tests: [], startedAt: null, endedAt: null,
});

/** A retry begins anew: phases, failure and times are those of the new attempt; what was printed stays. */
const nextAttempt = (step: StepModel, attempt: number): StepModel => ({ ...untouched(step), attempt, action: step.action, plan: step.plan });

/** The step's own account of its phases is exact; what the events told before fills in when each began. */
function mergeTimings(known: PhaseModel[], timings: StepStateData['phases']): PhaseModel[] {
  const exact = new Map(timings.map(({ phase, duration_ms: durationMs }) => [phase, durationMs]));
  const kept = known.map((phase) => ({ ...phase, durationMs: exact.get(phase.phase) ?? phase.durationMs }));
  const seen = new Set(known.map(({ phase }) => phase));
  return [...kept, ...endedPhases(timings.filter(({ phase }) => !seen.has(phase)))];
}

function withState(before: StepModel, data: StepStateData, ts: string): StepModel {
  const step = data.attempt > before.attempt ? nextAttempt(before, data.attempt) : before;
  return {
    ...step,
    state: data.state,
    reason: data.reason,
    blockedBy: data.blocked_by,
    action: data.action ?? step.action,
    plan: data.plan ?? step.plan,
    failure: data.state === 'failed' ? data.failure : null,
    phases: mergeTimings(step.phases, data.phases),
    operations: data.operations.length > 0 ? data.operations : step.operations,
    tests: data.tests.length > 0 ? data.tests : step.tests,
    startedAt: data.started_at ?? step.startedAt ?? (data.state === 'running' ? ts : null),
    endedAt: ended.includes(data.state) ? (data.ended_at ?? ts) : null,
  };
}

const phaseDuration = (data: StepPhaseData, startedAt: string | null, ts: string): number | null => {
  if (data.state === 'started') return null;
  return data.duration_ms ?? (startedAt === null ? null : Math.max(0, Date.parse(ts) - Date.parse(startedAt)));
};

/** A phase told again is news about the same phase (`2 of 3, http 503`), not a second one. */
function withPhase(step: StepModel, data: StepPhaseData, ts: string): StepModel {
  const known = step.phases.find(({ phase }) => phase === data.phase);
  const startedAt = known?.startedAt ?? (data.state === 'started' ? ts : null);
  const phase: PhaseModel = { phase: data.phase, startedAt, durationMs: phaseDuration(data, startedAt, ts), detail: data.detail ?? known?.detail ?? null, said: known?.said ?? null };
  return { ...step, said: null, phases: known ? step.phases.map((item) => (item === known ? phase : item)) : [...step.phases, phase] };
}

function outputLines(event: Event, attempt: number): OutputLine[] {
  const data = stepOutputData.safeParse(event.data);
  return data.success ? data.data.lines.map((line, index) => ({ ...line, key: `${event.id}.${index}`, ts: event.ts, attempt })) : [];
}

/** Kept with the phase that goes on, if one does. */
function withSaid(step: StepModel, lines: readonly OutputLine[]): StepModel {
  const said = lines.findLast(({ stream }) => stream === 'info')?.text;
  const open = step.phases.findLast(({ durationMs }) => durationMs === null);
  if (said === undefined) return step;
  return { ...step, said, phases: step.phases.map((phase) => (phase === open ? { ...phase, said } : phase)) };
}

function withEvent(step: StepModel, event: Event): StepModel {
  if (event.type === 'step.phase') {
    const data = stepPhaseData.safeParse(event.data);
    return data.success ? withPhase(step, data.data, event.ts) : step;
  }
  const data = stepStateData.safeParse(event.data);
  return event.type === 'step.state' && data.success ? withState(step, data.data, event.ts) : step;
}

/** What only the snapshot tells (a plan, say) is kept, when it speaks of the same attempt. */
const fillFrom = (step: StepModel, snapshot: StepModel): StepModel => (step.attempt !== snapshot.attempt ? step : {
  ...step,
  action: step.action ?? snapshot.action,
  plan: step.plan ?? snapshot.plan,
  operations: step.operations.length > 0 ? step.operations : snapshot.operations,
  tests: step.tests.length > 0 ? step.tests : snapshot.tests,
  startedAt: step.startedAt ?? snapshot.startedAt,
});

const currentPhase = (step: StepModel): PhaseModel | null =>
  (step.state === 'running' ? step.phases.findLast(({ durationMs }) => durationMs === null) ?? step.phase : null);

/** `events` are this step's, by increasing id. A step whose state no event tells keeps the snapshot's. */
export function foldStep(snapshot: StepModel, events: readonly Event[]): StepModel {
  const told = events.some(({ type }) => type === 'step.state');
  const lines: OutputLine[] = [];
  let step = told ? untouched(snapshot) : snapshot;
  for (const event of events) {
    if (event.type !== 'step.output') {
      step = withEvent(step, event);
      continue;
    }
    const printed = outputLines(event, step.attempt);
    lines.push(...printed);
    step = withSaid(step, printed);
  }
  const filled = told ? fillFrom(step, snapshot) : step;
  const droppedLines = Math.max(0, lines.length - keptLines);
  return { ...filled, phase: currentPhase(filled), output: lines.slice(droppedLines), droppedLines };
}

/** One placement, folded from what was told of it: pure, by increasing id of the events. */
import type { TestResult } from '../../../../../spec/test-results.js';
import type { Edge, GraphStep } from '../../../../../spec/graph-types.js';
import type { PlacementPlan, Step } from '../../../api/types.js';
import type { Action, Phase, StepState } from '../../../api/words.js';
import type { StepFailure, StepPhaseData, StepStateData } from './event-data.js';
import type { OutputLine } from './output-tail.js';
import type { StepLog } from './rollout-log.js';

export type { OutputLine } from './output-tail.js';

export interface PhaseModel {
  phase: Phase;
  startedAt: string | null;
  durationMs: number | null;
  /** What was told about the phase. */
  detail: string | null;
  /** The last thing the host itself said (not what a program printed) while it went on. */
  said: string | null;
}

export interface AttemptModel {
  attempt: number;
  /** The event that began it: what has a higher id, up to the next attempt's, belongs to it. */
  fromId: number;
  state: StepState;
  startedAt: string | null;
  endedAt: string | null;
  reason: string | null;
  failure: StepFailure | null;
  phases: PhaseModel[];
}

/** A stretch of a placement's time. `wait`: for others, a person or a host; `block`: for something that failed. */
export interface Span { kind: 'wait' | 'block' | 'work'; from: string; to: string | null; label: string | null; attempt: number; outcome: StepState | null }

export interface StepModel {
  id: string;
  host: string;
  component: string;
  binding: number;
  state: StepState;
  attempt: number;
  reason: string | null;
  /** Since when it is in this state with this reason. */
  since: string | null;
  blockedBy: string[];
  /** What it waits for by the graph, whether or not it still does. */
  waitsFor: Edge[];
  action: Action | null;
  plan: PlacementPlan | null;
  failure: StepFailure | null;
  /** Of the attempt that counts, in the order they began; a phase without a duration has not ended. */
  phases: PhaseModel[];
  /** The phase that goes on now; null unless the step runs. */
  phase: PhaseModel | null;
  /** The last thing the host itself said since a phase began or ended. */
  said: string | null;
  operations: string[];
  /** How the component's tests ended, in the order in which they ran. */
  tests: TestResult[];
  attempts: AttemptModel[];
  spans: Span[];
  output: readonly OutputLine[];
  /** Lines that are not kept here; the whole log is in the API. */
  droppedLines: number;
  startedAt: string | null;
  endedAt: string | null;
}

const ended: readonly StepState[] = ['unchanged', 'succeeded', 'failed', 'skipped', 'aborted', 'rolled_back'];
export const hasEnded = (state: StepState): boolean => ended.includes(state);

const endedPhases = (phases: readonly { phase: Phase; duration_ms: number }[]): PhaseModel[] =>
  phases.map(({ phase, duration_ms: durationMs }) => ({ phase, startedAt: null, durationMs, detail: null, said: null }));

/** A placement that nobody has begun with. */
const blankStep = ({ id, host, component, binding, waits_for: waitsFor }: GraphStep): StepModel => ({
  id, host, component, binding, waitsFor, state: 'pending', attempt: 1, reason: null, since: null, blockedBy: [], action: null, plan: null, failure: null,
  phases: [], phase: null, said: null, operations: [], tests: [], attempts: [], spans: [], output: [], droppedLines: 0, startedAt: null, endedAt: null,
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
  ...step, state: 'pending', attempt: 1, reason: null, since: null, blockedBy: [], action: null, plan: null, failure: null,
  phases: [], phase: null, said: null, operations: [], tests: [], startedAt: null, endedAt: null,
});

const keptAttempts = 50;

/** What there is to tell of an attempt, once another one has begun. */
function closeAttempt(step: StepModel, fromId: number): AttemptModel {
  const { attempt, state, startedAt, endedAt, reason, failure, phases } = step;
  return { attempt, fromId, state, startedAt, endedAt, reason, failure, phases };
}

interface Fold { step: StepModel; attempts: AttemptModel[]; fromId: number; spans: Span[] }

/** A retry begins anew: phases, failure and times are those of the new attempt; what was printed stays. */
function nextAttempt({ step, attempts, fromId, spans }: Fold, attempt: number, id: number): Fold {
  return {
    step: { ...untouched(step), attempt, action: step.action, plan: step.plan },
    attempts: [...attempts, closeAttempt(step, fromId)].slice(-keptAttempts), fromId: id, spans,
  };
}

const spanKinds: Partial<Record<StepState, Span['kind']>> = { waiting: 'wait', blocked: 'block', running: 'work' };

/** The stretch before ends where the next begins; the same wait told again is one wait. */
function withSpan(spans: Span[], data: StepStateData, ts: string): Span[] {
  const kind = spanKinds[data.state] ?? (data.state === 'pending' && data.attempt > 1 ? 'wait' : undefined);
  const last = spans.at(-1);
  const label = kind === 'work' ? null : data.reason;
  if (last?.to === null && last.kind === kind && last.attempt === data.attempt && (kind === 'work' || last.label === label)) return spans;
  const from = data.state === 'running' ? data.started_at ?? ts : ts;
  const outcome = hasEnded(data.state) ? data.state : null;
  const closed = last?.to === null ? [...spans.slice(0, -1), { ...last, to: outcome === null ? from : data.ended_at ?? ts, outcome: last.kind === 'work' ? outcome : null }] : spans;
  return kind === undefined ? closed : [...closed, { kind, from, to: null, label, attempt: data.attempt, outcome: null }];
}

/** The step's own account of its phases is exact; what the events told before fills in when each began. */
function mergeTimings(known: PhaseModel[], timings: StepStateData['phases']): PhaseModel[] {
  if (timings.length === 0) return known;
  const exact = new Map(timings.map(({ phase, duration_ms: durationMs }) => [phase, durationMs]));
  const kept = known.map((phase) => ({ ...phase, durationMs: exact.get(phase.phase) ?? phase.durationMs }));
  const seen = new Set(known.map(({ phase }) => phase));
  return [...kept, ...endedPhases(timings.filter(({ phase }) => !seen.has(phase)))];
}

function withState(before: Fold, data: StepStateData, id: number, ts: string): Fold {
  const fold = data.attempt > before.step.attempt ? nextAttempt(before, data.attempt, id) : before;
  const { step } = fold;
  const isNews = step.since === null || step.state !== data.state || step.reason !== data.reason;
  return {
    ...fold,
    spans: withSpan(fold.spans, data, ts),
    step: {
      ...step,
      state: data.state,
      reason: data.reason,
      since: isNews ? ts : step.since,
      blockedBy: data.blocked_by,
      action: data.action ?? step.action,
      plan: data.plan ?? step.plan,
      failure: data.state === 'failed' ? data.failure : null,
      phases: mergeTimings(step.phases, data.phases),
      operations: data.operations.length > 0 ? data.operations : step.operations,
      tests: data.tests.length > 0 ? data.tests : step.tests,
      startedAt: data.started_at ?? step.startedAt ?? (data.state === 'running' ? ts : null),
      endedAt: hasEnded(data.state) ? (data.ended_at ?? ts) : null,
    },
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

/** Kept with the phase that goes on, if one does. */
function withSaid(step: StepModel, said: string): StepModel {
  const open = step.phases.findLast(({ durationMs }) => durationMs === null);
  return { ...step, said, phases: open === undefined ? step.phases : step.phases.map((phase) => (phase === open ? { ...phase, said } : phase)) };
}

/** What only the snapshot tells is kept: the plan, which outlives an attempt; the rest when it speaks of the same one. */
const fillFrom = (step: StepModel, snapshot: StepModel): StepModel => (step.attempt !== snapshot.attempt ? { ...step, action: step.action ?? snapshot.action, plan: step.plan ?? snapshot.plan } : {
  ...step,
  action: step.action ?? snapshot.action,
  plan: step.plan ?? snapshot.plan,
  operations: step.operations.length > 0 ? step.operations : snapshot.operations,
  tests: step.tests.length > 0 ? step.tests : snapshot.tests,
  startedAt: step.startedAt ?? snapshot.startedAt,
});

const currentPhase = (step: StepModel): PhaseModel | null =>
  (step.state === 'running' ? step.phases.findLast(({ durationMs }) => durationMs === null) ?? step.phase : null);

/** Everything told of the step but its output, in one order. */
function story({ states, phases, said }: StepLog): { id: number; tell: (fold: Fold) => Fold }[] {
  return [
    ...states.map(({ id, ts, data }) => ({ id, tell: (fold: Fold) => withState(fold, data, id, ts) })),
    ...phases.map(({ id, ts, data }) => ({ id, tell: (fold: Fold) => ({ ...fold, step: withPhase(fold.step, data, ts) }) })),
    ...said.map(({ id, text }) => ({ id, tell: (fold: Fold) => ({ ...fold, step: withSaid(fold.step, text) }) })),
  ].sort((left, right) => left.id - right.id);
}

/** A step whose state no event tells keeps the snapshot's. */
export function foldStep(snapshot: StepModel, log: StepLog | undefined): StepModel {
  if (log === undefined) return { ...snapshot, phase: currentPhase(snapshot) };
  const told = log.states.length > 0;
  let fold: Fold = { step: told ? untouched(snapshot) : snapshot, attempts: [], fromId: 0, spans: [] };
  for (const { tell } of story(log)) fold = tell(fold);
  const step = told ? fillFrom(fold.step, snapshot) : fold.step;
  return {
    ...step, phase: currentPhase(step), spans: fold.spans, attempts: [...fold.attempts, closeAttempt(step, fold.fromId)],
    output: [...log.output.lines], droppedLines: log.output.total - log.output.lines.length,
  };
}

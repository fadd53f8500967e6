/** What came of a rollout: pure, for the page and for copying into a ticket. */
import type { Action, Phase, StepState } from '../../../api/words.js';
import type { RolloutModel } from './rollout-model.js';
import type { StepModel } from './step-model.js';

export interface Report {
  durationMs: number | null;
  /** Of that, so long it rested for a person. */
  restedMs: number;
  changed: { action: Action; steps: StepModel[] }[];
  unchanged: number;
  /** What did not come about, with why. */
  left: StepModel[];
  restarts: StepModel[];
  retried: StepModel[];
  /** The longest first; waits do not count. */
  slowest: { step: StepModel; workMs: number; phase: Phase | null }[];
  phases: { phase: Phase; totalMs: number; count: number }[];
  answers: RolloutModel['answers'];
}

const shown = 5;
const lengthOf = ({ from, to }: { from: string; to: string | null }): number => (to === null ? 0 : Math.max(0, Date.parse(to) - Date.parse(from)));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export const workMs = ({ spans, phases }: StepModel): number => {
  const worked = sum(spans.filter(({ kind }) => kind === 'work').map(lengthOf));
  return worked > 0 ? worked : sum(phases.map(({ durationMs }) => durationMs ?? 0));
};

const longestPhase = ({ phases }: StepModel): Phase | null => phases.toSorted((a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0))[0]?.phase ?? null;
const leftStates: readonly StepState[] = ['failed', 'skipped', 'aborted', 'rolled_back', 'blocked'];

function phaseTotals(steps: readonly StepModel[]): Report['phases'] {
  const totals = new Map<Phase, { totalMs: number; count: number }>();
  for (const { phase, durationMs } of steps.flatMap(({ phases }) => phases)) {
    const before = totals.get(phase) ?? { totalMs: 0, count: 0 };
    totals.set(phase, { totalMs: before.totalMs + (durationMs ?? 0), count: before.count + 1 });
  }
  return [...totals].map(([phase, total]) => ({ phase, ...total })).sort((a, b) => b.totalMs - a.totalMs);
}

export function reportOf(model: RolloutModel): Report {
  const { steps } = model;
  const changed = steps.filter(({ state }) => state === 'succeeded');
  const byAction = new Map<Action, StepModel[]>();
  for (const step of changed) byAction.set(step.action ?? 'update', [...(byAction.get(step.action ?? 'update') ?? []), step]);
  return {
    durationMs: model.startedAt !== null && model.endedAt !== null ? Date.parse(model.endedAt) - Date.parse(model.startedAt) : null,
    restedMs: sum(model.spans.filter(({ state }) => state === 'paused' || state === 'awaiting_approval').map(lengthOf)),
    changed: [...byAction].map(([action, of]) => ({ action, steps: of })),
    unchanged: model.counts.unchanged,
    left: steps.filter(({ state }) => leftStates.includes(state)),
    restarts: changed.filter(({ action, plan }) => plan?.restart === true || action === 'restart'),
    retried: steps.filter(({ attempt }) => attempt > 1),
    slowest: changed.map((step) => ({ step, workMs: workMs(step), phase: longestPhase(step) })).filter((item) => item.workMs > 0).sort((a, b) => b.workMs - a.workMs).slice(0, shown),
    phases: phaseTotals(steps),
    answers: model.answers,
  };
}

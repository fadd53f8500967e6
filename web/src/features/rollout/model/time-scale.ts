/**
 * Where a moment stands on the timeline, from 0 to 1. A rest during which nobody works (a pause over the weekend) is drawn
 * short, and marked as such, or everything else would be a hairline. Pure.
 */
import type { RolloutModel } from './rollout-model.js';
import type { StepModel } from './step-model.js';

export interface Squeezed { fromMs: number; toMs: number }
export interface TimeScale {
  startMs: number;
  endMs: number;
  squeezed: Squeezed[];
  at(ms: number): number;
  /** The moment that stands there. */
  momentAt(place: number): number;
}

interface Piece { fromMs: number; toMs: number; from: number; width: number }

/** A rest is squeezed to this share of the time that was worked in, and never below the second number. */
const squeezedShare = 0.12;
const shortestMs = 20_000;

const busy = (step: StepModel, nowMs: number): [number, number][] => [
  ...step.spans.filter(({ kind }) => kind === 'work').map(({ from, to }): [number, number] => [Date.parse(from), to === null ? nowMs : Date.parse(to)]),
  ...step.attempts.flatMap(({ phases }) => phases).flatMap(({ startedAt, durationMs }): [number, number][] =>
    (startedAt === null ? [] : [[Date.parse(startedAt), durationMs === null ? Date.parse(startedAt) : Date.parse(startedAt) + durationMs]])),
];

function mergedIntervals(intervals: [number, number][]): [number, number][] {
  const merged: [number, number][] = [];
  for (const [from, to] of intervals.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function restsBetween(worked: readonly [number, number][], startMs: number, endMs: number): Squeezed[] {
  const edges = [[startMs, startMs], ...worked, [endMs, endMs]] as [number, number][];
  return edges.slice(1).map(([from], index) => ({ fromMs: edges[index]?.[1] ?? startMs, toMs: from })).filter(({ fromMs, toMs }) => toMs > fromMs);
}

export function timeScale(model: RolloutModel, nowMs: number): TimeScale {
  const told = model.spans[0]?.from ?? model.startedAt;
  const worked = mergedIntervals(model.steps.flatMap((step) => busy(step, nowMs)));
  const startMs = Math.min(told === null ? nowMs : Date.parse(told), model.startedAt === null ? nowMs : Date.parse(model.startedAt), worked[0]?.[0] ?? nowMs);
  const endMs = Math.max(startMs + 1, model.endedAt === null ? nowMs : Date.parse(model.endedAt), worked.at(-1)?.[1] ?? 0);
  const workedMs = worked.reduce((total, [from, to]) => total + to - from, 0);
  const restMs = Math.max(shortestMs, workedMs * squeezedShare);
  const squeezed = restsBetween(worked, startMs, endMs).filter(({ fromMs, toMs }) => toMs - fromMs > restMs);
  return { startMs, endMs, squeezed, ...placer(piecesOf(startMs, endMs, squeezed, restMs)) };
}

function piecesOf(startMs: number, endMs: number, squeezed: readonly Squeezed[], restMs: number): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const add = (fromMs: number, toMs: number, width: number): void => {
    if (toMs > fromMs) pieces.push({ fromMs, toMs, from: at, width });
    if (toMs > fromMs) at += width;
  };
  let reached = startMs;
  for (const { fromMs, toMs } of squeezed) {
    add(reached, fromMs, fromMs - reached);
    add(fromMs, toMs, restMs);
    reached = toMs;
  }
  add(reached, endMs, endMs - reached);
  const total = at === 0 ? 1 : at;
  return pieces.map((piece) => ({ ...piece, from: piece.from / total, width: piece.width / total }));
}

function placer(pieces: readonly Piece[]): Pick<TimeScale, 'at' | 'momentAt'> {
  const first = pieces[0]?.fromMs ?? 0;
  return {
    at: (ms) => {
      const piece = pieces.findLast(({ fromMs }) => fromMs <= ms);
      if (piece === undefined) return 0;
      return Math.min(1, piece.from + (piece.width * Math.min(1, (ms - piece.fromMs) / (piece.toMs - piece.fromMs))));
    },
    momentAt: (place) => {
      const piece = pieces.findLast(({ from }) => from <= place);
      return piece === undefined ? first : piece.fromMs + ((place - piece.from) / piece.width) * (piece.toMs - piece.fromMs);
    },
  };
}

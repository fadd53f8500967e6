/** Where a rollout stands, in one plain sentence for somebody who was just woken up; and since when. */
import { phaseDoing, sentences } from '../words.js';
import type { RolloutModel } from './rollout-model.js';
import type { StepModel } from './step-model.js';

export const isDone = ({ state }: StepModel): boolean => state === 'unchanged' || state === 'succeeded' || state === 'skipped';

export const doneCount = (model: RolloutModel): number => model.counts.unchanged + model.counts.succeeded + model.counts.skipped;

/** `health check 2 of 3, http 503`: what was told about the phase, else what the host said last in it, else the phase. */
export function stepDoing(step: StepModel): string {
  const { phase, said, reason } = step;
  if (phase === null) return said ?? reason ?? sentences.atWork;
  return phase.detail === null ? said ?? phaseDoing[phase.phase] : `${phaseDoing[phase.phase]} ${phase.detail}`;
}

const firstOf = (model: RolloutModel, state: StepModel['state']): StepModel | undefined => model.steps.find((step) => step.state === state);

function runningSentence(model: RolloutModel): string {
  const first = firstOf(model, 'running');
  const { running, waiting } = model.counts;
  if (!first) return idleSentence(model);
  const { component, host } = first;
  const what = running === 1 ? sentences.waiting(component, host, stepDoing(first)) : sentences.waitingMany(component, host, stepDoing(first), running - 1);
  return waiting === 0 ? what : `${what} ${sentences.behind(waiting)}`;
}

/** Nothing runs: what is waited for is no placement, or nothing was begun with. */
function idleSentence(model: RolloutModel): string {
  const waits = model.steps.find(({ state, reason }) => state === 'waiting' && reason !== null);
  if (waits?.reason != null) return sentences.held(waits.component, waits.host, waits.reason);
  return doneCount(model) === 0 ? sentences.observing : sentences.betweenSteps(doneCount(model), model.steps.length);
}

function pausedSentence(model: RolloutModel): string {
  const first = firstOf(model, 'failed');
  if (!first) return model.reason?.startsWith('paused by') === true ? sentences.pausedFor(model.reason) : sentences.pausedClear;
  const what = model.counts.failed === 1
    ? sentences.failedOne(first.component, first.host, first.failure?.message ?? first.reason)
    : sentences.failedMany(model.counts.failed);
  return sentences.paused(what, model.counts.blocked);
}

export function rolloutSentence(model: RolloutModel): string {
  switch (model.state) {
    case 'pending': return sentences.queued;
    case 'running': return runningSentence(model);
    case 'paused': return pausedSentence(model);
    case 'awaiting_approval': return sentences.approval(model.reason);
    case 'succeeded': return sentences.succeeded(model.version, model.counts.succeeded, model.counts.unchanged);
    case 'failed': return model.rolledBackBy === null ? sentences.failed(model.counts.failed) : sentences.takenBack;
    case 'aborted': return sentences.aborted(doneCount(model), model.steps.length);
    case 'rolled_back': return sentences.rolledBack;
  }
}

/** Since when it is as the sentence says. */
export function sentenceSince(model: RolloutModel): string | null {
  if (model.state !== 'running') return model.since;
  const first = firstOf(model, 'running') ?? firstOf(model, 'waiting');
  return first?.phase?.startedAt ?? first?.startedAt ?? first?.since ?? model.since;
}

/** Where a rollout stands, in one plain sentence for somebody who was just woken up. */
import { phaseDoing, sentences } from './words.js';
import type { RolloutModel } from './rollout-model.js';
import type { StepModel } from './step-model.js';

const isDone = ({ state }: StepModel): boolean => state === 'unchanged' || state === 'succeeded' || state === 'skipped';

export const doneCount = (model: RolloutModel): number => model.steps.filter(isDone).length;

/** `health check 2 of 3, http 503`: what was told about the phase, else what the host said last in it, else the phase. */
export function stepDoing(step: StepModel): string {
  const { phase, said, reason } = step;
  if (phase === null) return said ?? reason ?? sentences.atWork;
  return phase.detail === null ? said ?? phaseDoing[phase.phase] : `${phaseDoing[phase.phase]} ${phase.detail}`;
}

function runningSentence(model: RolloutModel): string {
  const running = model.steps.filter(({ state }) => state === 'running');
  const [first] = running;
  if (!first) return doneCount(model) === 0 ? sentences.observing : sentences.betweenSteps(doneCount(model), model.steps.length);
  const { component, host } = first;
  return running.length === 1
    ? sentences.waiting(component, host, stepDoing(first))
    : sentences.waitingMany(component, host, stepDoing(first), running.length - 1);
}

function pausedSentence(model: RolloutModel): string {
  const failed = model.steps.filter(({ state }) => state === 'failed');
  const [first] = failed;
  if (!first) return model.reason?.startsWith('paused by') === true ? sentences.pausedFor(model.reason) : sentences.pausedClear;
  const what = failed.length === 1
    ? sentences.failedOne(first.component, first.host, first.failure?.message ?? first.reason)
    : sentences.failedMany(failed.length);
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

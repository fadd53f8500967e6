/** Which answers of a person a rollout accepts, checked before anything is written to its history. */
import { isOpenRollout, type RolloutState } from '../spec/words.js';
import type { RolloutBoard } from './rollout-board.js';
import type { RetryInput, SkipInput } from './shared.js';

export interface Decision { state(): RolloutState; aborting(): boolean; board: Pick<RolloutBoard, 'step' | 'withState'> }

function checkOpen({ state, aborting }: Decision): void {
  if (!isOpenRollout(state())) throw new Error(`the rollout has ended (${state()})`);
  if (aborting()) throw new Error('the rollout is being aborted');
}

export function checkRetry(decision: Decision, { step }: RetryInput): void {
  checkOpen(decision);
  if (step === undefined) {
    if (decision.board.withState('failed').length === 0) throw new Error('no step has failed');
    return;
  }
  const found = decision.board.step(step);
  if (found === undefined) throw new Error(`this rollout has no step ${step}`);
  if (found.state !== 'failed') throw new Error(`${step} is ${found.state}; only a failed step can be retried`);
}

export function checkResume(decision: Decision): void {
  checkOpen(decision);
  if (decision.state() !== 'paused') throw new Error(`the rollout is ${decision.state()}, not paused`);
}

export function checkSkip(decision: Decision, { step, note }: SkipInput): void {
  checkOpen(decision);
  if (note.trim() === '') throw new Error('a skip needs a note that says why');
  const found = decision.board.step(step);
  if (found === undefined) throw new Error(`this rollout has no step ${step}`);
  if (found.state !== 'failed' && found.state !== 'blocked') throw new Error(`${step} is ${found.state}; only a failed or blocked step can be skipped`);
}

export function checkAbort(decision: Decision): void {
  checkOpen(decision);
}

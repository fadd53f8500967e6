/** Which answers of a person a rollout accepts, checked before anything is written to its history. */
import { isOpenRollout, type RolloutState } from '../spec/words.js';
import type { RolloutBoard } from './rollout-board.js';
import type { ApproveInput, RetryInput, SkipInput } from './shared.js';

export interface Decision {
  state(): RolloutState;
  /** Why no more answers are taken; empty while they are. */
  closing(): string;
  /** A person has asked for nothing more to be started. */
  holdsStill(): boolean;
  board(): Pick<RolloutBoard, 'step' | 'withState' | 'unapproved'>;
}

function checkOpen({ state, closing }: Decision): void {
  if (!isOpenRollout(state())) throw new Error(`the rollout has ended (${state()})`);
  if (closing() !== '') throw new Error(`the rollout is being ${closing()}`);
}

export function checkRetry(decision: Decision, { step, version }: RetryInput): void {
  checkOpen(decision);
  if (version !== undefined) {
    if (step !== undefined) throw new Error('a retry with another version is for everything that is not done yet, not for one step');
    if (decision.state() !== 'paused') throw new Error(`the rollout is ${decision.state()}; it takes another version only while it is paused`);
    return;
  }
  const board = decision.board();
  if (step === undefined) {
    if (board.withState('failed').length === 0) throw new Error('no step has failed');
    return;
  }
  const found = board.step(step);
  if (found === undefined) throw new Error(`this rollout has no step ${step}`);
  if (found.state !== 'failed') throw new Error(`${step} is ${found.state}; only a failed step can be retried`);
}

export function checkResume(decision: Decision): void {
  checkOpen(decision);
  if (decision.state() !== 'paused' && !decision.holdsStill()) throw new Error(`the rollout is ${decision.state()}, not paused`);
}

export function checkPause(decision: Decision): void {
  checkOpen(decision);
  if (decision.holdsStill() || decision.state() === 'paused') throw new Error('the rollout is paused already');
}

export function checkSkip(decision: Decision, { step, note }: SkipInput): void {
  checkOpen(decision);
  if (note.trim() === '') throw new Error('a skip needs a note that says why');
  const found = decision.board().step(step);
  if (found === undefined) throw new Error(`this rollout has no step ${step}`);
  if (found.state !== 'failed' && found.state !== 'blocked') throw new Error(`${step} is ${found.state}; only a failed or blocked step can be skipped`);
}

/** Approval may be given before it is waited for. */
export function checkApprove(decision: Decision, { binding }: ApproveInput): void {
  checkOpen(decision);
  const open = decision.board().unapproved();
  if (open.length === 0) throw new Error('nothing in this rollout needs an approval any more');
  if (binding !== undefined && !open.includes(binding)) throw new Error(`deployment[${binding}] needs no approval`);
}

export function checkAbort(decision: Decision): void {
  checkOpen(decision);
}

export function checkRollback(decision: Decision): void {
  checkOpen(decision);
}

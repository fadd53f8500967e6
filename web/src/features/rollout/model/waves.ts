/** How far a host group has come, by the rules of its strategy. */
import type { GroupRules } from '../../../../../spec/graph-types.js';
import { isDone } from './rollout-sentence.js';
import type { StepModel } from './step-model.js';

export type WaveState = 'done' | 'now' | 'failed' | 'next';
export interface Wave { index: number; hosts: string[]; done: number; state: WaveState }

const stateOf = (steps: readonly StepModel[], hosts: number, done: number): WaveState => {
  if (steps.some(({ state }) => state === 'failed' || state === 'aborted' || state === 'rolled_back')) return 'failed';
  if (done === hosts) return 'done';
  return steps.some((step) => step.state === 'running' || isDone(step)) ? 'now' : 'next';
};

/** The waves of a canary with the hosts of each; empty for a group that has none. */
export function wavesOf({ waves = [], hosts }: GroupRules, steps: readonly StepModel[]): Wave[] {
  let from = 0;
  return waves.map((size, index) => {
    const own = hosts.slice(from, from + size);
    from += size;
    const placed = steps.filter(({ host }) => own.includes(host));
    const done = own.filter((host) => placed.filter((step) => step.host === host).every(isDone)).length;
    return { index, hosts: own, done, state: stateOf(placed, own.length, done) };
  });
}

/** What is known of a step while its rollout is walked. */
import type { StepState } from './words.js';

/**
 * Further than its state says. `verifying`: changed and healthy, and watched for a while (state `running`). `held`: the
 * new one is up beside the old, and waits for the group to switch (state `waiting`). `switching`: told to (`running`).
 */
export type StepPoint = 'verifying' | 'held' | 'switching';

export interface StepStatus { state: StepState; /** For a failed step: what went wrong, in one line. */ reason?: string; at?: StepPoint }
export type StepStatuses = ReadonlyMap<string, StepStatus>;

const greenStates: ReadonlySet<StepState> = new Set(['unchanged', 'succeeded', 'skipped']);
const endedStates: ReadonlySet<StepState> = new Set(['unchanged', 'succeeded', 'skipped', 'failed', 'blocked', 'aborted', 'rolled_back']);
const startable: ReadonlySet<StepState> = new Set(['pending', 'waiting', 'blocked']);
export const badStates: ReadonlySet<StepState> = new Set(['failed', 'aborted', 'rolled_back']);

export const isGreen = (state: StepState): boolean => greenStates.has(state);
/** Not started, and not ended either. */
export const isStartable = (state: StepState): boolean => startable.has(state);
export const hasEnded = (state: StepState): boolean => endedStates.has(state);

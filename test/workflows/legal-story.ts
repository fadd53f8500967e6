/** What may be told of a rollout, and in which order. */
import type { Edge, RolloutGraph } from '../../spec/graph-types.js';
import { hasEnded, isGreen } from '../../spec/walker.js';
import { isOpenRollout, type StepState } from '../../spec/words.js';
import type { Told } from './fake-control.js';

type ToldStep = Extract<Told, { step: string }>;
interface Standing { state: StepState; attempt: number }

/** What may follow in the same attempt. A new attempt begins with `pending`, after `failed`. */
const next: Partial<Record<StepState, readonly StepState[]>> = {
  pending: ['waiting', 'blocked', 'running', 'unchanged', 'failed', 'aborted'],
  waiting: ['waiting', 'pending', 'blocked', 'running', 'unchanged', 'failed', 'aborted'],
  blocked: ['blocked', 'pending', 'waiting', 'running', 'unchanged', 'failed', 'skipped', 'aborted'],
  running: ['running', 'waiting', 'succeeded', 'unchanged', 'failed', 'aborted'],
  failed: ['skipped'],
};

/** Everything that could not have happened that way; empty for a legal story. */
export function contradictions(graph: RolloutGraph, story: readonly Told[]): string[] {
  const found: string[] = [];
  const steps = new Map<string, Standing>(graph.steps.map(({ id }) => [id, { state: 'pending', attempt: 0 }]));
  const states = (): StepState[] => [...steps.values()].map(({ state }) => state);
  let rollout: string | null = null;
  for (const [index, told] of story.entries()) {
    const say = (what: string): void => void found.push(`${index}: ${what}`);
    if ('rollout' in told) {
      if (rollout !== null && !isOpenRollout(rollout as Extract<Told, { rollout: string }>['rollout'])) say(`${told.rollout} after the end`);
      if (told.rollout === 'paused' && !states().every((state) => isGreen(state) || state === 'failed' || state === 'blocked')) say(`paused while steps are ${states().join(', ')}`);
      if (told.rollout === 'paused' && !states().includes('failed')) say('paused without a failed step');
      if (told.rollout === 'succeeded' && !states().every(isGreen)) say(`succeeded while steps are ${states().join(', ')}`);
      rollout = told.rollout;
    } else {
      const before = steps.get(told.step);
      if (before === undefined) say(`${told.step} is not in the graph`);
      else for (const what of stepContradictions(graph, steps, before, told)) say(what);
      if (rollout !== 'running' && told.state !== 'pending' && told.state !== 'skipped' && told.state !== 'aborted') say(`${told.step} is ${told.state} in a rollout that is ${rollout ?? 'not begun'}`);
      steps.set(told.step, { state: told.state, attempt: told.attempt });
    }
  }
  return found;
}

function stepContradictions(graph: RolloutGraph, steps: ReadonlyMap<string, Standing>, before: Standing, { step, state, attempt, reason, blocked_by }: ToldStep): string[] {
  const found: string[] = [];
  const again = attempt > before.attempt && before.attempt > 0;
  if (again && !(before.state === 'failed' && state === 'pending' && attempt === before.attempt + 1)) found.push(`${step}: attempt ${attempt} ${state} after attempt ${before.attempt} ${before.state}`);
  if (attempt < before.attempt) found.push(`${step}: attempt ${attempt} after ${before.attempt}`);
  if (!again && before.attempt > 0 && !(next[before.state] ?? []).includes(state)) found.push(`${step}: ${state} after ${before.state}`);
  const edges = graph.steps.find(({ id }) => id === step)?.waits_for ?? [];
  if (state === 'running') for (const edge of edges) if (!isOpen(edge, steps.get(edge.from)?.state ?? 'pending')) found.push(`${step}: running while ${edge.from} is ${steps.get(edge.from)?.state}`);
  if ((state === 'blocked' || state === 'failed') && reason === '') found.push(`${step}: ${state} without a reason`);
  if (state === 'blocked' && blocked_by.length === 0) found.push(`${step}: blocked by nothing`);
  return found;
}

/** An edge of mere order lets go when the other has ended, or cannot run. */
const isOpen = (edge: Edge, state: StepState): boolean => (edge.needs_green ? isGreen(state) : hasEnded(state));

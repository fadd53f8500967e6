/** The data of the events a rollout's page reads, parsed: what does not have the shape is not shown, and never trusted. */
import * as z from 'zod/mini';
import { actions, phases, rolloutStates, stepStates, type ErrorCode } from '../../../api/words.js';
import { isErrorCode } from '../../../../../spec/errors.js';
import { testStages, testStates } from '../../../../../spec/test-results.js';
import type { PlacementPlan } from '../../../api/types.js';

/** An empty text says nothing. */
const text = z.pipe(z.catch(z.nullable(z.string()), null), z.transform((value) => (value === '' ? null : value)));
const time = z.catch(z.nullable(z.string()), null);
const timing = z.object({ phase: z.enum(phases), duration_ms: z.number() });

const test = z.object({ name: z.string(), when: z.enum(testStages), state: z.enum(testStates), blocking: z.boolean(), duration_ms: z.number(), detail: z.catch(z.string(), '') });

const failure = z.object({
  code: z.pipe(z.unknown(), z.transform((value): ErrorCode => (isErrorCode(value) ? value : 'internal'))),
  message: z.catch(z.string(), ''),
  fix: z.catch(z.string(), ''),
  phase: z.catch(z.nullable(z.enum(phases)), null),
  put_back: z.catch(z.boolean(), false),
  output_tail: z.catch(z.string(), ''),
});

/** The planner's own data, passed through: only its presence and its list of reasons are relied on here. */
const plan = z.custom<PlacementPlan>((value) => z.object({ action: z.enum(actions), reasons: z.array(z.string()) }).safeParse(value).success);

export const rolloutStateData = z.object({ state: z.enum(rolloutStates), reason: text });

export const stepStateData = z.object({
  state: z.enum(stepStates),
  attempt: z.catch(z.number(), 1),
  reason: text,
  blocked_by: z.catch(z.array(z.string()), []),
  action: z.catch(z.nullable(z.enum(actions)), null),
  plan: z.catch(z.nullable(plan), null),
  failure: z.catch(z.nullable(failure), null),
  phases: z.catch(z.array(timing), []),
  operations: z.catch(z.array(z.string()), []),
  tests: z.catch(z.array(test), []),
  started_at: time,
  ended_at: time,
});

export const stepPhaseData = z.object({
  phase: z.enum(phases),
  state: z.enum(['started', 'ended']),
  duration_ms: z.catch(z.nullable(z.number()), null),
  detail: text,
});

export const stepOutputData = z.object({
  lines: z.array(z.object({ stream: z.catch(z.enum(['stdout', 'stderr', 'info']), 'info'), text: z.string() })),
});

export type StepStateData = z.infer<typeof stepStateData>;
export type StepPhaseData = z.infer<typeof stepPhaseData>;
export type StepFailure = z.infer<typeof failure>;
export type OutputStream = 'stdout' | 'stderr' | 'info';

/** Rollouts, steps and plans as they are answered. */
import { z } from 'zod';
import { answerVerbs } from '../../control/rollouts/index.js';
import { fileDiffNotes } from '../../spec/plan.js';
import { actions, componentStates, driftKinds, phases, rolloutKinds, rolloutStates, stepStates } from '../../spec/words.js';
import { testStages, testStates } from '../../spec/test-results.js';
import { errorCode, named, timestamp, wordOf } from './common.js';

const changeKind = z.enum([...driftKinds, 'desired']);
const phase = z.enum(phases);

export const rolloutState = named('RolloutState', z.enum(rolloutStates));
export const rolloutKind = z.enum(rolloutKinds);

const edge = z.object({ from: z.string(), reason: z.enum(['depends_on', 'depends_on_hosts', 'sequential', 'host_group', 'canary', 'blue_green', 'max_failures', 'rollback']), needs_green: z.boolean() });
const group = z.object({
  strategy: z.enum(['sequential', 'parallel', 'canary', 'blue_green']), bindings: z.array(z.int()), hosts: z.array(z.string()),
  max_parallel: z.int().optional(), max_failures: z.int().optional(), waves: z.array(z.int()).optional().describe('Hosts of each wave of a canary, in the order of hosts'), verify_ms: z.number().optional(),
});
const bindingRules = z.object({ binding: z.int(), approval: z.literal(true).optional(), offline: z.enum(['wait', 'skip', 'fail']).optional(), offline_deadline_ms: z.number().optional() });
export const rolloutGraph = named('RolloutGraph', z.object({
  steps: z.array(z.object({ id: z.string(), host: z.string(), component: z.string(), binding: z.int(), waits_for: z.array(edge), on_failure: z.literal('rollback').optional() })),
  groups: z.array(group).optional().describe('Host groups with rules beyond edges'),
  bindings: z.array(bindingRules).optional().describe('Bindings that ask for more than the usual'),
}));

export const placementPlan = named('PlacementPlan', z.object({
  component: z.string(),
  action: z.enum(actions),
  restart: z.boolean(),
  downtime: z.boolean(),
  reasons: z.array(z.string()),
  fields: z.array(z.object({ field: z.string(), kind: changeKind, from: z.string().nullable(), to: z.string().nullable() })),
  files: z.array(z.object({ path: z.string(), old_sha256: z.string().nullable(), new_sha256: z.string(), kind: changeKind, unified_diff: z.string().nullish().describe('In the answer to a diff: the lines that change'), note: z.enum(fileDiffNotes).nullish().describe('Why lines are left out') })),
  operations: z.array(z.looseObject({ op: z.string() })).describe('What the host does, in order'),
  observed_state: z.enum(componentStates),
  needs_prepare: z.boolean(),
  identity: z.string().nullish().describe('In the answer to a diff: the image id or commit that it is to run; null when it has yet to be fetched'),
}));

const phaseTiming = z.object({ phase, duration_ms: z.number() });

export const stepFailure = named('StepFailure', z.object({
  code: errorCode,
  message: z.string(),
  fix: z.string(),
  phase: phase.nullable(),
  put_back: z.boolean(),
  output_tail: z.string(),
  phases: z.array(phaseTiming),
}));

export const rolloutRef = named('RolloutRef', z.object({ rollout_id: z.string(), state: rolloutState, started_at: timestamp.nullable(), ended_at: timestamp.nullable() }));
export const rolloutSummary = named('RolloutSummary', rolloutRef.extend({ kind: rolloutKind, version: z.int() }));
export const rolloutItem = named('RolloutItem', rolloutSummary.extend({ deploy_id: z.string(), deploy_name: z.string(), reason: z.string(), created_at: timestamp, started_by: z.string() }));

const testResult = named('TestResult', z.object({
  name: z.string(),
  when: z.enum(testStages),
  state: z.enum(testStates),
  blocking: z.boolean().describe('Whether its failure fails the step'),
  duration_ms: z.int(),
  detail: z.string().describe('What was seen, in a line'),
}));

const step = named('RolloutStep', z.object({
  step: z.string().describe('`<host>/<component>`'),
  host: z.string(),
  component: z.string(),
  binding: z.int(),
  state: z.enum(stepStates),
  phase: wordOf(phases).nullable(),
  attempt: z.int(),
  reason: z.string(),
  blocked_by: z.array(z.string()),
  action: wordOf(actions).nullable(),
  plan: placementPlan.nullable(),
  failure: stepFailure.nullable(),
  phases: z.array(phaseTiming),
  operations: z.array(z.string()),
  tests: z.array(testResult),
  started_at: timestamp.nullable(),
  ended_at: timestamp.nullable(),
}));

export const rolloutDetail = named('Rollout', rolloutItem.extend({
  workflow_id: z.string(),
  temporal_url: z.string().nullable(),
  graph: rolloutGraph,
  bindings: z.array(z.object({ index: z.int(), hosts: z.array(z.string()), components: z.array(z.string()), strategy: z.string() })),
  steps: z.array(step),
  rollback_of: z.string().nullable().describe('The rollout that this one takes back'),
  cause: z.object({
    trigger: z.string().nullable().describe('The failed step whose on_failure asked for it'), asked_by: z.string().nullable(), reason: z.string(),
    from_version: z.int(), to_version: z.int(),
    kept: z.array(z.string()).describe('Changed steps that stay, by rollback: false'), missing: z.array(z.string()).describe('Changed steps that the version does not have'),
  }).nullable(),
  rolled_back_by: z.string().nullable().describe('The rollout that takes this one back'),
  answers: z.array(z.object({
    verb: z.enum(answerVerbs), by: z.string(), at: timestamp,
    step: z.string().nullable().describe('`<host>/<component>`, where it was about one'), note: z.string().nullable(),
    binding: z.int().nullable().describe('Index in deployment, of an approval of one'), version: z.int().nullable().describe('Of a retry with another version'),
  })).describe('What people have answered, oldest first'),
}));

export const rolloutStarted = named('RolloutStarted', z.object({ rollout_id: z.string(), version: z.int(), workflow_id: z.string(), temporal_url: z.string().nullable() }));
export const rolloutAnswer = named('RolloutAnswer', z.object({ rollout_id: z.string(), state: rolloutState }));

const count = z.int().min(0);
export const plan = named('Plan', z.object({
  plan_id: z.string(),
  plan_digest: z.string(),
  expires_at: timestamp,
  version: z.int(),
  component: z.string().nullable().describe('Of a rollback of one component: which one comes back into the version'),
  component_from: z.int().nullable().describe('The version that the component is taken from'),
  summary: z.object({ create: count, update: count, restart: count, reload: count, unchanged: count, remove: count, conflict: count }),
  hosts: z.array(z.object({ host: z.string(), reachable: z.boolean(), detail: z.string(), fingerprint: z.string().nullish().describe('Of what the host has seen of this deploy'), components: z.array(placementPlan) })),
}));

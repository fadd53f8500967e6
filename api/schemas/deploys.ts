/** Deploys and versions as they are answered. */
import { z } from 'zod';
import { componentStates } from '../../spec/words.js';
import { diagnostic, named, timestamp } from './common.js';
import { driftSummary, placementState } from './observed.js';
import { rolloutGraph, rolloutKind, rolloutRef, rolloutSummary } from './rollouts.js';

export const deployItem = named('DeployItem', z.object({
  deploy_id: z.string(),
  name: z.string(),
  state: z.enum(['never_applied', 'in_sync', 'drifted', 'rolling_out', 'paused', 'failed']),
  active_version: z.int().nullable(),
  latest_version: z.int(),
  last_rollout: rolloutSummary.nullable(),
  drift: driftSummary,
  observed: z.partialRecord(z.enum(componentStates), z.int().min(0)).describe('How many placements are in which observed state'),
  updated_at: timestamp,
}));

export const versionItem = named('VersionItem', z.object({
  number: z.int(),
  kind: rolloutKind,
  parent: z.int().nullable(),
  component: z.string().nullable().describe('Of a rollback of one component: which one; everything else is as in the parent'),
  component_from: z.int().nullable().describe('The version that the component is taken from'),
  submitted_by: z.string(),
  created_at: timestamp,
  rollouts: z.array(rolloutRef),
}));

export const deployDetail = named('Deploy', deployItem.extend({
  description: z.string(),
  versions: z.array(versionItem),
  hosts: z.array(z.string()),
  components: z.array(z.string()),
  placements: z.array(placementState).describe('Observed state of every placement of the active version, or of the one rolled out last'),
}));

export const versionDetail = named('Version', versionItem.extend({
  yaml: z.string(),
  files: z.array(z.object({ path: z.string(), size: z.int(), sha256: z.string() })),
}));

export const versionCreated = named('VersionCreated', z.object({ deploy_id: z.string(), version: z.int() }));

export const validation = named('Validation', z.object({
  ok: z.boolean(),
  errors: z.array(diagnostic),
  warnings: z.array(diagnostic),
  graph: rolloutGraph.nullable(),
}));

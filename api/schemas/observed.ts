/** Observed state and drift as they are answered. */
import { z } from 'zod';
import { componentStates, driftKinds } from '../../spec/words.js';
import { named, timestamp } from './common.js';

export const driftSummary = named('DriftSummary', z.object({ placements: z.int().min(0).describe('How many placements left what was applied'), kinds: z.array(z.enum(driftKinds)) }));

export const placementState = named('PlacementState', z.object({
  host: z.string(),
  component: z.string(),
  state: z.enum(componentStates).describe('As its host sees it; host_offline when the host does not speak'),
  detail: z.string(),
  version: z.int().nullable().describe('The version it is compared with'),
  since: timestamp.nullable(),
  seen_at: timestamp.nullable(),
  kinds: z.array(z.enum(driftKinds)),
  fields: z.array(z.object({ field: z.string(), kind: z.enum(driftKinds), from: z.string().nullable(), to: z.string().nullable() })),
}));

export const driftDetail = named('Drift', z.object({ deploy_id: z.string(), version: z.int().nullable(), drifted: z.boolean(), kinds: z.array(z.enum(driftKinds)), placements: z.array(placementState) }));

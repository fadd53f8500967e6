/** What hosts send of what they see, with its limits; see messages.ts. */
import { z } from 'zod';
import { componentStates, driftKinds } from '../spec/words.js';
import { componentName, runId } from './messages.js';

export const statesBytesMax = 512 << 10;
export const statesMax = 200;
export const deployId = z.string().regex(/^dpl_[A-Za-z0-9_-]{16,64}$/);

const value = z.string().max(500).nullable();
const seen = componentStates.filter((state) => state !== 'host_offline');

const placementSeen = z.object({
  deploy_id: deployId, component: componentName, version: z.number().int().min(1), state: z.enum(seen), detail: z.string().max(500),
  drift: z.array(z.object({ field: z.string().max(4500), kind: z.enum(driftKinds), from: value, to: value })).max(20),
});

export const watchedQuery = z.object({ known: z.string().regex(/^[0-9a-f]{64}$/).optional() });
export const statesReport = z.object({ stream: z.string().regex(/^[0-9a-f]{12,32}$/), sequence: z.number().int().min(0).max(2_000_000_000), states: z.array(placementSeen).max(statesMax) });

export const logsBytesMax = 256 << 10;
const logLine = z.object({ stream: z.enum(['stdout', 'stderr', 'info']), ts: z.iso.datetime({ offset: true }).nullable(), text: z.string().max(20_000) });
export const logsReport = z.object({ request: z.string().regex(/^log_[A-Za-z0-9_-]{16,64}$/), position: z.number().int().min(1).max(1_000_000), lines: z.array(logLine).max(1000) });

export const removalsQuery = z.object({ run: runId });

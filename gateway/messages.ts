/** What hosts send, with its limits. Hosts are not trusted with sizes, shapes or names. */
import { z } from 'zod';
import { isPinValue, pinKinds } from '../spec/pins.js';
import { fileDiffNotes, fileDiffBytesMax } from '../spec/plan.js';
import { phases } from '../spec/words.js';

export const reportBytesMax = 256 << 10;
export const helloBytesMax = 16 << 10;
export const diffsBytesMax = 768 << 10;

export const componentName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/);
export const runId = z.string().regex(/^(rol|pln)_[A-Za-z0-9_-]{16,64}$/);

export const hello = z.object({
  facts: z.object({ docker: z.boolean(), systemd: z.boolean(), missing: z.array(z.string().max(200)).max(50) }),
  version: z.string().max(100),
  /** Digests of the roots that the host trusts. */
  trusts: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)).max(8).optional(),
});

/** Whoever sends log lines asks what must not be in them. */
const askingRun = z.string().regex(/^(rol|pln|log)_[A-Za-z0-9_-]{16,64}$/);

export const desiredQuery = z.object({ run: askingRun, component: componentName.optional(), content: z.enum(['0', '1', 'credential']).default('0') })
  .refine(({ content, component }) => content !== '1' || component !== undefined, { path: ['component'], message: 'content=1 needs a component' })
  // Whoever only reads logs fetches nothing.
  .refine(({ content, run }) => content !== 'credential' || !run.startsWith('log_'), { path: ['content'], message: 'content=credential needs a rollout or a plan' });

export const archiveQuery = z.object({ run: runId, component: componentName, sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const pin = z.object({ component: componentName, kind: z.enum(pinKinds), value: z.string().max(100) }).refine(isPinValue, { path: ['value'], message: 'not a digest or commit' });
export const pinRequest = z.object({ run: runId, pins: z.array(pin).min(1).max(1000) });

const line = z.object({ stream: z.enum(['stdout', 'stderr', 'info']), text: z.string() });
const common = { key: z.string().min(1).max(200), component: componentName, ts: z.iso.datetime({ offset: true }) };

const entry = z.discriminatedUnion('type', [
  z.object({ ...common, type: z.literal('step.output'), data: z.object({ lines: z.array(line).max(5000) }) }),
  z.object({ ...common, type: z.literal('step.phase'), data: z.object({ phase: z.enum(phases), state: z.enum(['started', 'ended']), duration_ms: z.number().min(0).optional(), detail: z.string().optional() }) }),
]);
export const report = z.object({ run: runId, entries: z.array(entry).max(1000) });

export type PinRequest = z.infer<typeof pinRequest>;
/** How the text files of a host's placements would change, for a plan that is being made. */
export const diffs = z.object({
  run: z.string().regex(/^pln_[A-Za-z0-9_-]{16,64}$/),
  files: z.array(z.object({ component: componentName, path: z.string().max(4096), unified_diff: z.string().max(2 * fileDiffBytesMax).nullable(), note: z.enum(fileDiffNotes).nullable() })).max(5000),
});

export type Diffs = z.infer<typeof diffs>;
export type Report = z.infer<typeof report>;
export type Hello = z.infer<typeof hello>;
export type DesiredQuery = z.infer<typeof desiredQuery>;
export type ArchiveQuery = z.infer<typeof archiveQuery>;

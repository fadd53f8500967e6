/** What the journal keeps, and its shape on disk. */
import { z } from 'zod';
import { errorCodes, type ErrorCode } from '../../spec/errors.js';
import type { Operation } from '../../spec/plan.js';
import { testStages, testStates, type TestResult } from '../../spec/test-results.js';
import { phases } from '../../spec/words.js';
import { publication } from '../publish/record.js';
import type { ActivateResult, OperateResult, StepFailure } from '../../workflows/shared.js';

const phaseTiming = z.object({ phase: z.enum(phases), duration_ms: z.number() });
const testResult: z.ZodType<TestResult> = z.object({ name: z.string(), when: z.enum(testStages), state: z.enum(testStates), blocking: z.boolean(), duration_ms: z.number(), detail: z.string() });
const tests = z.array(testResult).optional();
const errorCode = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);

export const stepFailure: z.ZodType<StepFailure> = z.object({
  code: errorCode, message: z.string(), fix: z.string(), phase: z.enum(phases).nullable(), put_back: z.boolean(), output_tail: z.string(), phases: z.array(phaseTiming), tests,
});
const activateResult: z.ZodType<ActivateResult> = z.object({ changed: z.boolean(), operations: z.array(z.string()), phases: z.array(phaseTiming), held: z.boolean().optional(), taken_back: z.boolean().optional(), tests });
const operateResult: z.ZodType<OperateResult> = z.object({ ok: z.boolean(), detail: z.string() });

const named = <Op extends string, Key extends string>(op: Op, key: Key) => z.object({ op: z.literal(op), [key]: z.string() } as { op: z.ZodLiteral<Op> } & Record<Key, z.ZodString>);
const operation: z.ZodType<Operation> = z.discriminatedUnion('op', [
  named('pull_image', 'image'), named('create_network', 'network'), named('write_file', 'path'), named('write_tree', 'dest'), named('switch_release', 'path'),
  named('create_container', 'name'), named('replace_container', 'name'), named('start_container', 'name'), named('restart_container', 'name'),
  named('switch_container', 'name'), named('publish_ports', 'name'), named('reload_container', 'name'), named('reload_unit', 'unit'),
  named('write_unit', 'unit'), named('switch_unit', 'unit'), named('start_unit', 'unit'), named('restart_unit', 'unit'), named('enable_unit', 'unit'),
  named('remove_owned_file', 'path'), z.object({ op: z.literal('check_health') }),
]);

const ownedTree = z.object({ dest: z.string(), strategy: z.enum(['overwrite', 'atomic', 'atomic_symlink']), releases: z.array(z.string()), files: z.array(z.string()) });

/** Component directories that are links of ours; none in a file that was written before there were any. */
const links = z.array(z.string()).default([]);

/** How things were before this attempt touched them; enough to put them back with nothing else at hand. */
const undoEntry = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('file'), path: z.string(), strategy: z.enum(['overwrite', 'atomic']),
    /** null: there was no such file. The content is kept in the journal's folder under its hash. */
    previous: z.object({ sha256: z.string(), mode: z.number(), uid: z.number(), gid: z.number() }).nullable(),
  }),
  z.object({ kind: z.literal('link'), dest: z.string(), previous: z.string().nullable() }),
  /** The component directory itself is the link. */
  z.object({ kind: z.literal('source_link'), path: z.string(), previous: z.string().nullable() }),
  z.object({
    kind: z.literal('unit'), unit: z.string(), existed: z.boolean(), was_active: z.boolean(), was_enabled: z.boolean(),
    /** Which start of the unit this was: another one now means that this attempt has started it already. */
    invocation: z.string(),
  }),
  z.object({
    kind: z.literal('container'), name: z.string(), how: z.enum(['deploy', 'restart', 'start', 'publish', 'reload']),
    /** The container that served before; null: there was none of ours. */
    old: z.object({ id: z.string(), name: z.string(), was_running: z.boolean(), started_at: z.string() }).nullable(),
    /** The old one goes on serving until the new one has taken over. */
    beside: z.boolean().optional(),
    /** What our rules published before; left out: this attempt has nothing to do with them. */
    published: publication.nullable().optional(),
    /** Words of the command that makes it read its files again. */
    reload: z.array(z.string()).optional(),
  }),
  z.object({
    kind: z.literal('slot'),
    /** The unit's name in the document, and the name of the new one; they are the same for one that is not to take turns. */
    front: z.string(), unit: z.string(),
    /** What the new one listens on; null: it does not take turns. */
    port: z.number().nullable(),
    /** Of the new one's name, as of a unit. */
    existed: z.boolean(), invocation: z.string(),
    /** The unit that served before, and the port that it listens on, as far as it is known; null: there was none of ours. */
    old: z.object({ unit: z.string(), was_active: z.boolean(), port: z.number().nullable() }).nullable(),
    published: publication.nullable(),
  }),
]);
export type UndoEntry = z.infer<typeof undoEntry>;

/**
 * One attempt at one placement. `forward`: going on with the stored operations; `undoing`: decided to put
 * things back; `committed`: the new one serves, only the old one's remains are left; `ended`: nothing left to do.
 */
const attemptRecord = z.object({
  run_id: z.string(), attempt: z.number(), version: z.number(), hash: z.string(),
  state: z.enum(['forward', 'undoing', 'committed', 'ended']),
  operations: z.array(operation),
  /** The release each `write_tree` makes and each `switch_release` switches to, by its dest or path. */
  releases: z.record(z.string(), z.string()),
  undo: z.array(undoEntry),
  /** What this placement owned before; an attempt that is undone gives back what it claimed. */
  owned_before: z.object({ units: z.array(z.string()), files: z.array(z.string()), trees: z.array(ownedTree), links }),
  /** Why it is undone; null when it was cancelled. */
  failure: stepFailure.nullable(),
  result: activateResult.nullable(),
  /** In a rollout that carries out a plan: how a failed attempt has left things, so that the next one does not take that for somebody else's doing. */
  left: z.object({ digest: z.string(), parts: z.record(z.string(), z.string()) }).optional(),
});
export type AttemptRecord = z.infer<typeof attemptRecord>;

/** `follows`: see spec/follow. */
const appliedRecord = z.object({ hash: z.string(), version: z.number(), follows: z.record(z.string(), z.string()).optional() });
export type AppliedRecord = z.infer<typeof appliedRecord>;

export const placementRecord = z.object({
  format: z.literal(1),
  deploy_id: z.string(), component: z.string(),
  applied: appliedRecord.nullable(),
  units: z.array(z.string()),
  files: z.array(z.string()),
  trees: z.array(ownedTree),
  links,
  /** Files that hold secrets, or ever did: their contents are never shown. Not known of a record that was written before they were noted. */
  secret_files: z.array(z.string()).optional(),
  attempt: attemptRecord.nullable(),
});
export type PlacementRecord = z.infer<typeof placementRecord>;

export const emptyRecord = (deployId: string, component: string): PlacementRecord =>
  ({ format: 1, deploy_id: deployId, component, applied: null, units: [], files: [], trees: [], links: [], secret_files: [], attempt: null });

/** As long as it is not known, all of them count. */
export const secretFilesOf = ({ secret_files: noted, files }: PlacementRecord): ReadonlySet<string> => new Set(noted ?? files);

/** What a placement has of its source: the commit that each version is pinned to, and the releases that were made of it. */
export const sourceRecord = z.object({
  format: z.literal(1),
  deploy_id: z.string(), component: z.string(),
  pins: z.array(z.object({ version: z.number(), source_hash: z.string(), commit: z.string() })),
  /** Oldest first; in the order in which they were made or switched to last. */
  releases: z.array(z.object({ name: z.string(), commit: z.string(), source_hash: z.string() })),
});
export type SourceRecord = z.infer<typeof sourceRecord>;

export const emptySource = (deployId: string, component: string): SourceRecord => ({ format: 1, deploy_id: deployId, component, pins: [], releases: [] });

/** The images of a placement, the one that was applied last at the end. `brought`: it was not here before we pulled it. */
export const imageRecord = z.object({
  format: z.literal(1),
  deploy_id: z.string(), component: z.string(),
  images: z.array(z.object({ reference: z.string(), brought: z.boolean(), applied: z.boolean() })),
});
export type ImageRecord = z.infer<typeof imageRecord>;

export const emptyImages = (deployId: string, component: string): ImageRecord => ({ format: 1, deploy_id: deployId, component, images: [] });

/** How an activity ended for good: told again to whoever repeats it. */
const outcome = z.discriminatedUnion('ended', [
  z.object({ ended: z.literal('activated'), result: activateResult }),
  z.object({ ended: z.literal('operated'), result: operateResult }),
  z.object({ ended: z.literal('failed'), failure: stepFailure }),
]);
export type Outcome = z.infer<typeof outcome>;

/** The mark of one run at one placement. */
export const runMark = z.object({
  format: z.literal(1), run_id: z.string(), deploy_id: z.string(), component: z.string(),
  highest_attempt: z.number(),
  /** By attempt. */
  outcomes: z.record(z.string(), outcome),
  /** How the tests before the change ended, by attempt. */
  tests: z.record(z.string(), z.array(testResult)).optional(),
});
export type RunMark = z.infer<typeof runMark>;

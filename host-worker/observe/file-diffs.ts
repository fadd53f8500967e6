/**
 * How the text of a plan's files would change, in lines. Never of a file that holds secrets or did, nor of one that this
 * placement did not make; and what secrets are known for this run are kept out of the rest.
 */
import { createTwoFilesPatch } from 'diff';
import type { DesiredFile, DesiredPlacement } from '../../spec/desired.js';
import type { ObservedFile, ObservedPlacement } from '../../spec/observed.js';
import { fileDiffBytesMax, hostDiffBytesMax, type FileDiff, type FileDiffNote, type PlacementPlan } from '../../spec/plan.js';
import type { ControlPlane } from '../control-plane/client.js';
import { redactor, type Redact } from '../control-plane/redact.js';
import { contentOf } from '../files/content.js';
import { readFileAt } from '../files/read-file.js';
import type { Journal } from '../journal/journal.js';
import { secretFilesOf } from '../journal/records.js';

export interface DiffDeps { control: Pick<ControlPlane, 'desired'>; journal: Journal }

/** A look has to be quick: what is not read by then is shown without its lines. */
const patienceMs = 8_000;
const textBytesMax = 256 << 10;
/** All contents of a component come at once. */
const contentBytesMax = 8 << 20;
const diffTimeoutMs = 300;

interface Changed { desired: DesiredPlacement; file: DesiredFile; found: ObservedFile }

/** In the order of the plans and their files; at most 512 KiB in all. */
export async function fileDiffs(deps: DiffDeps, run_id: string, desired: readonly DesiredPlacement[], observed: readonly ObservedPlacement[], plans: readonly PlacementPlan[], signal: AbortSignal): Promise<FileDiff[]> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const all: FileDiff[] = [];
  for (const [index, placement] of desired.entries()) {
    const changed = changedFiles(placement, observed[index], plans[index]);
    if (changed.length > 0) all.push(...(await diffsOf(deps, run_id, placement, changed, inTime)));
    signal.throwIfAborted();
  }
  return within(all);
}

function changedFiles(desired: DesiredPlacement, observed: ObservedPlacement | undefined, plan: PlacementPlan | undefined): Changed[] {
  const paths = new Set((plan?.files ?? []).filter(({ kind }) => kind !== 'foreign').map(({ path }) => path));
  return desired.files.filter(({ path }) => paths.has(path)).flatMap((file) => {
    const found = observed?.files.find(({ path }) => path === file.path);
    return found === undefined || found.kind === 'other' || (found.kind === 'file' && !found.owned) ? [] : [{ desired, file, found }];
  });
}

async function diffsOf({ control, journal }: DiffDeps, run_id: string, desired: DesiredPlacement, changed: readonly Changed[], signal: AbortSignal): Promise<FileDiff[]> {
  const { component } = desired;
  const secret = secretFilesOf(await journal.placement(desired));
  const open = changed.filter(({ file }) => file.keyed !== true && !secret.has(file.path));
  const size = [...desired.files, ...desired.trees.flatMap(({ files }) => files)].reduce((sum, file) => sum + file.size, 0);
  const withContent = open.length === 0 || size > contentBytesMax ? null : await contentsOf(control, run_id, component, signal);
  const redact = redactor(withContent?.redact ?? []);
  return Promise.all(changed.map(async ({ file, found }): Promise<FileDiff> => {
    if (!open.some((one) => one.file === file)) return { component, path: file.path, unified_diff: null, note: 'secret' };
    const full = withContent?.files.find(({ path, sha256 }) => path === file.path && sha256 === file.sha256);
    if (full === undefined) return { component, path: file.path, unified_diff: null, note: size > contentBytesMax ? 'too_large' : 'unavailable' };
    return { component, path: file.path, ...(await textDiff(full, found, redact).catch(() => without('unavailable'))) };
  }));
}

/** Null: they could not be had in time. A look at a host does not fail for that. */
async function contentsOf(control: DiffDeps['control'], run_id: string, component: string, signal: AbortSignal): Promise<DesiredPlacement | null> {
  const answer = await control.desired({ run_id, component, content: true }, signal).catch(() => []);
  return answer.find((placement) => placement.component === component) ?? null;
}

type Text = Pick<FileDiff, 'unified_diff' | 'note'>;
const without = (note: FileDiffNote): Text => ({ unified_diff: null, note });

async function textDiff(file: DesiredFile, found: ObservedFile, redact: Redact): Promise<Text> {
  const after = contentOf(file);
  const before = await readFileAt(file.path);
  const [was, seen] = [before.kind === 'file' ? before.sha256 : null, found.kind === 'file' ? found.sha256 : null];
  // It was changed since it was looked at, so that these lines would be of something else than the rest of the plan.
  if (was !== seen) return without('unavailable');
  const old = before.kind === 'file' ? before.bytes : Buffer.alloc(0);
  if (old.length > textBytesMax || after.length > textBytesMax) return without('too_large');
  const texts = [old, after].map(textOf);
  const [from, to] = texts;
  if (from == null || to == null) return without('binary');
  if (from === to) return { unified_diff: null, note: null };
  // Before they are compared, since values of several lines get marks in front of their lines; and after, since that is what is told.
  const patch = createTwoFilesPatch(before.kind === 'file' ? file.path : '/dev/null', file.path, redact(from), redact(to), undefined, undefined, { context: 3, timeout: diffTimeoutMs });
  return patch === undefined ? without('too_large') : cut(redact(patch));
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Null: no text. */
function textOf(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null;
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Whole lines from the beginning. */
function cut(patch: string): Text {
  const bytes = Buffer.from(patch);
  if (bytes.length <= fileDiffBytesMax) return { unified_diff: patch, note: null };
  const kept = bytes.subarray(0, bytes.lastIndexOf('\n', fileDiffBytesMax - 1) + 1).toString('utf8');
  return { unified_diff: kept, note: 'truncated' };
}

/** Counted as they travel. */
function within(diffs: readonly FileDiff[]): FileDiff[] {
  let bytes = 0;
  return diffs.map((diff) => {
    const size = Buffer.byteLength(JSON.stringify(diff.unified_diff ?? ''));
    if (bytes + size > hostDiffBytesMax) return { ...diff, ...without('truncated') };
    bytes += size;
    return diff;
  });
}

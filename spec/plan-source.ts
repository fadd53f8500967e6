/** What a source needs: the component directory compared with the release that the version asks for. */
import type { DesiredPlacement, DesiredSource } from './desired.js';
import type { ObservedPlacement, ObservedSource } from './observed.js';
import type { FieldChange, Operation } from './plan.js';
import { fieldChange } from './plan-fields.js';

export interface SourceChanges {
  fields: FieldChange[];
  reasons: string[];
  conflict: string | null;
  /** The flip to another release. */
  operations: Operation[];
  /** As it is, as far as can be told; but whoever changes anything else has to know which commit it is. */
  unsure: boolean;
  prepared: boolean;
}

const nothingToDo: SourceChanges = { fields: [], reasons: [], conflict: null, operations: [], unsure: false, prepared: true };

export function sourceChanges({ source, component_directory: path, version }: DesiredPlacement, observed: ObservedPlacement, drifted: boolean): SourceChanges {
  if (source === null) return nothingToDo;
  const found = observed.source ?? { path, kind: 'missing', owned: false, current: null, wanted_commit: null, trouble: null, prepared: false } satisfies ObservedSource;
  if (found.kind === 'other' || (found.kind === 'link' && !found.owned)) return foreign(path, found);
  const { prepared } = found;
  if (isAsked(source, found)) return { ...nothingToDo, reasons: doubt(source, found), unsure: found.wanted_commit === null, prepared };
  // The same content in a new version asks the ref anew: another commit is no drift then.
  const asApplied = drifted && (found.current === null || observed.applied_version === version);
  const kind = !asApplied ? 'desired' : found.kind === 'missing' ? 'missing' : 'changed';
  const fields = differences(source, found).map(({ field, from, to }) => fieldChange(field, kind, from, to));
  return { fields, reasons: [reasonFor(path, source, found, drifted), ...doubt(source, found)], conflict: null, operations: [{ op: 'switch_release', path }], unsure: false, prepared };
}

function foreign(path: string, { kind }: ObservedSource): SourceChanges {
  const conflict = `${path} exists${kind === 'link' ? ' as a symbolic link' : ''} and was not made by this deploy`;
  return { ...nothingToDo, fields: [fieldChange('source', 'foreign', path, path)], conflict };
}

/** With a repository that cannot be asked, what is there counts as asked for. */
const isAsked = ({ source_hash }: DesiredSource, { current, wanted_commit }: ObservedSource): boolean =>
  current !== null && current.source_hash === source_hash && (wanted_commit === null || current.commit === wanted_commit);

/** What people call what is wanted of a source. */
const wordFor = ({ type }: DesiredSource): string => (type === 'git' ? 'commit' : 'content');

const doubt = (source: DesiredSource, { trouble, current }: ObservedSource): string[] => {
  if (trouble === null) return [];
  const asked = source.type === 'git' ? 'the repository could not be asked' : 'the archive could not be looked at';
  return [`${asked}${current === null ? '' : ` whether ${wordFor(source)} ${short(current.commit)} is the latest`}: ${trouble}`];
};

interface Difference { field: string; from: string | null; to: string | null }

function differences(source: DesiredSource, { current, wanted_commit }: ObservedSource): Difference[] {
  const commit = current === null || current.commit !== wanted_commit ? [{ field: `source.${wordFor(source)}`, from: current?.commit ?? null, to: wanted_commit }] : [];
  const build = current !== null && current.source_hash !== source.source_hash ? [{ field: 'source.build', from: current.source_hash, to: source.source_hash }] : [];
  return [...commit, ...build];
}

const short = (commit: string): string => commit.slice(0, 12);

function reasonFor(path: string, source: DesiredSource, { kind, current, wanted_commit }: ObservedSource, drifted: boolean): string {
  const word = wordFor(source);
  if (kind === 'missing') return drifted ? `${path} is missing` : `${path} does not exist yet`;
  if (current === null) return `${path} does not point to a release of this deploy`;
  if (wanted_commit !== null && current.commit !== wanted_commit) return `${word} ${short(current.commit)} → ${short(wanted_commit)}`;
  return current.source_hash === source.source_hash ? `${word} ${short(current.commit)} has to be fetched again` : 'the source or its build differs';
}

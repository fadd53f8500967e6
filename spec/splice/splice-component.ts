/**
 * One component as it stood in another version, and everything else of a document byte for byte. Pure. What it made is
 * read again before it is answered: the component means what it meant, and the rest what it did.
 */
import { parseDocument, placements, type DeployDocument } from '../document/index.js';
import type { Diagnostic, ErrorCode } from '../errors.js';
import { canonicalJson } from '../hash.js';
import { splicedTexts } from './splice-text.js';

export interface SpliceSource { yaml: string; /** As people call it: `v3`. */ name: string }
export interface Refusal { code: ErrorCode; message: string; fix: string; errors?: Diagnostic[] }
export type Spliced = { yaml: string; document: DeployDocument } | { refused: Refusal };

const wholeDeploy = 'Roll back the whole deploy, or submit a new version with the section as it should be.';

export function spliceComponent(base: SpliceSource, from: SpliceSource, component: string): Spliced {
  const [now, then] = [readable(base), readable(from)];
  if ('refused' in now) return now;
  if ('refused' in then) return then;
  const missing = missingNames(now.document, then.document, { base, from, component });
  if (missing !== null) return { refused: missing };
  const made = splicedTexts(base.yaml, from.yaml, component).map((yaml) => ({ yaml, ...parseDocument(yaml) }));
  for (const { yaml, document } of made) if (document !== null && differences(document, now.document, then.document, component).length === 0) return { yaml, document };
  return { refused: whyNot(made.at(-1), { now: now.document, then: then.document }, { base, from, component }) };
}

function readable({ yaml, name }: SpliceSource): { document: DeployDocument } | { refused: Refusal } {
  const { document, errors } = parseDocument(yaml);
  return document === null ? { refused: { code: 'validation_error', message: `${name} cannot be read by this version of Maestro`, fix: 'Submit it again as a new version with the errors corrected.', errors } } : { document };
}

interface Names { base: SpliceSource; from: SpliceSource; component: string }

function missingNames(now: DeployDocument, then: DeployDocument, { base, from, component }: Names): Refusal | null {
  const section = then.components[component];
  if (section === undefined || !Object.hasOwn(then.components, component)) return { code: 'not_found', message: `${from.name} has no component "${component}"`, fix: `Use a version that has it; ${base.name}, which is active, ${Object.hasOwn(now.components, component) ? 'does' : 'does not, either'}.` };
  if (!placements(now).some((placement) => placement.component === component)) return { code: 'not_found', message: `${base.name}, which is active, places no component "${component}"`, fix: 'Roll back the whole deploy, or submit a new version that places it.' };
  const gone = section.depends_on.filter((name) => !Object.hasOwn(now.components, name));
  if (gone.length === 0) return null;
  return { code: 'dependency_missing', message: `${component} of ${from.name} depends on ${gone.join(', ')}, which ${base.name} does not have any more`, fix: 'Roll back the whole deploy, or submit a new version that has what it depends on.' };
}

/** What of the document is not as it should be: the component as it was then, everything else as it is now. */
function differences(made: DeployDocument, now: DeployDocument, then: DeployDocument, component: string): string[] {
  const { components, ...rest } = made;
  const { components: componentsNow, ...restNow } = now;
  const ids = Object.keys(componentsNow);
  if (canonicalJson(Object.keys(components)) !== canonicalJson(ids)) return ['the names of its components'];
  const others = ids.filter((id) => !isSame(components[id], (id === component ? then : now).components[id])).map((id) => (id === component ? wrongKeys(components[id], then.components[id]) : `the component ${id}`));
  return [...others, ...Object.keys({ ...rest, ...restNow }).filter((key) => !isSame(rest[key as keyof typeof rest], restNow[key as keyof typeof rest]))];
}

const isSame = (one: unknown, other: unknown): boolean => canonicalJson(one ?? null) === canonicalJson(other ?? null);

function wrongKeys(made: object | undefined, wanted: object | undefined): string {
  const [one, other] = [new Map(Object.entries(made ?? {})), new Map(Object.entries(wanted ?? {}))];
  return `its ${[...new Set([...one.keys(), ...other.keys()])].filter((key) => !isSame(one.get(key), other.get(key))).join(', ')}`;
}

function whyNot(made: { document: DeployDocument | null; errors: Diagnostic[] } | undefined, { now, then }: { now: DeployDocument; then: DeployDocument }, { base, from, component }: Names): Refusal {
  const cannot = `${component} of ${from.name} cannot stand in ${base.name}`;
  if (made === undefined) return { code: 'conflict', message: `${cannot}: its section is not written as "${component}:" below "components:"`, fix: wholeDeploy };
  const { document, errors } = made;
  if (document === null) return { code: 'validation_error', message: `${cannot}: ${errors[0]?.message ?? 'the document would not be valid'}`, fix: wholeDeploy, errors };
  const changed = differences(document, now, then, component);
  const defaults = isSame(now.defaults?.component, then.defaults?.component) ? '' : ', since defaults.component has changed';
  return { code: 'conflict', message: `${cannot} without a change of ${changed.join('; ')}${defaults}`, fix: wholeDeploy };
}

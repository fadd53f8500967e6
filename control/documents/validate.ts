/**
 * Validation (language.md §5) without any host: document, graph, and a dry run of every string and template.
 * Used by validate, submit, apply and by the rendering for hosts, so that they cannot disagree.
 */
import { documentGraph, graphCycle } from '../../spec/graph.js';
import type { RolloutGraph } from '../../spec/graph-types.js';
import { boundedFindings, parseDocument, unsupportedFeatures, type DeployDocument, type ParsedDocument } from '../../spec/document/index.js';
import { formatPath } from '../../spec/document/path.js';
import { MaestroError, type Diagnostic } from '../../spec/errors.js';
import type { BundleEntry } from '../../spec/resolve/placement.js';
import { type ArtifactLookup, renderDocument, type RenderedDocument } from '../rendering/render-document.js';
import { type Credentials, credentialsOf, noSources, type SecretSources } from '../rendering/credentials.js';
import { idleReferences, misplacedSecret } from '../../spec/secrets/references.js';
import { clashErrors } from './clashes.js';

export interface BundleContents {
  entries: readonly BundleEntry[];
  /** Texts of the bundle's files, for templates; binary files may be left out. */
  texts: Readonly<Record<string, string>>;
}

export interface Validation {
  ok: boolean;
  document: DeployDocument | null;
  errors: Diagnostic[];
  /** Includes every `unsupported_feature`: valid, but apply refuses it (see `assertApplicable`). */
  warnings: Diagnostic[];
  graph: RolloutGraph | null;
  rendered: RenderedDocument | null;
}

export interface ValidateOptions {
  deployId?: string;
  version?: number;
  /** For a rollback: the version that the content of a component is of, whose commits it takes. */
  contentVersion?: (component: string) => number;
  env?: Readonly<Record<string, string>>;
  /** Those that references may name; without them every reference is an error. */
  secrets?: SecretSources;
  /** Those that may be named; without it, none. */
  artifacts?: ArtifactLookup;
  /** Digests of what is secret are made under it; only those of a stored version mean anything. */
  digestKey?: string;
}

const noArtifacts: ArtifactLookup = () => Promise.resolve(new Map());

export async function validateBundle(text: string, bundle: BundleContents, options: ValidateOptions = {}): Promise<Validation> {
  const parsed = parseDocument(text);
  const { document, warnings } = parsed;
  if (document === null) return { ok: false, document, errors: parsed.errors, warnings, graph: null, rendered: null };
  const graph = documentGraph(document);
  const { deployId = '', version = 0, contentVersion = () => version, env = {}, secrets = noSources, artifacts = noArtifacts, digestKey = '' } = options;
  const credentials = await credentialsOf(document.credentials_ref, bundle.texts, secrets);
  const rendered = await renderDocument({ document, deployId, version, contentVersion, bundle: bundle.entries, texts: bundle.texts, env, credentials, artifacts, written: text, digestKey });
  const found = [...credentialErrors(credentials, parsed), ...idleErrors(document, parsed), ...graphErrors(graph, parsed), ...renderErrors(rendered, parsed), ...clashErrors(rendered.claims, parsed.locate)];
  const errors = found.filter(({ code }) => code !== 'unsupported_feature');
  const unsupported = [...unsupportedFeatures(document, parsed.locate), ...found.filter(({ code }) => code === 'unsupported_feature')];
  return { ok: errors.length === 0, document, errors: boundedFindings(errors), warnings: boundedFindings([...unsupported, ...warnings]), graph, rendered };
}

/** What apply asks for beyond validity: nothing in the document that this version would ignore. Throws MaestroError. */
export function assertApplicable(validation: Validation): void {
  if (!validation.ok) {
    throw new MaestroError('validation_error', 'the document is not valid', { fix: 'Correct the errors and submit a new version.', errors: validation.errors });
  }
  const unsupported = validation.warnings.filter(({ code }) => code === 'unsupported_feature');
  const [first] = unsupported;
  if (first !== undefined) {
    throw new MaestroError('unsupported_feature', `${first.path}: ${first.message}`, { fix: first.suggested_fix, errors: unsupported });
  }
}

function graphErrors(graph: RolloutGraph, { locate }: ParsedDocument): Diagnostic[] {
  const cycle = graphCycle(graph);
  if (cycle === null) return [];
  return [{ code: 'validation_error', path: 'deployment', ...locate(['deployment']), message: `placements wait for each other in a circle: ${cycle.join(' → ')}`, suggested_fix: 'depends_on and depends_on_hosts contradict each other: remove one of them.' }];
}

const credentialErrors = ({ wrong }: Credentials, { locate }: ParsedDocument): Diagnostic[] =>
  (wrong === null ? [] : [{ code: 'validation_error', path: 'credentials_ref', ...locate(['credentials_ref']), message: wrong.message, suggested_fix: wrong.fix }]);

function idleErrors(document: DeployDocument, { locate }: ParsedDocument): Diagnostic[] {
  return idleReferences(document).map((path) => {
    const { message, fix } = misplacedSecret(path);
    return { code: 'validation_error', path: formatPath(path), ...locate(path), message, suggested_fix: fix };
  });
}

function renderErrors({ problems }: RenderedDocument, { locate }: ParsedDocument): Diagnostic[] {
  return problems.map(({ component, path, message, fix, code }) => {
    const full = ['components', component, ...path];
    return { code: code ?? 'validation_error', path: formatPath(full), ...locate(full), message, suggested_fix: fix };
  });
}

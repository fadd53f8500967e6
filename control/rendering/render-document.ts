/**
 * A version rendered: every placement's desired state, and the contents of its rendered templates. Nothing of it is
 * stored; it is made again from the version whenever it is needed (a small cache spares the work).
 */
import { placementClaims, type PlacementClaims } from '../../spec/claims/placement-claims.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import { placementDemands, type PlacementDemands } from '../../spec/host-policy/placed.js';
import { placements, type Component, type DeployDocument } from '../../spec/document/index.js';
import { withFollowed } from '../../spec/follow.js';
import { resolvePlacement, type BundleEntry } from '../../spec/resolve/placement.js';
import type { Problem, ReportProblem } from '../../spec/resolve/problems.js';
import { secretsNamed, withBracedCredential } from '../../spec/secrets/references.js';
import { type Credentials, secretsFor } from './credentials.js';
import { digester, digestKeyOf } from './secret-texts.js';
import { stepId } from '../../spec/graph-types.js';
import { renderScopes, type RenderedScope, type Scope } from './stages.js';

export interface RenderSource {
  document: DeployDocument;
  deployId: string;
  version: number;
  /** See ValidateOptions. */
  contentVersion?: (component: string) => number;
  bundle: readonly BundleEntry[];
  texts: Readonly<Record<string, string>>;
  env: Readonly<Record<string, string>>;
  credentials: Credentials;
  /** See ValidateOptions. */
  artifacts: ArtifactLookup;
  /** The document as it is written, which has to name its artifacts. */
  written: string;
  /** See digestKeyOf. */
  digestKey: string;
}

/** Sizes of those that are there, by sha256. */
export type ArtifactLookup = (sha256s: readonly string[]) => Promise<ReadonlyMap<string, number>>;

export interface PlacementProblem extends Problem { component: string; host: string }
export interface RenderedDocument {
  placements: DesiredPlacement[];
  /** What each placement takes on its host. */
  claims: PlacementClaims[];
  /** What each placement asks of its host that has to be allowed. */
  demands: PlacementDemands[];
  /** Rendered texts by digest, with marks where secrets come to stand. */
  contents: ReadonlyMap<string, string>;
  /** The secrets that it names, with the versions that were used; null for one that is missing. */
  secrets: ReadonlyMap<string, number | null>;
  problems: PlacementProblem[];
}

export async function renderDocument(source: RenderSource): Promise<RenderedDocument> {
  const { document, env, bundle, texts, credentials } = source;
  const problems = new Map<string, PlacementProblem>();
  const report = ({ componentId: component, host }: Scope, problem: Problem): void => {
    // The same mistake on every host is told once.
    const key = JSON.stringify([component, problem.path, problem.message]);
    if (!problems.has(key)) problems.set(key, { ...problem, component, host });
  };
  const scopes = await renderScopes({ document, env, bundle, texts, credentials, report }, initialScopes(document));
  // What could not be rendered is not looked at any further.
  const place = ({ componentId }: Scope, { path }: Problem): string => JSON.stringify([componentId, path]);
  const failed = new Set([...problems.values()].map(({ component, path }) => JSON.stringify([component, path])));
  const contents = new Map<string, string>();
  const together = switchingTogether(document);
  const artifacts = await source.artifacts(artifactsIn(scopes ?? []));
  const resolved = (scopes ?? []).map((scope) => resolveScope({ ...source, sizes: artifacts, together }, contents, scope, (problem) => { if (!failed.has(place(scope, problem))) report(scope, problem); }));
  const claims = resolved.flatMap((placement, index) => claimsOf(source, scopes?.[index], placement));
  const demands = resolved.flatMap((placement, index) => demandsOf(scopes?.[index], placement));
  return { placements: withFollowed(resolved, (id) => document.components[id]?.depends_on ?? []), claims, demands, contents, secrets: new Map(secretsOf(document).map((path) => [credentials.place.prefix + path, credentials.secrets.get(credentials.place.prefix + path)?.version ?? null])), problems: [...problems.values()] };
}

/** Placements whose hosts switch together. */
const switchingTogether = (document: DeployDocument): ReadonlySet<string> =>
  new Set(placements(document).filter(({ binding }) => document.deployment[binding]?.strategy === 'blue_green').map(({ host, component }) => stepId(host, component)));

function initialScopes(document: DeployDocument): Scope[] {
  return placements(document).flatMap(({ host, component: componentId }) => {
    const component = document.components[componentId];
    return component === undefined ? [] : [{ host, componentId, component }];
  });
}

/** Also those that nothing writes anywhere: a deploy is refused when one that it names is missing. */
function secretsOf({ components }: DeployDocument): string[] {
  const texts = Object.values(components).map(withBracedCredential).flatMap(({ source, config, run, build }) => [...(source !== undefined && 'credentials_ref' in source ? [source.credentials_ref ?? ''] : []), ...Object.values(config.secrets), ...Object.values(run.env), ...build.flatMap(({ env }) => Object.values(env))]);
  return [...new Set(texts.flatMap((text) => secretsNamed(text)))].sort();
}

function resolveScope(source: RenderSource & { sizes: ReadonlyMap<string, number>; together: ReadonlySet<string> }, contents: Map<string, string>, { host, componentId, component, templates }: RenderedScope, report: ReportProblem): DesiredPlacement {
  const digestKey = digestKeyOf(source.digestKey, source.deployId, host);
  const digest = digester(secretsFor(source.credentials, componentId), digestKey, (sha256, text) => contents.set(sha256, text));
  refuseHiddenArtifact(source, component, report);
  const placement = resolvePlacement({
    deployId: source.deployId, project: source.document.project, version: source.version, ...(source.contentVersion === undefined ? {} : { contentVersion: source.contentVersion(componentId) }), host, componentId, component,
    ...addressOf(source.document, host), together: source.together.has(stepId(host, componentId)),
    bundle: source.bundle, artifacts: source.sizes, templates: component.config.templates.map((_, index) => { const text = templates[index]; return text === undefined ? undefined : digest(text); }), digest,
  }, report);
  return holdsSecrets(placement) ? { ...placement, digest_key: digestKey } : placement;
}

const addressOf = ({ hosts }: DeployDocument, host: string): { address?: string } => {
  const address = hosts[host]?.address;
  return address === undefined ? {} : { address };
};

const artifactsIn = (scopes: readonly RenderedScope[]): string[] => [...new Set(scopes.flatMap(({ component: { source } }) => (source?.type === 'artifact' ? [source.artifact_id] : [])))];

/** An artifact is kept for as long as the text of a living version names it: see control/artifacts. */
function refuseHiddenArtifact({ written }: RenderSource, { source }: Component, report: ReportProblem): void {
  if (source?.type !== 'artifact' || written.includes(source.artifact_id)) return;
  report({ path: ['source', 'artifact_id'], message: 'the id of the artifact does not stand in the document as a whole', fix: 'Write it out, here or in config.vars: an artifact is kept for as long as a version names it.' });
}

const holdsSecrets = ({ files, run, build }: DesiredPlacement): boolean =>
  files.some(({ keyed }) => keyed === true) || (run.type === 'docker' && run.secret_env !== undefined) || build.some(({ secret_env: secret }) => secret !== undefined);

const demandsOf = (scope: RenderedScope | undefined, placement: DesiredPlacement): PlacementDemands[] => (scope === undefined ? [] : [placementDemands(scope.component, placement)]);

const claimsOf = ({ bundle }: RenderSource, scope: RenderedScope | undefined, placement: DesiredPlacement): PlacementClaims[] =>
  (scope === undefined ? [] : [placementClaims(scope.component, bundle, placement)]);

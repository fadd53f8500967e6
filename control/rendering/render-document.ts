/**
 * A version rendered: every placement's desired state, and the contents of its rendered templates. Nothing of it is
 * stored; it is made again from the version whenever it is needed (a small cache spares the work).
 */
import { placementClaims, type PlacementClaims } from '../../spec/claims/placement-claims.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import { placements, type DeployDocument } from '../../spec/document/index.js';
import { sha256Hex } from '../../spec/hash.js';
import { resolvePlacement, type BundleEntry, type RenderedTemplate } from '../../spec/resolve/placement.js';
import type { Problem, ReportProblem } from '../../spec/resolve/problems.js';
import { renderScopes, type RenderedScope, type Scope } from './stages.js';

export interface RenderSource {
  document: DeployDocument;
  deployId: string;
  version: number;
  bundle: readonly BundleEntry[];
  texts: Readonly<Record<string, string>>;
  env: Readonly<Record<string, string>>;
}

export interface PlacementProblem extends Problem { component: string; host: string }
export interface RenderedDocument {
  placements: DesiredPlacement[];
  /** What each placement takes on its host. */
  claims: PlacementClaims[];
  /** Rendered template texts by sha256. */
  contents: ReadonlyMap<string, string>;
  problems: PlacementProblem[];
}

export async function renderDocument(source: RenderSource): Promise<RenderedDocument> {
  const { document, env, bundle, texts } = source;
  const problems = new Map<string, PlacementProblem>();
  const report = ({ componentId: component, host }: Scope, problem: Problem): void => {
    // The same mistake on every host is told once.
    const key = JSON.stringify([component, problem.path, problem.message]);
    if (!problems.has(key)) problems.set(key, { ...problem, component, host });
  };
  const scopes = await renderScopes({ document, env, bundle, texts, report }, initialScopes(document));
  // What could not be rendered is not looked at any further.
  const place = ({ componentId }: Scope, { path }: Problem): string => JSON.stringify([componentId, path]);
  const failed = new Set([...problems.values()].map(({ component, path }) => JSON.stringify([component, path])));
  const resolved = (scopes ?? []).map((scope) => resolveScope(source, scope, (problem) => { if (!failed.has(place(scope, problem))) report(scope, problem); }));
  const rendered = (scopes ?? []).flatMap(({ templates }) => templates).filter((text) => text !== undefined);
  const claims = resolved.flatMap((placement, index) => claimsOf(source, scopes?.[index], placement));
  return { placements: resolved, claims, contents: new Map(rendered.map((text) => [sha256Hex(text), text])), problems: [...problems.values()] };
}

function initialScopes(document: DeployDocument): Scope[] {
  return placements(document).flatMap(({ host, component: componentId }) => {
    const component = document.components[componentId];
    return component === undefined ? [] : [{ host, componentId, component }];
  });
}

function resolveScope(source: RenderSource, { host, componentId, component, templates }: RenderedScope, report: ReportProblem): DesiredPlacement {
  return resolvePlacement({
    deployId: source.deployId, project: source.document.project, version: source.version, host, componentId, component,
    bundle: source.bundle, templates: component.config.templates.map((_, index) => digestOf(templates[index])),
  }, report);
}

const claimsOf = ({ bundle }: RenderSource, scope: RenderedScope | undefined, placement: DesiredPlacement): PlacementClaims[] =>
  (scope === undefined ? [] : [placementClaims(scope.component, bundle, placement)]);

const digestOf = (text: string | undefined): RenderedTemplate | undefined => (text === undefined ? undefined : { sha256: sha256Hex(text), size: Buffer.byteLength(text) });

/**
 * A version rendered: every placement's desired state, and the contents of its rendered templates. Nothing of it is
 * stored; it is made again from the version whenever it is needed (a small cache spares the work).
 */
import type { DesiredPlacement } from '../../spec/desired.js';
import { placements, type DeployDocument } from '../../spec/document/index.js';
import { sha256Hex } from '../../spec/hash.js';
import { resolvePlacement, type BundleEntry, type RenderedTemplate } from '../../spec/resolve/placement.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { sharedContext, type Scope } from './context.js';
import { renderComponents, renderTemplates, renderVars, type RenderEnvironment } from './stages.js';

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
  /** Rendered template texts by sha256. */
  contents: ReadonlyMap<string, string>;
  problems: PlacementProblem[];
}

export async function renderDocument(source: RenderSource): Promise<RenderedDocument> {
  const problems: PlacementProblem[] = [];
  const report = ({ componentId: component, host }: Scope, problem: Problem): void => {
    const known = problems.some((other) => other.component === component && other.path.join('.') === problem.path.join('.') && other.message === problem.message);
    if (!known) problems.push({ ...problem, component, host });
  };
  const environment: RenderEnvironment = { shared: sharedContext(source.document, source.env), texts: source.texts, report };
  const scopes = await renderComponents(environment, await renderVars(environment, initialScopes(source.document)));
  const templates = await renderTemplates(environment, scopes);
  const resolved = scopes.map((scope, index) => resolveScope(source, scope, templates[index] ?? [], environment));
  const texts = templates.flat().filter((text) => text !== undefined);
  return { placements: resolved, contents: new Map(texts.map((text) => [sha256Hex(text), text])), problems };
}

function initialScopes(document: DeployDocument): Scope[] {
  return placements(document).flatMap(({ host, component: componentId }) => {
    const component = document.components[componentId];
    return component === undefined ? [] : [{ host, componentId, component, vars: component.config.vars }];
  });
}

function resolveScope(source: RenderSource, scope: Scope, templates: readonly (string | undefined)[], environment: RenderEnvironment): DesiredPlacement {
  return resolvePlacement({
    deployId: source.deployId, project: source.document.project, version: source.version, host: scope.host, componentId: scope.componentId, component: scope.component,
    bundle: source.bundle, templates: templates.map((text) => (text === undefined ? undefined : digestOf(text))),
  }, (problem) => environment.report(scope, problem));
}

const digestOf = (text: string): RenderedTemplate => ({ sha256: sha256Hex(text), size: Buffer.byteLength(text) });

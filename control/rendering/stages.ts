/** From a document to the jobs of the template machine, and from its answers back to components, texts and problems. */
import type { Component, DeployDocument } from '../../spec/document/index.js';
import type { Path } from '../../spec/document/path.js';
import type { BundleEntry } from '../../spec/resolve/placement.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { pathKey, renderedParts, templatesIn, withStrings } from './strings.js';
import { markSecrets, secretProblems } from './check-secrets.js';
import { type Credentials, secretsFor } from './credentials.js';
import { render, type RenderJob, type RenderOutcome } from './template-engine.js';

export interface Scope { host: string; componentId: string; component: Component }
/** Its component rendered; a template file that could not be rendered is undefined (and was reported). */
export interface RenderedScope extends Scope { templates: (string | undefined)[] }

export interface RenderEnvironment {
  document: DeployDocument;
  env: Readonly<Record<string, string>>;
  credentials: Credentials;
  bundle: readonly BundleEntry[];
  /** Text of every bundle file that a template may be or include. */
  texts: Readonly<Record<string, string>>;
  report(scope: Scope, problem: Problem): void;
}

const namesInScope = 'Correct the expression; names in scope are hosts, components, component, component_id, host_id, source, vars, config, secrets and env.';

/** Null when a template had to be stopped: nothing was rendered then. */
export async function renderScopes(environment: RenderEnvironment, written: readonly Scope[]): Promise<RenderedScope[] | null> {
  const { document, env, texts } = environment;
  const marked = new Map(Object.entries(document.components).map(([id, component]) => [id, markSecrets(component, { ...environment.credentials, secrets: secretsFor(environment.credentials, id) })]));
  for (const scope of written) for (const problem of marked.get(scope.componentId)?.problems ?? []) environment.report(scope, problem);
  const scopes = written.map((scope) => ({ ...scope, component: marked.get(scope.componentId)?.component ?? scope.component }));
  const strings = new Map([...marked].map(([id, { component }]) => [id, stringsOf(component)]));
  const jobs = scopes.flatMap((scope, placement) => jobsOf(scope, strings.get(scope.componentId) ?? [], placement));
  const components = Object.fromEntries([...marked].map(([id, { component }]) => [id, component]));
  const answer = await render({
    hosts: document.hosts, env, components, files: new Map(Object.entries(texts)),
    placements: scopes.map(({ host, componentId }) => ({ host, component: componentId })), jobs,
  });
  if ('stopped' in answer) {
    const job = jobs[answer.stopped];
    const scope = scopes[job?.placement ?? 0];
    if (scope !== undefined) environment.report(scope, { path: pathOf(job), message: `the template was stopped: ${answer.message}`, fix: 'Look for a loop that does not end, a template that includes itself, or a very large text.' });
    return null;
  }
  const rendered = scopes.map((scope): Rendering => ({ scope, strings: new Map(), templates: [] }));
  jobs.forEach((job, index) => take(environment, rendered[job.placement], job, answer.outcomes[index]));
  return rendered.map(({ scope, strings: texts, templates }) => {
    const made = { ...scope, component: withStrings(scope.component, texts), templates };
    for (const problem of secretProblems(made, secretsFor(environment.credentials, made.componentId))) environment.report(scope, problem);
    return made;
  });
}

interface Rendering { scope: Scope; strings: Map<string, string>; templates: (string | undefined)[] }

const stringsOf = (component: Component): Path[] => templatesIn(renderedParts(component)).map(({ path }) => path);

const jobsOf = ({ component }: Scope, paths: readonly Path[], placement: number): RenderJob[] =>
  [...paths.map((path) => ({ placement, path })), ...component.config.templates.map((_, template) => ({ placement, template }))];

function pathOf(job: RenderJob | undefined): Path {
  if (job === undefined) return [];
  return 'path' in job ? job.path : ['config', 'templates', job.template, 'source'];
}

function take(environment: RenderEnvironment, rendering: Rendering | undefined, job: RenderJob, outcome: RenderOutcome | undefined): void {
  if (rendering === undefined || outcome === undefined) return;
  const { scope, strings, templates } = rendering;
  if ('template' in job) templates[job.template] = outcome.ok ? outcome.text : undefined;
  else if (outcome.ok) strings.set(pathKey(job.path), outcome.text);
  if (!outcome.ok) environment.report(scope, problemOf(environment, scope, job, outcome));
}

function problemOf({ bundle }: RenderEnvironment, { component }: Scope, job: RenderJob, outcome: Extract<RenderOutcome, { ok: false }>): Problem {
  const path = pathOf(job);
  if (outcome.missing !== undefined) return missingFile(bundle, path, outcome.missing);
  if ('template' in job) return { path, message: `${component.config.templates[job.template]?.source ?? ''}: ${outcome.message}`, fix: 'Correct the template.' };
  return { path, message: outcome.message, fix: namesInScope };
}

function missingFile(bundle: readonly BundleEntry[], path: Path, name: string): Problem {
  return bundle.some((entry) => entry.path === name)
    ? { path, message: `"${name}" is not a text of at most 256 KiB`, fix: 'Copy it with config.files, which takes any file.' }
    : { path, message: `the bundle has no file "${name}"`, fix: 'Add the template to the bundle, next to the YAML, or correct the path.' };
}

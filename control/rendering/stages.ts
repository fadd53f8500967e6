/** The three stages of rendering, each over all placements at once, since starting a template machine is what costs. */
import type { Component } from '../../spec/document/index.js';
import type { Path } from '../../spec/document/path.js';
import { bundlePath } from '../../spec/resolve/paths.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { fullContext, templateContext, varsContext, type Scope } from './context.js';
import { mapStrings, stringsIn } from './strings.js';
import { renderBatch, type RenderOutcome } from './template-engine.js';

export interface RenderEnvironment {
  shared: Readonly<Record<string, unknown>>;
  /** Text of every bundle file that a template may be or include. */
  texts: Readonly<Record<string, string>>;
  report(scope: Scope, problem: Problem): void;
}

const namesInScope = 'Correct the name; names in scope are hosts, components, component, component_id, host_id, source, vars, secrets and env.';

/** Renders every string in one value per scope. */
async function renderValues<T>(environment: RenderEnvironment, scopes: readonly Scope[], valueOf: (scope: Scope) => T, contextOf: (scope: Scope) => Record<string, unknown>, prefix: Path): Promise<T[]> {
  const found = scopes.map((scope) => stringsIn(valueOf(scope)).filter(({ path, text }) => !refuseSecret(environment, scope, [...prefix, ...path], text)));
  const outcomes = await renderBatch({
    jobs: found.flatMap((strings, scope) => strings.map(({ text }) => ({ text, scope }))),
    shared: environment.shared, scopes: scopes.map(contextOf), files: {},
  });
  return scopes.map((scope, index) => {
    const byPath = new Map((found[index] ?? []).map(({ path }) => [JSON.stringify(path), outcomes.shift()]));
    return mapStrings(valueOf(scope), (text, path) => textOf(byPath.get(JSON.stringify(path)), text, (message) =>
      environment.report(scope, { path: [...prefix, ...path], message: `${message}: ${text.slice(0, 120)}`, fix: namesInScope })));
  });
}

function textOf(outcome: RenderOutcome | undefined, original: string, report: (message: string) => void): string {
  if (outcome === undefined) return original;
  if (outcome.ok) return outcome.text;
  report(outcome.message);
  return original;
}

const secretReference = /\{\{-?\s*vault:\/\//;

function refuseSecret(environment: RenderEnvironment, scope: Scope, path: Path, text: string): boolean {
  if (!secretReference.test(text)) return false;
  environment.report(scope, { path, message: 'references to secrets are not supported yet', fix: 'Remove the reference until a version of Maestro that supports it is installed.', code: 'unsupported_feature' });
  return true;
}

/** Variables may use hosts and each other: passes go on until nothing changes; what is left then is a circle. */
export async function renderVars(environment: RenderEnvironment, scopes: readonly Scope[]): Promise<Scope[]> {
  const maxPasses = 10;
  let current = [...scopes];
  for (let pass = 0; pass < maxPasses && current.some(({ vars }) => hasMarks(vars)); pass += 1) {
    const rendered = await renderValues(environment, current, ({ vars }) => vars, varsContext, ['config', 'vars']);
    const before = JSON.stringify(current.map(({ vars }) => vars));
    current = current.map((scope, index) => ({ ...scope, vars: rendered[index] ?? scope.vars }));
    if (JSON.stringify(rendered) === before) break;
  }
  for (const scope of current) reportCircle(environment, scope);
  return current.map((scope) => ({ ...scope, component: { ...scope.component, config: { ...scope.component.config, vars: scope.vars } } }));
}

const hasMarks = (value: unknown): boolean => stringsIn(value).some(({ text }) => text.includes('{{'));

function reportCircle(environment: RenderEnvironment, scope: Scope): void {
  for (const { path, text } of stringsIn(scope.vars)) {
    if (text.includes('{{')) environment.report(scope, { path: ['config', 'vars', ...path], message: 'this variable could not be resolved: variables refer to each other in a circle, or to something undefined', fix: 'Break the circle.' });
  }
}

export async function renderComponents(environment: RenderEnvironment, scopes: readonly Scope[]): Promise<Scope[]> {
  const sections = ({ component: { source, build, run, healthcheck, tests, config: { templates, files } } }: Scope) => ({ source, build, run, healthcheck, tests, config: { templates, files } });
  const rendered = await renderValues(environment, scopes, sections, fullContext, []);
  return scopes.map((scope, index) => ({ ...scope, component: merge(scope.component, rendered[index]) }));
}

const merge = (component: Component, rendered: (Omit<Partial<Component>, 'config'> & { config: Pick<Component['config'], 'templates' | 'files'> }) | undefined): Component =>
  rendered === undefined ? component : { ...component, ...rendered, config: { ...component.config, ...rendered.config } };

/** The rendered template texts of each scope; undefined where a template failed (and was reported). */
export async function renderTemplates(environment: RenderEnvironment, scopes: readonly Scope[]): Promise<(string | undefined)[][]> {
  const sources = scopes.map((scope) => scope.component.config.templates.map((template) => environment.texts[bundlePath(template.source) ?? '']));
  const outcomes = await renderBatch({
    jobs: sources.flatMap((texts, scope) => texts.map((text) => ({ text: text ?? '', scope }))),
    shared: {}, scopes: scopes.map((scope) => templateContext(scope, environment.shared)), files: environment.texts,
  });
  return scopes.map((scope, index) => (sources[index] ?? []).map((text, at) => {
    const outcome = outcomes.shift();
    const path = ['config', 'templates', at, 'source'];
    const name = scope.component.config.templates[at]?.source ?? '';
    if (text === undefined) environment.report(scope, { path, message: `the bundle has no file "${name}"`, fix: 'Add the template to the bundle, next to the YAML, or correct the path.' });
    else if (outcome?.ok !== true) environment.report(scope, { path, message: `${name}: ${outcome?.message ?? 'no answer'}`, fix: 'Correct the template.' });
    return text !== undefined && outcome?.ok === true ? outcome.text : undefined;
  }));
}

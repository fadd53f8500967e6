/** The names a template may use (language.md §4). */
import type { Component, DeployDocument } from '../../spec/document/index.js';

/** One placement on its way: its component and variables are replaced by their rendered form stage by stage. */
export interface Scope { host: string; componentId: string; component: Component; vars: Record<string, unknown> }

/** What every scope sees. */
export const sharedContext = (document: DeployDocument, env: Readonly<Record<string, string>>): Record<string, unknown> =>
  ({ hosts: document.hosts, components: document.components, env });

/** While variables are being resolved there is nothing but hosts and variables. */
export const varsContext = ({ host, componentId, vars }: Scope): Record<string, unknown> =>
  ({ host_id: host, component_id: componentId, vars, config: { vars } });

export const fullContext = (scope: Scope): Record<string, unknown> =>
  ({ ...varsContext(scope), component: scope.component, source: scope.component.source, config: { vars: scope.vars, secrets: {} }, secrets: {} });

/** In template files each variable is also in scope by its bare name; a name of Maestro's own is not shadowed. */
export const templateContext = (scope: Scope, shared: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  ({ ...scope.vars, ...shared, ...fullContext(scope) });

/** `MAESTRO_TEMPLATE_ENV=NAME,OTHER`: the control plane's variables that templates may read. */
export function allowedEnv(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = (environment['MAESTRO_TEMPLATE_ENV'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  return Object.fromEntries(names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}

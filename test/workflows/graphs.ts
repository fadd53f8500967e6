/** Rollout graphs for tests: from a document, or drawn by hand. */
import { parseDocument } from '../../spec/document/index.js';
import { documentGraph } from '../../spec/graph.js';
import type { GraphStep, RolloutGraph } from '../../spec/graph-types.js';
import { splitStepId } from '../../spec/walker.js';

/** The graph the control plane makes of this deployment; components have nothing but an image. */
export function documentToGraph(hosts: readonly string[], components: Readonly<Record<string, readonly string[]>>, bindings: readonly string[]): RolloutGraph {
  const text = [
    'api_version: maestro/v1', 'project: shop',
    `hosts: { ${hosts.map((host) => `${host}: {}`).join(', ')} }`,
    'components:',
    ...Object.entries(components).map(([id, dependencies]) =>
      `  ${id}: { source: { type: docker, image: nginx }, run: { type: docker, container_name: ${id} }, depends_on: [${dependencies.join(', ')}] }`),
    'deployment:', ...bindings.map((binding) => `  - { ${binding} }`), '',
  ].join('\n');
  const { document, errors } = parseDocument(text);
  if (document === null) throw new Error(errors.map(({ message }) => message).join('; '));
  return documentGraph(document);
}

/** `{ 'h1/web': ['h1/db'] }`: web waits until db is green. */
export function graphOf(steps: Readonly<Record<string, readonly string[]>>): RolloutGraph {
  return {
    steps: Object.entries(steps).map(([id, waitsFor]): GraphStep => {
      const [host = '', component = ''] = splitStepId(id);
      return { id, host, component, binding: 0, waits_for: waitsFor.map((from) => ({ from, reason: 'depends_on', needs_green: true })) };
    }),
  };
}

/** `count` hosts `h1…` with the same components on each, nothing waiting for anything. */
export function flatGraph(hosts: readonly string[], components: number): RolloutGraph {
  return graphOf(Object.fromEntries(hosts.flatMap((host) => Array.from({ length: components }, (_, index) => [`${host}/c${index + 1}`, []]))));
}

export const hostNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `h${index + 1}`);

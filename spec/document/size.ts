/** How large the rollout graph of a document would be, from the numbers alone: known before anything is built. */
import { bindingHosts } from './placements.js';
import type { DeployDocument } from './schema.js';

export const maxPlacements = 5000;
/** A step waits for every placement it depends on: hosts × hosts of them for one `depends_on`. */
export const maxEdges = 300_000;

export interface GraphSize { placements: number; edges: number }

export function graphSize(document: DeployDocument): GraphSize {
  const bindings: { hosts: string[]; components: readonly string[]; waitsFor: readonly string[]; sequential: boolean }[] = [];
  let placements = 0;
  for (const binding of document.deployment) {
    const hosts = bindingHosts(document, binding);
    placements += hosts.length * binding.components.length;
    if (placements > maxPlacements) return { placements, edges: 0 };
    bindings.push({ hosts, components: binding.components, waitsFor: binding.depends_on_hosts, sequential: binding.strategy === 'sequential' });
  }
  const perHost = new Map<string, number>();
  const perComponent = new Map<string, number>();
  for (const { hosts, components } of bindings) {
    for (const host of hosts) add(perHost, host, components.length);
    for (const component of components) add(perComponent, component, hosts.length);
  }
  const edges = bindings.map(({ hosts, components, waitsFor, sequential }) => {
    const forHosts = components.length * sum(waitsFor, perHost);
    const forComponents = components.reduce((total, id) => total + sum(document.components[id]?.depends_on ?? [], perComponent), 0);
    return hosts.length * (forHosts + forComponents + (sequential ? components.length * (components.length + 1) : 0));
  });
  return { placements, edges: edges.reduce((total, count) => total + count, 0) };
}

const add = (counts: Map<string, number>, key: string, count: number): unknown => counts.set(key, (counts.get(key) ?? 0) + count);
const sum = (keys: readonly string[], counts: ReadonlyMap<string, number>): number => keys.reduce((total, key) => total + (counts.get(key) ?? 0), 0);

/** How large the rollout of a document would be, from the numbers alone: known before anything is built. */
import { bindingHosts, hostGroups, type HostGroup } from './placements.js';
import type { Component, DeployDocument } from './schema.js';

export const maxPlacements = 5000;
/** A step waits for every placement it depends on: hosts × hosts of them for one `depends_on`. */
export const maxEdges = 300_000;

/** Of all placements, each with its component written out. */
export const maxBytes = 16 * 1024 * 1024;

export interface GraphSize { placements: number; edges: number; bytes: number }

export function graphSize(document: DeployDocument): GraphSize {
  const bindings: { hosts: string[]; components: readonly string[]; waitsFor: readonly string[] }[] = [];
  let placements = 0;
  for (const binding of document.deployment) {
    const hosts = bindingHosts(document, binding);
    placements += hosts.length * binding.components.length;
    if (placements > maxPlacements) return { placements, edges: 0, bytes: 0 };
    bindings.push({ hosts, components: binding.components, waitsFor: binding.depends_on_hosts });
  }
  const perHost = new Map<string, number>();
  const perComponent = new Map<string, number>();
  for (const { hosts, components } of bindings) {
    for (const host of hosts) add(perHost, host, components.length);
    for (const component of components) add(perComponent, component, hosts.length);
  }
  const dependences = bindings.map(({ hosts, components, waitsFor }) => {
    const forComponents = components.map((id) => sum(componentOf(document, id)?.depends_on ?? [], perComponent));
    return hosts.length * (components.length * sum(waitsFor, perHost) + total(forComponents));
  });
  const bytes = [...perComponent].map(([id, hosts]) => hosts * JSON.stringify(componentOf(document, id) ?? null).length);
  return { placements, edges: total(dependences) + total(hostGroups(document).map(orderEdges)), bytes: total(bytes) };
}

/** A binding may name what does not exist (that is told elsewhere), even `constructor`, which every object has. */
const componentOf = ({ components }: DeployDocument, id: string): Component | undefined => (Object.hasOwn(components, id) ? components[id] : undefined);

/** One component after the other on each host, and every one of a host after all of the host before. */
const orderEdges = ({ strategy, hosts, components }: HostGroup): number =>
  strategy === 'sequential' ? hosts.length * components.length + (hosts.length - 1) * components.length ** 2 : 0;

const add = (counts: Map<string, number>, key: string, count: number): unknown => counts.set(key, (counts.get(key) ?? 0) + count);
const total = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
const sum = (keys: readonly string[], counts: ReadonlyMap<string, number>): number => total(keys.map((key) => counts.get(key) ?? 0));

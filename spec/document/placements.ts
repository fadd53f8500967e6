/** Which component goes where: bindings with their hosts named, by id or by tag. */
import type { Binding, DeployDocument } from './schema.js';

/** The hosts of one binding, in document order, each once. */
export function bindingHosts(document: DeployDocument, binding: Binding): string[] {
  if (binding.host !== undefined) return [binding.host];
  if (binding.hosts !== undefined) return [...new Set(binding.hosts)];
  const [first = '', ...others] = binding.tags ?? [];
  const tagged = hostsByTag(document.hosts);
  const rest = others.map((tag) => tagged.get(tag));
  return [...(tagged.get(first) ?? [])].filter((id) => rest.every((ids) => ids?.has(id)));
}

const indexes = new WeakMap<DeployDocument['hosts'], Map<string, Set<string>>>();

/** Made once for a document: thousands of bindings may ask. */
function hostsByTag(hosts: DeployDocument['hosts']): Map<string, Set<string>> {
  const known = indexes.get(hosts);
  if (known !== undefined) return known;
  const index = new Map<string, Set<string>>();
  for (const [id, { tags }] of Object.entries(hosts)) for (const tag of tags) index.set(tag, (index.get(tag) ?? new Set()).add(id));
  indexes.set(hosts, index);
  return index;
}

export interface Placement { host: string; component: string; binding: number }

/** Every (host, component) of the document, in document order. */
export function placements(document: DeployDocument): Placement[] {
  return document.deployment.flatMap((binding, index) =>
    bindingHosts(document, binding).flatMap((host) => binding.components.map((component) => ({ host, component, binding: index }))));
}

/** The hosts a deploy touches. */
export const documentHosts = (document: DeployDocument): string[] => [...new Set(placements(document).map(({ host }) => host))];

export interface HostGroup { strategy: Binding['strategy']; components: readonly string[]; bindings: number[]; hosts: string[] }

/** The hosts of one binding, or of the bindings that place the same components with the same strategy. */
export function hostGroups(document: DeployDocument): HostGroup[] {
  const groups = new Map<string, Omit<HostGroup, 'hosts'> & { hosts: Set<string> }>();
  document.deployment.forEach((binding, index) => {
    const { strategy, components } = binding;
    const key = JSON.stringify([strategy, [...components].sort()]);
    const group = groups.get(key) ?? { strategy, components, bindings: [], hosts: new Set() };
    group.bindings.push(index);
    for (const host of bindingHosts(document, binding)) group.hosts.add(host);
    groups.set(key, group);
  });
  return [...groups.values()].map((group) => ({ ...group, hosts: [...group.hosts] }));
}

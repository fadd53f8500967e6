import type { Binding, DeployDocument } from './schema.js';

/** The hosts of one binding, in document order, each once. */
export function bindingHosts(document: DeployDocument, binding: Binding): string[] {
  if (binding.host !== undefined) return [binding.host];
  if (binding.hosts !== undefined) return [...new Set(binding.hosts)];
  const wanted = binding.tags ?? [];
  return Object.entries(document.hosts).filter(([, { tags }]) => wanted.every((tag) => tags.includes(tag))).map(([id]) => id);
}

export interface Placement { host: string; component: string; binding: number }

/** Every (host, component) of the document, in document order. */
export function placements(document: DeployDocument): Placement[] {
  return document.deployment.flatMap((binding, index) =>
    bindingHosts(document, binding).flatMap((host) => binding.components.map((component) => ({ host, component, binding: index }))));
}

/** The hosts a deploy touches. */
export const documentHosts = (document: DeployDocument): string[] => [...new Set(placements(document).map(({ host }) => host))];

/**
 * From document to rollout graph (language.md §6): one step per placement, and for each the steps it waits for.
 * Two kinds of edge: dependence (`depends_on`, `depends_on_hosts`, a sequential host group) needs the other green;
 * order inside a sequential binding only needs the other to have ended, so that a failure stops exactly what depends on it.
 */
import { bindingHosts, type Binding, type DeployDocument } from './document/index.js';
import { findCycle, topologicalOrder } from './document/cycles.js';
import { stepId, type Edge, type GraphStep, type RolloutGraph } from './graph-types.js';

export function documentGraph(document: DeployDocument): RolloutGraph {
  const steps = document.deployment.flatMap((binding, index) => bindingSteps(document, binding, index));
  const byId = new Map(steps.map((step) => [step.id, step]));
  for (const step of steps) {
    componentEdges(document, steps, step);
    hostEdges(document, steps, step);
  }
  for (const binding of document.deployment) sequentialEdges(document, binding, byId);
  for (const group of hostGroups(document)) groupEdges(document, group, byId);
  return { steps };
}

function bindingSteps(document: DeployDocument, binding: Binding, index: number): GraphStep[] {
  return bindingHosts(document, binding).flatMap((host) =>
    binding.components.map((component) => ({ id: stepId(host, component), host, component, binding: index, waits_for: [] })));
}

/** The first reason that makes a step wait for another is kept, and a dependence wins over mere order. */
function addEdge(step: GraphStep, edge: Edge): void {
  if (edge.from === step.id) return;
  const known = step.waits_for.find(({ from }) => from === edge.from);
  if (known === undefined) step.waits_for.push(edge);
  else if (edge.needs_green && !known.needs_green) Object.assign(known, edge);
}

function componentEdges(document: DeployDocument, steps: readonly GraphStep[], step: GraphStep): void {
  const dependencies = document.components[step.component]?.depends_on ?? [];
  for (const other of steps) {
    if (dependencies.includes(other.component)) addEdge(step, { from: other.id, reason: 'depends_on', needs_green: true });
  }
}

function hostEdges(document: DeployDocument, steps: readonly GraphStep[], step: GraphStep): void {
  const hosts = document.deployment[step.binding]?.depends_on_hosts ?? [];
  for (const other of steps) {
    if (hosts.includes(other.host)) addEdge(step, { from: other.id, reason: 'depends_on_hosts', needs_green: true });
  }
}

/** An edge that only orders yields to dependence: it is left out where the other already waits for this step. */
function addOrder(byId: ReadonlyMap<string, GraphStep>, step: GraphStep, edge: Edge): void {
  if (!waitsTransitively(byId, edge.from, step.id)) addEdge(step, edge);
}

function waitsTransitively(byId: ReadonlyMap<string, GraphStep>, id: string, target: string): boolean {
  const seen = new Set<string>();
  const queue = [id];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next === target) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(byId.get(next)?.waits_for.map(({ from }) => from) ?? []));
  }
  return false;
}

/** The steps that wait for each other in a circle, or null. Possible when depends_on contradicts depends_on_hosts. */
export function graphCycle(graph: RolloutGraph): string[] | null {
  const byId = new Map(graph.steps.map((step) => [step.id, step]));
  return findCycle([...byId.keys()], (id) => byId.get(id)?.waits_for.map(({ from }) => from) ?? []);
}

const dependsOn = (document: DeployDocument) => (component: string): readonly string[] => document.components[component]?.depends_on ?? [];

/** `sequential`: one component at a time on each host, in topological order; document order breaks ties. */
function sequentialEdges(document: DeployDocument, binding: Binding, byId: ReadonlyMap<string, GraphStep>): void {
  if (binding.strategy !== 'sequential') return;
  const order = topologicalOrder(binding.components, dependsOn(document));
  for (const host of bindingHosts(document, binding)) {
    order.slice(1).forEach((component, index) => {
      const step = byId.get(stepId(host, component));
      if (step !== undefined) addOrder(byId, step, { from: stepId(host, order[index] ?? ''), reason: 'sequential', needs_green: false });
    });
  }
}

interface HostGroup { strategy: Binding['strategy']; bindings: number[]; hosts: string[] }

/** The hosts of one binding, or of the bindings that place the same components with the same strategy. */
export function hostGroups(document: DeployDocument): HostGroup[] {
  const groups = new Map<string, HostGroup>();
  document.deployment.forEach((binding, index) => {
    const key = JSON.stringify([binding.strategy, [...binding.components].sort()]);
    const group = groups.get(key) ?? { strategy: binding.strategy, bindings: [], hosts: [] };
    group.bindings.push(index);
    group.hosts.push(...bindingHosts(document, binding).filter((host) => !group.hosts.includes(host)));
    groups.set(key, group);
  });
  return [...groups.values()];
}

/** A sequential group walks its hosts one by one, each waiting until the one before is green. */
function groupEdges(document: DeployDocument, group: HostGroup, byId: ReadonlyMap<string, GraphStep>): void {
  if (group.strategy !== 'sequential' || group.hosts.length < 2) return;
  const inGroup = [...byId.values()].filter((step) => group.bindings.includes(step.binding));
  // Written order may contradict depends_on_hosts or depends_on; what depends comes later.
  const order = topologicalOrder(group.hosts, (host) => reachableHosts(document, host));
  order.slice(1).forEach((host, index) => {
    const before = order[index];
    for (const step of inGroup.filter((candidate) => candidate.host === host)) {
      for (const other of inGroup.filter((candidate) => candidate.host === before)) {
        addOrder(byId, step, { from: other.id, reason: 'host_group', needs_green: true });
      }
    }
  });
}

/** Hosts that must be green before any binding of this host may start, transitively. */
function reachableHosts(document: DeployDocument, host: string): string[] {
  const seen = new Set<string>();
  const queue = [host];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const binding of document.deployment) {
      if (!bindingHosts(document, binding).includes(next)) continue;
      for (const other of binding.depends_on_hosts) {
        if (!seen.has(other)) queue.push(other);
        seen.add(other);
      }
    }
  }
  return [...seen];
}

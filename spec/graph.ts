/**
 * From document to rollout graph (language.md §6): one step per placement, and for each the steps it waits for.
 * Two kinds of edge: dependence (`depends_on`, `depends_on_hosts`, a sequential host group) needs the other green;
 * order inside a sequential binding only needs the other to have ended, so that a failure stops exactly what depends on it.
 */
import { bindingHosts, type Binding, type DeployDocument } from './document/index.js';
import { findCycle, topologicalOrder } from './document/cycles.js';
import { hostGroups, type HostGroup } from './document/placements.js';
import { bindingRules, groupRules, waveOf } from './graph-rules.js';
import { stepId, type Edge, type GraphStep, type GroupRules, type RolloutGraph } from './graph-types.js';
import { exemptSteps } from './group-exempt.js';
import { grouped } from './grouped.js';
import { StepOrder } from './step-order.js';

export { hostGroups } from './document/placements.js';

export function documentGraph(document: DeployDocument): RolloutGraph {
  const hostsOf = document.deployment.map((binding) => bindingHosts(document, binding));
  const steps = document.deployment.flatMap((binding, index) => bindingSteps(document, binding, hostsOf[index] ?? [], index));
  const hostGroupsInOrder = orderedGroups(document);
  const groups = hostGroupsInOrder.flatMap((group) => groupRules(document, group) ?? []);
  const bindings = bindingRules(document);
  const edges = new EdgesOf(steps);
  dependences(document, steps, edges, waveComparison(groups));
  // What follows only orders: it is left out where the other already waits for this step.
  const order = new StepOrder(steps.map(({ id }) => id), (id) => edges.from(id));
  const addOrder = (id: string, edge: Edge): void => { if (order.add(edge.from, id)) edges.add(id, edge); };
  document.deployment.forEach((binding, index) => sequentialEdges(document, binding, hostsOf[index] ?? [], edges, addOrder));
  for (const group of hostGroupsInOrder) groupEdges(document, group, steps, addOrder);
  for (const [group, exempt] of exemptSteps(groups, steps)) group.exempt = exempt;
  return { steps, ...(groups.length === 0 ? {} : { groups }), ...(bindings.length === 0 ? {} : { bindings }) };
}

const bindingSteps = (document: DeployDocument, binding: Binding, hosts: readonly string[], index: number): GraphStep[] =>
  hosts.flatMap((host) => binding.components.map((component) => ({
    id: stepId(host, component), host, component, binding: index, waits_for: [],
    ...(binding.on_failure === 'rollback' || document.components[component]?.on_failure === 'rollback' ? { on_failure: 'rollback' as const } : {}),
  })));

/** Written order may contradict depends_on_hosts; what depends comes later. */
function orderedGroups(document: DeployDocument): HostGroup[] {
  const before = hostsBefore(document);
  return hostGroups(document).map((group) => (group.strategy === 'parallel' || group.strategy === 'blue_green' || group.hosts.length < 2 ? group : { ...group, hosts: topologicalOrder(group.hosts, (host) => [...before(host)]) }));
}

/** True when the second step is of a later wave of the same canary than the first: it is not waited for, since it waits itself. */
function waveComparison(groups: readonly GroupRules[]): (step: GraphStep, other: GraphStep) => boolean {
  const waves = new Map(groups.filter(({ strategy }) => strategy === 'canary').flatMap((group) => {
    const wave = waveOf(group);
    return group.bindings.map((binding) => [binding, { group, wave }] as const);
  }));
  return (step, other) => {
    const of = waves.get(step.binding);
    return of !== undefined && of.group === waves.get(other.binding)?.group && (of.wave.get(other.host) ?? 0) > (of.wave.get(step.host) ?? 0);
  };
}

/** The edges of each step by the step they come from, so that thousands of them stay cheap. */
class EdgesOf {
  private readonly byStep: Map<string, { step: GraphStep; edges: Map<string, Edge> }>;

  constructor(steps: readonly GraphStep[]) {
    this.byStep = new Map(steps.map((step) => [step.id, { step, edges: new Map() }]));
  }

  has(id: string): boolean {
    return this.byStep.has(id);
  }

  from(id: string): string[] {
    return [...(this.byStep.get(id)?.edges.keys() ?? [])];
  }

  /** The first reason that makes a step wait for another is kept, and a dependence wins over mere order. */
  add(id: string, edge: Edge): void {
    const known = this.byStep.get(id);
    if (known === undefined || edge.from === id) return;
    const before = known.edges.get(edge.from);
    if (before === undefined) {
      known.edges.set(edge.from, edge);
      known.step.waits_for.push(edge);
    } else if (edge.needs_green && !before.needs_green) Object.assign(before, edge);
  }
}

function dependences(document: DeployDocument, steps: readonly GraphStep[], edges: EdgesOf, isLaterWave: (step: GraphStep, other: GraphStep) => boolean): void {
  const onHost = grouped(steps, ({ host }) => host);
  const ofComponent = grouped(steps, ({ component }) => component);
  for (const step of steps) {
    const needs = (others: readonly GraphStep[] | undefined, reason: Edge['reason']): void =>
      others?.forEach((other) => { if (!isLaterWave(step, other)) edges.add(step.id, { from: other.id, reason, needs_green: true }); });
    for (const component of document.components[step.component]?.depends_on ?? []) needs(ofComponent.get(component), 'depends_on');
    for (const host of document.deployment[step.binding]?.depends_on_hosts ?? []) needs(onHost.get(host), 'depends_on_hosts');
  }
}

/** The steps that wait for each other in a circle, or null. Possible when depends_on contradicts depends_on_hosts. */
export function graphCycle(graph: RolloutGraph): string[] | null {
  const byId = new Map(graph.steps.map((step) => [step.id, step]));
  return findCycle([...byId.keys()], (id) => byId.get(id)?.waits_for.map(({ from }) => from) ?? []);
}

const dependsOn = (document: DeployDocument) => (component: string): readonly string[] => document.components[component]?.depends_on ?? [];

type AddOrder = (id: string, edge: Edge) => void;

/** `sequential`: one component at a time on each host, in topological order; document order breaks ties. */
function sequentialEdges(document: DeployDocument, binding: Binding, hosts: readonly string[], edges: EdgesOf, addOrder: AddOrder): void {
  if (binding.strategy !== 'sequential') return;
  const order = topologicalOrder(binding.components, dependsOn(document));
  for (const host of hosts) {
    order.slice(1).forEach((component, index) => {
      const id = stepId(host, component);
      if (edges.has(id)) addOrder(id, { from: stepId(host, order[index] ?? ''), reason: 'sequential', needs_green: false });
    });
  }
}

/** A sequential group walks its hosts one by one, each waiting until the one before is green; with max_failures, until it has ended. */
function groupEdges(document: DeployDocument, group: HostGroup, steps: readonly GraphStep[], addOrder: AddOrder): void {
  if (group.strategy !== 'sequential' || group.hosts.length < 2) return;
  const bindings = new Set(group.bindings);
  const onHost = grouped(steps.filter((step) => bindings.has(step.binding)), ({ host }) => host);
  const tolerant = group.bindings.some((index) => (document.deployment[index]?.max_failures ?? 0) > 0);
  group.hosts.slice(1).forEach((host, index) => {
    for (const step of onHost.get(host) ?? []) {
      for (const other of onHost.get(group.hosts[index] ?? '') ?? []) addOrder(step.id, { from: other.id, reason: 'host_group', needs_green: !tolerant });
    }
  });
}

/** Hosts that must be green before any binding of a host may start, transitively. */
function hostsBefore(document: DeployDocument): (host: string) => ReadonlySet<string> {
  const direct = new Map<string, Set<string>>();
  for (const binding of document.deployment) {
    for (const host of binding.depends_on_hosts.length === 0 ? [] : bindingHosts(document, binding)) {
      const others = direct.get(host) ?? new Set();
      for (const other of binding.depends_on_hosts) others.add(other);
      direct.set(host, others);
    }
  }
  return (host) => {
    const seen = new Set(direct.get(host));
    for (const next of seen) for (const other of direct.get(next) ?? []) seen.add(other);
    return seen;
  };
}

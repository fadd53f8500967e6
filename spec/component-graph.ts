/** The part of a graph that is of some components: what is not touched is not waited for, but an order through it holds. Pure. */
import type { Edge, GraphStep, RolloutGraph } from './graph-types.js';
import { reachedSteps } from './rollback-graph.js';

export function graphOfComponent({ steps, groups = [], bindings = [] }: RolloutGraph, component: string): RolloutGraph {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const own = new Map(steps.filter((step) => step.component === component).map((step) => [step.id, step]));
  const placed = new Set([...own.values()].map(({ binding }) => binding));
  const kept = groups.filter((group) => group.bindings.some((binding) => placed.has(binding))).map((group) =>
    ({ ...group, ...(group.exempt === undefined ? {} : { exempt: group.exempt.filter((id) => own.has(id)) }) }));
  const rules = bindings.filter(({ binding }) => placed.has(binding));
  return { steps: [...own.values()].map((step) => ({ ...step, waits_for: edgesOf(step, byId, own) })), ...(kept.length === 0 ? {} : { groups: kept }), ...(rules.length === 0 ? {} : { bindings: rules }) };
}

function edgesOf({ id, waits_for: edges }: GraphStep, byId: ReadonlyMap<string, GraphStep>, own: ReadonlyMap<string, GraphStep>): Edge[] {
  const direct = new Map(edges.map((edge) => [edge.from, edge]));
  return [...reachedSteps(id, byId, own)].map(([from, needsGreen]) => ({ from, reason: direct.get(from)?.reason ?? 'depends_on', needs_green: needsGreen }));
}

/** The graph of a rollout that takes another one back: what that one changed, dependents before what they depend on. */
import type { Edge, GraphStep, RolloutGraph } from './graph-types.js';

export interface RollbackScope {
  /** Steps that the other rollout may have changed. */
  changed: ReadonlySet<string>;
  /** Components that opted out of automatic rollbacks (`rollback: false`). */
  keeps: ReadonlySet<string>;
}
export interface RollbackGraph {
  graph: RolloutGraph;
  /** Changed, and left as they are because their component opted out. */
  kept: string[];
  /** Changed, and not part of the version that comes back. */
  missing: string[];
}

/** `graph`: of the version that comes back. Its waves, limits and approvals are for going forward, and do not hold here. */
export function rollbackGraph(graph: RolloutGraph, { changed, keeps }: RollbackScope): RollbackGraph {
  const byId = new Map(graph.steps.map((step) => [step.id, step]));
  const kept = graph.steps.filter(({ id, component }) => changed.has(id) && keeps.has(component)).map(({ id }) => id);
  const scope = graph.steps.filter(({ id, component }) => changed.has(id) && !keeps.has(component));
  const steps = new Map(scope.map(({ id, host, component, binding }): [string, GraphStep] => [id, { id, host, component, binding, waits_for: [] }]));
  for (const { id } of scope) {
    for (const [from, needsGreen] of reachedSteps(id, byId, steps)) steps.get(from)?.waits_for.push({ from: id, reason: 'rollback', needs_green: needsGreen });
  }
  return { graph: { steps: [...steps.values()] }, kept, missing: [...changed].filter((id) => !byId.has(id)) };
}

/** The nearest steps of the scope that a step waited for, looking through those that are not in it. True: it needed them green. */
export function reachedSteps(id: string, byId: ReadonlyMap<string, GraphStep>, scope: ReadonlyMap<string, unknown>): Map<string, boolean> {
  const found = new Map<string, boolean>();
  const seen = new Map<string, boolean>();
  const open: { edges: readonly Edge[]; green: boolean }[] = [{ edges: byId.get(id)?.waits_for ?? [], green: true }];
  for (const { edges, green } of open) {
    for (const { from, needs_green: needsGreen } of edges) {
      const strict = green && needsGreen;
      if (scope.has(from)) found.set(from, (found.get(from) ?? false) || strict);
      else if (!(seen.get(from) ?? false) && (strict || !seen.has(from))) {
        seen.set(from, strict);
        open.push({ edges: byId.get(from)?.waits_for ?? [], green: strict });
      }
    }
  }
  return found;
}

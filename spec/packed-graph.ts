/**
 * A rollout graph as it travels: steps by number, and each list of steps that others wait for once. Every placement of a
 * component waits for the same placements of another, so that hosts × hosts edges become hosts numbers.
 */
import type { Edge, GraphStep, RolloutGraph } from './graph-types.js';

type PackedEdges = [reason: Edge['reason'], needsGreen: 0 | 1, list: number];
type PackedStep = [host: number, component: number, binding: number, waitsFor: PackedEdges[], takesBack?: 1];

export interface PackedGraph extends Omit<RolloutGraph, 'steps'> {
  packed: 1;
  hosts: string[];
  components: string[];
  /** Lists of numbers of steps. */
  lists: number[][];
  steps: PackedStep[];
}

/** `unpackGraph` gives back the same, edges of one reason next to each other. */
export function packGraph({ steps, ...rules }: RolloutGraph): PackedGraph {
  const [hosts, components] = [new Numbers(), new Numbers()];
  const numbers = new Map(steps.map(({ id }, index) => [id, index]));
  const lists = new Numbers();
  const pack = ({ host, component, binding, waits_for: edges, on_failure: onFailure }: GraphStep): PackedStep => {
    const packed = byKind(edges).map(([{ reason, needs_green: green }, from]): PackedEdges => [reason, green ? 1 : 0, lists.of(JSON.stringify(from.flatMap((id) => numbers.get(id) ?? [])))]);
    const [at, of] = [hosts.of(host), components.of(component)];
    return onFailure === undefined ? [at, of, binding, packed] : [at, of, binding, packed, 1];
  };
  return { packed: 1, ...rules, steps: steps.map(pack), hosts: hosts.names, components: components.names, lists: lists.names.map((list) => JSON.parse(list) as number[]) };
}

/** Also takes a graph that was never packed, as older histories have it. */
export function unpackGraph(graph: PackedGraph | RolloutGraph): RolloutGraph {
  if (!('packed' in graph)) return graph;
  const { packed: _packed, hosts, components, lists, steps, ...rules } = graph;
  const ids = steps.map(([host, component]) => `${hosts[host] ?? ''}/${components[component] ?? ''}`);
  const edges = sharedEdges(lists, ids);
  return {
    ...rules,
    steps: steps.map(([host, component, binding, waitsFor, takesBack], index): GraphStep => ({
      id: ids[index] ?? '', host: hosts[host] ?? '', component: components[component] ?? '', binding,
      waits_for: edges(waitsFor),
      ...(takesBack === 1 ? { on_failure: 'rollback' as const } : {}),
    })),
  };
}

/** Steps that wait for the same share one list of edges. */
function sharedEdges(lists: readonly (readonly number[])[], ids: readonly string[]): (packed: readonly PackedEdges[]) => Edge[] {
  const known = new Map<string, Edge[]>();
  return (packed) => {
    const key = JSON.stringify(packed);
    const edges = known.get(key) ?? packed.flatMap(([reason, green, list]) => (lists[list] ?? []).map((from): Edge => ({ from: ids[from] ?? '', reason, needs_green: green === 1 })));
    known.set(key, edges);
    return edges;
  };
}

function byKind(edges: readonly Edge[]): [Edge, string[]][] {
  const kinds = new Map<string, [Edge, string[]]>();
  for (const edge of edges) {
    const key = `${edge.reason} ${edge.needs_green}`;
    const known = kinds.get(key);
    if (known === undefined) kinds.set(key, [edge, [edge.from]]);
    else known[1].push(edge.from);
  }
  return [...kinds.values()];
}

/** Words by number, in the order in which they come up. */
class Numbers {
  private readonly known = new Map<string, number>();

  of(name: string): number {
    const number = this.known.get(name) ?? this.known.size;
    this.known.set(name, number);
    return number;
  }

  get names(): string[] {
    return [...this.known.keys()];
  }
}

/** Where hosts and components stand in the picture, and which connections are drawn. Pure, but for the layout of hosts, which is dagre's. */
import dagre from '@dagrejs/dagre';
import type { RolloutModel } from './rollout-model.js';
import type { StepModel } from './step-model.js';

export interface Box { id: string; x: number; y: number; width: number; height: number }
export interface HostBox extends Box { host: string; steps: { step: StepModel; x: number; y: number }[] }
/** `depends`: one component needs the other; `order`: one host comes after the other by the strategy or the document. */
export interface Connection { id: string; from: string; to: string; kind: 'depends' | 'order' }
export interface GraphPicture { hosts: HostBox[]; connections: Connection[]; leftOut: number }

export const nodeSize = { width: 208, height: 44, gap: 10, head: 34, padding: 12 } as const;
const connectionsMax = 400;
export const hostId = (host: string): string => `host:${host}`;

const hostOf = (step: string): string => step.slice(0, step.indexOf('/'));

/** On one host, what others need stands above them. */
function byRank(steps: readonly StepModel[]): StepModel[] {
  const own = new Map(steps.map((step) => [step.id, step]));
  const ranks = new Map<string, number>();
  const rank = (id: string, left: number): number => {
    const known = ranks.get(id);
    if (known !== undefined || left === 0) return known ?? 0;
    const before = (own.get(id)?.waitsFor ?? []).filter(({ from }) => own.has(from)).map(({ from }) => rank(from, left - 1) + 1);
    ranks.set(id, Math.max(0, ...before));
    return ranks.get(id) ?? 0;
  };
  return steps.map((step, index) => ({ step, index, rank: rank(step.id, steps.length) })).sort((a, b) => a.rank - b.rank || a.index - b.index).map(({ step }) => step);
}

function connectionsOf(steps: readonly StepModel[]): Connection[] {
  const drawn = new Set(steps.map(({ id }) => id));
  const found = new Map<string, Connection>();
  for (const { id: to, waitsFor } of steps) {
    for (const { from, reason } of waitsFor) {
      // Each placement needs all of a component's; where one of them is on its own host, that one stands for them.
      const beside = `${hostOf(to)}/${from.slice(from.indexOf('/') + 1)}`;
      if (!drawn.has(from) || (reason === 'depends_on' && from !== beside && drawn.has(beside))) continue;
      const between = reason === 'depends_on' ? { kind: 'depends' as const, from, to } : { kind: 'order' as const, from: hostId(hostOf(from)), to: hostId(hostOf(to)) };
      if (between.from !== between.to) found.set(`${between.from}>${between.to}`, { id: `${between.from}>${between.to}`, ...between });
    }
  }
  return [...found.values()].sort((a, b) => Number(b.kind === 'depends') - Number(a.kind === 'depends'));
}

/** Left to right by what waits for what. */
function placed(hosts: readonly { host: string; height: number; width: number }[], connections: readonly Connection[]): Map<string, { x: number; y: number }> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 24, ranksep: 90, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { host, width, height } of hosts) graph.setNode(host, { width, height });
  const name = (end: string): string => (end.startsWith('host:') ? end.slice('host:'.length) : hostOf(end));
  for (const { from, to } of connections) if (name(from) !== name(to)) graph.setEdge(name(from), name(to));
  dagre.layout(graph);
  return new Map(hosts.map(({ host, width, height }) => {
    const { x, y } = graph.node(host) as { x: number; y: number };
    return [host, { x: x - width / 2, y: y - height / 2 }];
  }));
}

export function graphPicture({ steps }: Pick<RolloutModel, 'steps'>): GraphPicture {
  const byHost = new Map<string, StepModel[]>();
  for (const step of steps) byHost.set(step.host, [...(byHost.get(step.host) ?? []), step]);
  const all = connectionsOf(steps);
  const connections = all.slice(0, connectionsMax);
  const { width, height, gap, head, padding } = nodeSize;
  const sized = [...byHost].map(([host, own]) => ({ host, own: byRank(own), width: width + 2 * padding, height: head + own.length * (height + gap) + padding - gap }));
  const places = placed(sized, connections);
  const hosts = sized.map(({ host, own, ...size }): HostBox => ({
    id: hostId(host), host, ...size, ...(places.get(host) ?? { x: 0, y: 0 }),
    steps: own.map((step, index) => ({ step, x: padding, y: head + index * (height + gap) })),
  }));
  return { hosts, connections, leftOut: all.length - connections.length };
}

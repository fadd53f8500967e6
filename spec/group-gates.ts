/**
 * Gates of host groups: what holds a step back because of other hosts of its group. Edges cannot say this: it depends
 * on how many hosts have failed, and would be hosts × hosts of them.
 */
import { waveOf } from './graph-rules.js';
import { grouped } from './grouped.js';
import type { Edge, GraphStep, GroupRules, RolloutGraph } from './graph-types.js';
import { badStates, isGreen, isStartable, type StepStatuses } from './step-status.js';

/** The most steps that a gate names: every step behind it would name them again. */
const namedMax = 10;

interface Group {
  rules: GroupRules;
  steps: GraphStep[];
  wave: ReadonlyMap<string, number>;
  /** Hosts on which something of this group was started. */
  started: ReadonlySet<string>;
  failed: GraphStep[];
  isOver: boolean;
  exempt: ReadonlySet<string>;
}

interface Closed { group: Group; /** For which of its steps. */ holds: (step: GraphStep) => boolean; edges: Edge[] }

export interface FullGroup { step: GraphStep; limit: number; busy: string[] }

export class GroupGates {
  private readonly groups: Group[];
  private readonly byBinding = new Map<number, Group>();

  constructor(graph: RolloutGraph, private readonly statuses: StepStatuses) {
    const rules = graph.groups ?? [];
    const steps = rules.length === 0 ? new Map<number, GraphStep[]>() : grouped(graph.steps, ({ binding }) => binding);
    this.groups = rules.map((group) => this.look(group, group.bindings.flatMap((binding) => steps.get(binding) ?? [])));
    for (const group of this.groups) for (const binding of group.rules.bindings) this.byBinding.set(binding, group);
  }

  private look(rules: GroupRules, steps: GraphStep[]): Group {
    const started = new Set(steps.filter(({ id }) => this.isHeld(id) || (!isStartable(this.state(id)) && this.state(id) !== 'unchanged')).map(({ host }) => host));
    const failed = steps.filter(({ id }) => badStates.has(this.state(id)));
    const isOver = rules.max_failures !== undefined && new Set(failed.map(({ host }) => host)).size > rules.max_failures;
    return { rules, steps, wave: waveOf(rules), started, failed, isOver, exempt: new Set(rules.exempt) };
  }

  private state(id: string) {
    return this.statuses.get(id)?.state ?? 'pending';
  }

  isHeld(id: string): boolean {
    return this.statuses.get(id)?.at === 'held';
  }

  private isBlueGreen = (group: Group | undefined): group is Group => group?.rules.strategy === 'blue_green';

  /** The other's new one is up beside its old: enough for a step of the same group that is not switched either. */
  isReadyBeside(step: GraphStep, other: GraphStep | undefined): boolean {
    if (other === undefined || this.isHeld(step.id) || !this.isHeld(other.id)) return false;
    const group = this.byBinding.get(step.binding);
    return this.isBlueGreen(group) && group === this.byBinding.get(other.binding) && !group.exempt.has(step.id);
  }

  /** Whether this step, when it may start, is to stop before it switches. */
  holdsBeforeSwitch(step: GraphStep): boolean {
    const group = this.byBinding.get(step.binding);
    return this.isBlueGreen(group) && !this.isHeld(step.id) && !group.exempt.has(step.id);
  }

  /** Every gate that is closed now. `stuck`: steps that cannot go on by themselves. */
  closed(stuck: ReadonlyMap<string, unknown>): Closed[] {
    return this.groups.flatMap((group) => [...this.overGate(group), ...this.waveGate(group, stuck), ...this.switchGate(group, stuck)]);
  }

  private overGate(group: Group): Closed[] {
    return group.isOver ? [{ group, holds: ({ host }) => !group.started.has(host), edges: edgesFrom(group.failed, 'max_failures') }] : [];
  }

  /** A wave is through when each of its steps is green and was watched; failures that the group bears do not count. */
  private waveGate(group: Group, stuck: ReadonlyMap<string, unknown>): Closed[] {
    if (group.rules.strategy !== 'canary') return [];
    const wave = ({ host }: GraphStep): number => group.wave.get(host) ?? 0;
    const isBorne = (id: string): boolean => !group.isOver && (badStates.has(this.state(id)) || stuck.has(id));
    const open = group.steps.filter(({ id }) => !isGreen(this.state(id)) && !isBorne(id));
    const first = Math.min(...open.map(wave));
    const isBad = ({ id }: GraphStep): boolean => badStates.has(this.state(id)) || stuck.has(id);
    const before = open.filter((step) => wave(step) === first).sort((a, b) => Number(isBad(b)) - Number(isBad(a)));
    return before.length === 0 ? [] : [{ group, holds: (step) => wave(step) > first && !group.exempt.has(step.id), edges: edgesFrom(before, 'canary') }];
  }

  private switchGate(group: Group, stuck: ReadonlyMap<string, unknown>): Closed[] {
    if (group.rules.strategy !== 'blue_green') return [];
    const isBad = ({ id }: GraphStep): boolean => badStates.has(this.state(id)) || stuck.has(id);
    const behind = group.steps.filter(({ id }) => !isGreen(this.state(id)) && !group.exempt.has(id) && !['held', 'switching'].includes(this.statuses.get(id)?.at ?? ''))
      .sort((a, b) => Number(isBad(b)) - Number(isBad(a)));
    return behind.length === 0 ? [] : [{ group, holds: ({ id }) => this.isHeld(id), edges: edgesFrom(behind, 'blue_green') }];
  }

  /** Of the steps that may start, those for which their group has a place; in the given order. */
  places(ready: readonly GraphStep[]): { free: GraphStep[]; full: FullGroup[] } {
    const busy = new Map(this.groups.map((group) => [group, new Set(group.steps.filter(({ id }) => this.state(id) === 'running').map(({ host }) => host))]));
    const free: GraphStep[] = [];
    const full: FullGroup[] = [];
    for (const step of ready) {
      const group = this.byBinding.get(step.binding);
      const hosts = group === undefined ? undefined : busy.get(group);
      const limit = group?.rules.max_parallel ?? Infinity;
      if (hosts === undefined || hosts.has(step.host) || hosts.size < limit) {
        hosts?.add(step.host);
        free.push(step);
      } else full.push({ step, limit, busy: [...hosts] });
    }
    return { free, full };
  }
}

const edgesFrom = (steps: readonly GraphStep[], reason: Edge['reason']): Edge[] => steps.slice(0, namedMax).map(({ id }) => ({ from: id, reason, needs_green: true }));

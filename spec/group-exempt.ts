/**
 * Steps that the gates of their own groups must not hold, because together with dependences nobody could go on: a later
 * wave that an earlier one needs, a switch that waits for what needs it. Dependences win; where they leave a choice, the
 * document's order does. Found by playing the rollout through once without a failure. What has become possible never
 * becomes impossible by more being done, so any other order of the same rollout ends as well.
 */
import { waveOf } from './graph-rules.js';
import type { GraphStep, GroupRules } from './graph-types.js';
import { grouped } from './grouped.js';

interface Group { rules: GroupRules; wave: ReadonlyMap<string, number>; /** Not done, by wave. */ undone: number[]; /** Not up beside the old yet. */ behind: number; parked: Step[]; exempt: string[] }
interface Step { node: GraphStep; group: Group | null; /** Edges that keep it from being started, and from being switched. */ closed: number; unswitched: number; held: boolean; done: boolean }

export function exemptSteps(rules: readonly GroupRules[], nodes: readonly GraphStep[]): Map<GroupRules, string[]> {
  if (!rules.some(({ strategy }) => strategy === 'canary' || strategy === 'blue_green')) return new Map();
  const play = new Play(rules, nodes);
  play.run();
  return new Map(play.groups.filter(({ exempt }) => exempt.length > 0).map((group) => [group.rules, group.exempt]));
}

class Play {
  readonly groups: Group[];
  private readonly steps: Step[];
  private readonly after: ReadonlyMap<string, { step: Step }[]>;
  private readonly ready: Step[] = [];

  constructor(rules: readonly GroupRules[], nodes: readonly GraphStep[]) {
    this.groups = rules.filter(({ strategy }) => strategy === 'canary' || strategy === 'blue_green')
      .map((group) => ({ rules: group, wave: waveOf(group), undone: (group.waves ?? []).map(() => 0), behind: 0, parked: [], exempt: [] }));
    const ofBinding = new Map(this.groups.flatMap((group) => group.rules.bindings.map((binding) => [binding, group] as const)));
    this.steps = nodes.map((node) => ({ node, group: ofBinding.get(node.binding) ?? null, closed: node.waits_for.length, unswitched: node.waits_for.length, held: false, done: false }));
    this.after = grouped(this.steps.flatMap((step) => step.node.waits_for.map(({ from }) => ({ from, step }))), ({ from }) => from);
    for (const { node, group } of this.steps) {
      if (group === null) continue;
      group.behind += 1;
      const wave = group.wave.get(node.host) ?? 0;
      group.undone[wave] = (group.undone[wave] ?? 0) + 1;
    }
  }

  run(): void {
    this.ready.push(...this.steps.filter(({ closed }) => closed === 0));
    for (let left = this.steps.length; left > 0; left -= 1) {
      for (const step of this.ready) this.start(step);
      this.ready.length = 0;
      const stuck = this.steps.find(({ group, done, unswitched, closed }) => group !== null && !done && unswitched === 0 && closed === 0);
      // A circle of edges is told elsewhere.
      if (stuck === undefined) return;
      this.letGo(stuck);
    }
  }

  private start(step: Step): void {
    const { group } = step;
    if (step.done) return;
    if (group === null || group.exempt.includes(step.node.id)) return this.finish(step);
    if (group.rules.strategy === 'canary') {
      if ((group.wave.get(step.node.host) ?? 0) > firstOpen(group)) group.parked.push(step);
      else this.finish(step);
    } else if (!step.held) this.hold(step, group);
    else if (group.behind > 0 || step.unswitched > 0) group.parked.push(step);
    else this.finish(step);
  }

  /** Up beside the old: enough for others of the group to be started. */
  private hold(step: Step, group: Group): void {
    step.held = true;
    group.behind -= 1;
    for (const { step: next } of this.after.get(step.node.id) ?? []) if (next.group === group && !group.exempt.includes(next.node.id)) this.open(next);
    this.ready.push(step);
    if (group.behind === 0) this.release(group);
  }

  private finish(step: Step): void {
    const { group, node } = step;
    step.done = true;
    for (const { step: next } of this.after.get(node.id) ?? []) {
      next.unswitched -= 1;
      if (!(step.held && next.group === group && group !== null && !group.exempt.includes(next.node.id))) this.open(next);
      else if (next.unswitched === 0 && next.held) this.ready.push(next);
    }
    if (group === null) return;
    if (!step.held && group.rules.strategy === 'blue_green' && !group.exempt.includes(node.id)) group.behind -= 1;
    const wave = group.wave.get(node.host) ?? 0;
    group.undone[wave] = (group.undone[wave] ?? 0) - 1;
    if (group.undone[wave] === 0) this.release(group);
  }

  private open(step: Step): void {
    step.closed -= 1;
    if (step.closed === 0) this.ready.push(step);
  }

  private release(group: Group): void {
    this.ready.push(...group.parked.splice(0));
  }

  private letGo(step: Step): void {
    const { group } = step;
    if (group === null) return;
    group.exempt.push(step.node.id);
    if (group.rules.strategy === 'blue_green' && !step.held) group.behind -= 1;
    this.ready.push(step);
    if (group.behind === 0) this.release(group);
  }
}

const firstOpen = ({ undone }: Group): number => {
  const at = undone.findIndex((count) => count > 0);
  return at === -1 ? Infinity : at;
};

/** What a document asks of its rollout beyond edges: waves, limits, approvals, what to do about hosts that are away. */
import type { Binding, DeployDocument } from './document/index.js';
import type { HostGroup } from './document/placements.js';
import { standardOfflineDeadlineMs, type BindingRules, type GroupRules } from './graph-types.js';

export const bindingRules = (document: DeployDocument): BindingRules[] => document.deployment.flatMap((binding, index) => {
  const rules = rulesOf(binding);
  return Object.keys(rules).length === 0 ? [] : [{ binding: index, ...rules }];
});

const rulesOf = ({ approval, offline, offline_deadline: deadlineMs }: Binding): Omit<BindingRules, 'binding'> => ({
  ...(approval ? { approval: true as const } : {}),
  ...(offline === 'wait' ? {} : { offline }),
  ...(deadlineMs === standardOfflineDeadlineMs ? {} : { offline_deadline_ms: deadlineMs }),
});

/** null: edges say all there is to say. Where the bindings of a group differ in a limit, the stricter one holds. */
export function groupRules(document: DeployDocument, { strategy, bindings, hosts }: HostGroup): GroupRules | null {
  const own = bindings.flatMap((index) => document.deployment[index] ?? []);
  const rules: GroupRules = {
    strategy, bindings, hosts,
    ...lowest('max_parallel', own.map((binding) => binding.max_parallel)),
    ...lowest('max_failures', [...own.map((binding) => binding.max_failures), ...(strategy === 'canary' ? [own.find((binding) => binding.max_failures !== undefined)?.max_failures ?? 0] : [])]),
    ...(strategy === 'canary' ? canaryRules(own, hosts.length) : {}),
  };
  const ruled = strategy === 'canary' || strategy === 'blue_green' || rules.max_parallel !== undefined || rules.max_failures !== undefined;
  return ruled ? rules : null;
}

function lowest<Key extends string>(key: Key, values: readonly (number | undefined)[]): Partial<Record<Key, number>> {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? {} : { [key]: Math.min(...given) } as Record<Key, number>;
}

/** As the schema has it, for a canary that says nothing of itself. */
const standardCanary = { initial_fraction: 0.2, step_fraction: 0.3, verify_duration: 120_000 };

function canaryRules(bindings: readonly Binding[], hosts: number): Pick<GroupRules, 'waves' | 'verify_ms'> {
  const canary = bindings.find((binding) => binding.canary !== undefined)?.canary ?? standardCanary;
  return { waves: waveSizes(hosts, canary.initial_fraction, canary.step_fraction), verify_ms: canary.verify_duration };
}

/** First ceil(initial × n) hosts, then ceil(step × n) at a time, until there are no more. */
export function waveSizes(hosts: number, initialFraction: number, stepFraction: number): number[] {
  const share = (fraction: number): number => Math.max(1, Math.ceil(Number((fraction * hosts).toFixed(9))));
  const waves: number[] = [];
  for (let left = hosts; left > 0; ) {
    const size = Math.min(left, share(waves.length === 0 ? initialFraction : stepFraction));
    waves.push(size);
    left -= size;
  }
  return waves;
}

/** Which wave each host of a canary group belongs to. */
export function waveOf({ hosts, waves = [] }: GroupRules): Map<string, number> {
  const ends = waves.map((_, index) => waves.slice(0, index + 1).reduce((sum, size) => sum + size, 0));
  return new Map(hosts.map((host, at) => [host, Math.max(0, ends.findIndex((end) => at < end))]));
}

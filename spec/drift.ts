/**
 * What a look at a placement says: the state that is seen, and the fields in which reality left what was applied.
 * Made of the same plan that an apply would carry out, so that drift and diff cannot disagree. Pure.
 */
import type { DesiredPlacement } from './desired.js';
import type { FieldChange, PlacementPlan } from './plan.js';
import type { ComponentState, DriftKind } from './words.js';

/** `host_offline` is never seen: it is what is said of a host that does not speak. */
export type SeenState = Exclude<ComponentState, 'host_offline'>;
export interface DriftField { field: string; kind: DriftKind; from: string | null; to: string | null }
/** `detail`: why it is not as it shall be; empty when it is. */
export interface PlacementSeen { deploy_id: string; component: string; version: number; state: SeenState; detail: string; drift: DriftField[] }

const fieldsMax = 20;
const detailMax = 300;

export function placementSeen({ deploy_id, component, version }: Pick<DesiredPlacement, 'deploy_id' | 'component' | 'version'>, plan: PlacementPlan): PlacementSeen {
  const drift = plan.fields.slice(0, fieldsMax).map(driftField);
  const well = drift.length === 0 && (plan.observed_state === 'running' || plan.observed_state === 'healthy');
  return { deploy_id, component, version, state: seenState(plan.observed_state), detail: well ? '' : cut(plan.reasons.join('; ')), drift };
}

const seenState = (state: ComponentState): SeenState => (state === 'host_offline' ? 'unknown' : state);

/** Reality differs from what is active, though it may be as some other version asked for it. */
function driftField({ field, kind, from, to }: FieldChange): DriftField {
  return { field, from, to, kind: kind !== 'desired' ? kind : from === null ? 'missing' : 'changed' };
}

export const cut = (text: string): string => (text.length > detailMax ? `${text.slice(0, detailMax - 1)}…` : text);

/** In the order of the words, each once. */
export const kindsOf = (drift: readonly Pick<DriftField, 'kind'>[]): DriftKind[] =>
  (['stopped', 'changed', 'missing', 'foreign'] as const).filter((kind) => drift.some((field) => field.kind === kind));

/** What a host may have of one deploy. `active`: succeeded last; `rolling`: being rolled out; `last`: rolled out last, of a deploy of which nothing has succeeded. */
export interface WatchedVersion { deploy_id: string; version: number; role: 'active' | 'rolling' | 'last'; placements: DesiredPlacement[] }

/** What the host's journal remembers as applied last; null: nothing. */
export type AppliedHere = (deployId: string, component: string) => { hash: string; version: number } | null;

/**
 * What each placement is compared with, in the order of the versions: what was applied here last, when it is one of them;
 * else the active version, unless a rollout is on its way to change that. Of everything else nothing is said.
 */
export function watchedPlacements(versions: readonly WatchedVersion[], applied: AppliedHere): DesiredPlacement[] {
  const rolling = new Set(versions.filter(({ role }) => role === 'rolling').map(({ deploy_id }) => deploy_id));
  const chosen = new Map<string, { placement: DesiredPlacement; rank: number }>();
  for (const { deploy_id, role, placements } of versions) {
    for (const placement of placements) {
      const rank = rankOf(placement, role, applied(deploy_id, placement.component), rolling.has(deploy_id));
      const key = `${deploy_id}/${placement.component}`;
      if (rank > (chosen.get(key)?.rank ?? 0)) chosen.set(key, { placement, rank });
    }
  }
  return [...chosen.values()].map(({ placement }) => placement);
}

/** 0: not to be compared with. */
function rankOf(placement: DesiredPlacement, role: WatchedVersion['role'], applied: ReturnType<AppliedHere>, isRolling: boolean): number {
  if (applied?.hash === placement.hash) return applied.version === placement.version ? 4 : role === 'active' ? 3 : 2;
  return role === 'active' && !isRolling ? 1 : 0;
}

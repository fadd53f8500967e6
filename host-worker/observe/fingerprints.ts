/** How placements were seen, in digests: for a plan, and to tell before acting whether it is still so. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { fingerprintOf, identityOf, knowsImage, movedParts, movedPlan } from '../../spec/fingerprint.js';
import type { Fingerprint, PlacementBasis } from '../../spec/planned.js';
import type { ObservedPlacement } from '../../spec/observed.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { fingerprintKey } from './fingerprint-key.js';

/** In the order of `desired`. */
export async function fingerprints(stateFolder: string, desired: readonly DesiredPlacement[], observed: readonly ObservedPlacement[]): Promise<Fingerprint[]> {
  const key = await fingerprintKey(stateFolder);
  // What was not part of the plan is none now: this rollout may have pulled it since.
  const pulledAnew = new Set(desired.flatMap(({ run, planned }) => (run.type === 'docker' && (run.pull_policy === 'always' || (planned !== undefined && !knowsImage(planned))) ? [run.image] : [])));
  return desired.flatMap((placement, index) => {
    const seen = observed[index];
    return seen === undefined ? [] : [fingerprintOf(placement, seen, key, pulledAnew)];
  });
}

export interface Basis { placements: PlacementPlan[]; basis: PlacementBasis[] }

/** A plan's answer: what would be done, on which image or commit, and what that was decided on. */
export async function withBasis(stateFolder: string, desired: readonly DesiredPlacement[], observed: readonly ObservedPlacement[], plans: readonly PlacementPlan[]): Promise<Basis> {
  const seen = await fingerprints(stateFolder, desired, observed);
  const identity = (index: number): string | null => {
    const [placement, found] = [desired[index], observed[index]];
    return placement === undefined || found === undefined ? null : identityOf(placement, found);
  };
  return {
    placements: plans.map((plan, index) => ({ ...plan, identity: identity(index) })),
    basis: desired.flatMap(({ component, hash }, index) => (seen[index] === undefined ? [] : [{ component, hash, fingerprint: seen[index] }])),
  };
}

/** In a rollout that carries out a plan: what moved of each placement since; in any other rollout, nothing. */
export async function movedSince(stateFolder: string, desired: readonly DesiredPlacement[], observed: readonly ObservedPlacement[]): Promise<string[][]> {
  if (desired.every(({ planned }) => planned === undefined)) return desired.map(() => []);
  const seen = await fingerprints(stateFolder, desired, observed);
  return desired.map(({ planned }, index) => (planned === undefined || seen[index] === undefined ? [] : movedParts(planned, seen[index])));
}

/** What the rollout goes on with: a placement that moved is left for its own step to refuse. */
export const withMoved = (plans: readonly PlacementPlan[], moved: readonly (readonly string[])[]): PlacementPlan[] =>
  plans.map((plan, index) => (moved[index] === undefined || moved[index].length === 0 ? plan : movedPlan(plan, moved[index])));

const namedMax = 10;

export function staleError({ component, host }: DesiredPlacement, moved: readonly string[]): MaestroError {
  const named = `${moved.slice(0, namedMax).join(', ')}${moved.length > namedMax ? `, and ${String(moved.length - namedMax)} more` : ''}`;
  return new MaestroError('plan_stale', `${component} on ${host} is not as it was when the plan was made: ${named} moved; nothing was touched`, {
    fix: 'Put back what moved and retry; or abort, diff again, and apply the new plan.', details: { moved: moved.slice(0, 50) },
  });
}

/**
 * What is to be done for placements, with everything pinned that a rollout is about to use: what was seen here is told
 * to the control plane before it is acted on, and what stands there, said by whichever host, is what is done. A plan pins
 * nothing; it shows what would be. Safe to repeat, also when the control plane's answer was lost: what was said first stands.
 */
import type { DesiredPlacement } from '../../spec/desired.js';
import type { HostFacts, ObservedPlacement } from '../../spec/observed.js';
import { asSeen, type Pin, seenPins } from '../../spec/pins.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { planHost } from '../../spec/plan-host.js';
import { isRolloutId } from '../../spec/words.js';
import type { ControlPlane } from '../control-plane/client.js';
import { type LoginOf, loginsOf } from '../credentials/logins.js';
import { type ObserveDeps, observePlacements } from '../observe/observe.js';

export interface Decided { desired: DesiredPlacement[]; facts: HostFacts; observed: ObservedPlacement[]; plans: PlacementPlan[] }

/** `again`: what is desired, asked anew: with what was pinned meanwhile, and the hashes over that. */
export async function decide(deps: ObserveDeps & { control: Pick<ControlPlane, 'pin' | 'desired'> }, runId: string, desired: DesiredPlacement[], again: () => Promise<DesiredPlacement[]>, signal: AbortSignal): Promise<Decided> {
  const rollout = isRolloutId(runId);
  const [only] = desired;
  const loginOf = loginsOf(deps.control, runId, signal, desired.length === 1 ? only?.component : undefined);
  const seen = await look(deps, desired, signal, 'unless_here', loginOf);
  const pins = rollout ? pinsOf(seen) : [];
  if (pins.length === 0) return seen;
  const standing = await deps.control.pin(runId, pins, signal);
  const pinned = await again();
  const isAsSeen = pins.every(({ value }, index) => standing[index]?.value === value);
  return isAsSeen ? { ...seen, desired: pinned, plans: planHost(pinned, seen.observed, seen.facts) } : look(deps, pinned, signal, 'never', loginOf);
}

async function look(deps: ObserveDeps, desired: DesiredPlacement[], signal: AbortSignal, askRegistry: 'unless_here' | 'never', loginOf: LoginOf): Promise<Decided> {
  const { facts, observed } = await observePlacements(deps, desired, signal, askRegistry, loginOf);
  const shown = desired.map((placement, index) => {
    const found = observed[index];
    return found === undefined ? placement : asSeen(placement, found);
  });
  return { desired, facts, observed, plans: planHost(shown, observed, facts) };
}

/** Of what is to be acted on: a conflict decides nothing. */
function pinsOf({ desired, observed, plans }: Decided): Pin[] {
  return desired.flatMap((placement, index) => {
    const found = observed[index];
    if (found === undefined || plans[index]?.action === 'conflict') return [];
    return seenPins(placement, found).map((pin) => ({ component: placement.component, ...pin }));
  });
}

/**
 * One look at everything this host is to look after: what is seen of each placement. Takes no locks and changes nothing;
 * of a placement that is just being changed nothing is said, and what changed while it was looked at is looked at again.
 */
import type { DesiredPlacement } from '../../spec/desired.js';
import { cut, placementSeen, type PlacementSeen, watchedPlacements, type WatchedVersion } from '../../spec/drift.js';
import { grouped } from '../../spec/grouped.js';
import type { HostFacts, ObservedPlacement } from '../../spec/observed.js';
import { planHost } from '../../spec/plan-host.js';
import { dueAtMs, type HealthMemory, remember, told } from '../../spec/steady-health.js';
import { hostFacts } from '../facts.js';
import type { Journal } from '../journal/journal.js';
import type { PlacementRecord } from '../journal/records.js';
import type { Locks } from '../locks.js';
import { type ObserveDeps, observePlacements } from '../observe/observe.js';
import { messageOf } from '../trouble.js';

export interface LookDeps extends ObserveDeps { locks: Pick<Locks, 'isHeld'> }

export interface Looked {
  states: PlacementSeen[];
  /** What was looked at, or would have been. */
  placements: DesiredPlacement[];
  /** Something was in the middle of being changed. */
  busy: boolean;
  /** Something has been applied here that none of the versions asks for: they may be old. */
  outdated: boolean;
}

const keyOf = ({ deploy_id, component }: Pick<DesiredPlacement, 'deploy_id' | 'component'>): string => `${deploy_id}/${component}`;

type Records = ReadonlyMap<string, PlacementRecord>;

export async function look(deps: LookDeps, versions: readonly WatchedVersion[], health: HealthMemories, signal: AbortSignal): Promise<Looked> {
  health.begin();
  const before = await recordsOf(deps.journal, versions);
  const placements = watchedPlacements(versions, (deployId, component) => before.get(`${deployId}/${component}`)?.applied ?? null);
  const isBusy = isBusyIn(deps.locks, versions);
  const idle = placements.filter((placement) => !isBusy(placement, before));
  const facts = await hostFacts(deps.docker);
  const seen = await Promise.all([...grouped(idle, ({ deploy_id }) => deploy_id).values()].map((ofDeploy) => lookAtDeploy(deps, ofDeploy, facts, health, signal)));
  const after = await recordsOf(deps.journal, versions);
  const unmoved = new Set(idle.filter((placement) => !isBusy(placement, after) && sameRecord(before, after, placement)).map(keyOf));
  health.keepOnly(new Set(placements.map(keyOf)));
  const outdated = [...before].some(([key, { applied }]) => applied !== null && !placements.some((placement) => keyOf(placement) === key && placement.hash === applied.hash));
  return { states: seen.flat().filter((state) => unmoved.has(keyOf(state))), placements, busy: unmoved.size < placements.length, outdated };
}

async function recordsOf(journal: Journal, versions: readonly WatchedVersion[]): Promise<Records> {
  const all = new Map(versions.flatMap((version) => version.placements).map((placement) => [keyOf(placement), placement]));
  return new Map(await Promise.all([...all].map(async ([key, placement]): Promise<[string, PlacementRecord]> => [key, await journal.placement(placement)])));
}

const sameRecord = (before: Records, after: Records, placement: DesiredPlacement): boolean => JSON.stringify(before.get(keyOf(placement))) === JSON.stringify(after.get(keyOf(placement)));

/** An attempt that is open with no rollout behind it was left by a worker that died, and may stay so for long. */
function isBusyIn(locks: LookDeps['locks'], versions: readonly WatchedVersion[]): (placement: DesiredPlacement, records: Records) => boolean {
  const rolling = new Set(versions.filter(({ role }) => role === 'rolling').map(({ deploy_id }) => deploy_id));
  return (placement, records) => {
    const attempt = records.get(keyOf(placement))?.attempt ?? null;
    return locks.isHeld(keyOf(placement)) || (rolling.has(placement.deploy_id) && attempt !== null && attempt.state !== 'ended');
  };
}

/** A deploy that cannot be looked at keeps nobody from looking at the others. */
async function lookAtDeploy(deps: LookDeps, placements: readonly DesiredPlacement[], facts: HostFacts, health: HealthMemories, signal: AbortSignal): Promise<PlacementSeen[]> {
  const away = placements.filter(({ run }) => run.type === 'docker' && !facts.docker);
  const there = placements.filter((placement) => !away.includes(placement));
  try {
    // Whoever's health is not due is looked at without it.
    const { observed } = await observePlacements(deps, there.map((placement) => (health.isDue(placement) ? placement : { ...placement, healthcheck: null })), signal);
    const steady = there.map((placement, index) => health.steady(placement, observed[index]));
    const plans = planHost(there, steady.filter((one) => one !== undefined), facts);
    return [...there.flatMap((placement, index) => (plans[index] === undefined ? [] : [placementSeen(placement, plans[index])])), ...away.map((placement) => unknown(placement, 'Docker does not answer on this host'))];
  } catch (error) {
    signal.throwIfAborted();
    return placements.map((placement) => unknown(placement, `it could not be looked at: ${messageOf(error)}`));
  }
}

const unknown = ({ deploy_id, component, version }: DesiredPlacement, detail: string): PlacementSeen => ({ deploy_id, component, version, state: 'unknown', detail: cut(detail), drift: [] });

/** What is known of the health of each placement from look to look. */
export class HealthMemories {
  private readonly memories = new Map<string, HealthMemory>();
  private readonly timings = new Map<string, NonNullable<DesiredPlacement['healthcheck']>>();
  private everything = true;
  private askingAll = true;

  constructor(private readonly now: () => number = () => performance.now(), private readonly wallClock: () => number = Date.now) {}

  /** Something has happened: the next look asks everybody. */
  askAll(): void {
    this.everything = true;
  }

  /** Called before a look; what happens from here on is for the next one. */
  begin(): void {
    this.askingAll = this.everything;
    this.everything = false;
  }

  isDue(placement: DesiredPlacement): boolean {
    const memory = this.memories.get(keyOf(placement));
    return this.askingAll || placement.healthcheck === null || memory === undefined || dueAtMs(memory, placement.healthcheck) <= this.now();
  }

  steady(placement: DesiredPlacement, observed: ObservedPlacement | undefined): ObservedPlacement | undefined {
    const { healthcheck } = placement;
    if (observed === undefined || healthcheck === null) return observed;
    const mark = observed.container === null ? observed.unit?.started_at ?? '' : `${observed.container.id} ${observed.container.started_at ?? ''}`;
    const key = keyOf(placement);
    const before = this.memories.get(key);
    if (observed.health === null) {
      // It was not asked, or there was nothing that could be asked.
      const isUp = observed.container?.status === 'running' || observed.unit?.active_state === 'active';
      if (before?.mark !== mark || !isUp) this.memories.delete(key);
      return { ...observed, health: isUp && before?.mark === mark ? told(before, healthcheck) : null };
    }
    const startedAt = Date.parse(observed.container?.started_at ?? observed.unit?.started_at ?? '');
    const memory = remember(before, { mark, atMs: this.now(), seen: observed.health, upForMs: Number.isNaN(startedAt) ? null : this.wallClock() - startedAt }, healthcheck);
    this.memories.set(key, memory);
    this.timings.set(key, healthcheck);
    return { ...observed, health: told(memory, healthcheck) };
  }

  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.memories.keys()) if (!keys.has(key)) this.memories.delete(key);
  }

  /** How long until somebody's health is due; null: nobody's is ever. */
  dueInMs(): number | null {
    const due = [...this.memories].flatMap(([key, memory]) => { const timing = this.timings.get(key); return timing === undefined ? [] : [dueAtMs(memory, timing)]; });
    return due.length === 0 ? null : Math.max(0, Math.min(...due) - this.now());
  }
}

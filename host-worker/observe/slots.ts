/** The units that serve, where two of them take turns; and every other placement's one unit. */
import { sha256Hex } from '../../spec/hash.js';
import type { ObservedUnit } from '../../spec/observed.js';
import { frontOf, unitNames } from '../../spec/slots.js';
import type { LivePorts, Publisher } from '../publish/publisher.js';
import type { Publication } from '../publish/record.js';
import { servingAs } from '../slots/serving.js';
import { isNamedRight } from '../slots/turn.js';
import { isEnabled } from '../systemd/enablement.js';
import { observeUnits, type SystemdPlacement } from './units.js';

/** In the order of `placements`; null: there is none. `owned` as of observeUnits. */
export async function observeServing(publisher: Publisher, placements: readonly SystemdPlacement[], owned: readonly ReadonlySet<string>[]): Promise<(ObservedUnit | null)[]> {
  const published = placements.length === 0 ? [] : await publisher.ofUnits();
  const entries = placements.map(({ deploy_id, component }) => published.find((entry) => entry.deploy_id === deploy_id && entry.component === component) ?? null);
  const live = entries.some((entry) => entry !== null) ? await publisher.live() : null;
  const serving = placements.map((placement, index) => ({ ...placement, run: servingAs(placement.run, entries[index] ?? null) }));
  const seen = await observeUnits(serving, owned);
  return Promise.all(placements.map(async (placement, index) => {
    const [entry, unit, as] = [entries[index] ?? null, seen[index] ?? null, serving[index]];
    if (entry !== null && as !== undefined) return unit === null ? null : inTurn(placement, as, unit, entry, live);
    return unit === null && placement.run.slots !== undefined ? foreignTurn(placement, owned[index] ?? new Set()) : unit;
  }));
}

/** As the document has it: its file may be the one with the port in place of the token. */
async function inTurn({ run }: SystemdPlacement, serving: SystemdPlacement, unit: ObservedUnit, entry: Publication, live: LivePorts | null): Promise<ObservedUnit> {
  const asAsked = run.slots !== undefined && unit.unit_sha256 === sha256Hex(serving.run.unit_text);
  const ports = (await live?.(entry.container))?.ports ?? [];
  const isFor = frontOf(entry.container) === run.unit_name && entry.ports.every(({ host_port: port }) => port === run.slots?.port);
  return {
    ...unit, unit_sha256: asAsked && isFor ? sha256Hex(run.unit_text) : unit.unit_sha256, enabled: await isEnabled(entry.container), run: { unit_name: run.unit_name },
    slot: { alias: await isNamedRight(run.unit_name, entry.container), published: ports.length === entry.ports.length },
  };
}

/** Nothing of ours is there; what somebody else has under one of the names is in the way. */
async function foreignTurn(placement: SystemdPlacement, owned: ReadonlySet<string>): Promise<ObservedUnit | null> {
  const names = unitNames(placement.run).filter((name) => !owned.has(name));
  const seen = await observeUnits(names.map((unit_name) => ({ ...placement, run: { ...placement.run, unit_name } })), names.map(() => new Set<string>()));
  return seen.find((unit) => unit !== null) ?? null;
}

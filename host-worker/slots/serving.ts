/** Which unit serves for a placement whose two units take turns; for every other placement, its one unit. */
import type { SystemdRun } from '../../spec/desired.js';
import { atPort, takingTurns } from '../../spec/slots.js';
import type { Journal, PlacementKey } from '../journal/journal.js';
import type { PlacementRecord } from '../journal/records.js';
import type { Publication } from '../publish/record.js';
import type { Publisher } from '../publish/publisher.js';

type UnitPublication = Publication & { unit: true };
const isUnits = (entry: Publication | null): entry is UnitPublication => entry?.unit === true;

export async function publicationOf(publisher: Publisher, key: PlacementKey): Promise<UnitPublication | null> {
  const entry = await publisher.of(key);
  return isUnits(entry) ? entry : null;
}

export const portOf = ({ ports }: Publication): number => ports[0]?.container_port ?? 0;

/** The run section with the name and the file of the unit that serves. */
export function servingAs(run: SystemdRun, entry: Publication | null): SystemdRun {
  return isUnits(entry) ? { ...run, unit_name: entry.container, unit_text: atPort(run.unit_text, portOf(entry)) } : run;
}

export const servingRun = async (publisher: Publisher, key: PlacementKey, run: SystemdRun): Promise<SystemdRun> => servingAs(run, await publisher.of(key));

/** Known from this host alone, without the document; undefined: the placement has no unit. */
export async function servingUnit({ publisher, journal }: { publisher: Publisher; journal: Journal }, key: PlacementKey): Promise<string | undefined> {
  const entry = await publicationOf(publisher, key);
  return entry?.container ?? unitInTurn(await journal.placement(key));
}

/** In the middle of a change from or to one unit, nothing is published of the one that serves. */
function unitInTurn({ attempt, units }: PlacementRecord): string | undefined {
  const turn = attempt === null || attempt.state === 'ended' ? undefined : attempt.undo.find((entry) => entry.kind === 'slot');
  if (turn === undefined || (turn.old === null && turn.port !== null)) return units.at(-1);
  return attempt?.state === 'committed' ? turn.unit : turn.old?.unit ?? turn.unit;
}

/** All whose lines are those of the component. */
export const unitsWithLogs = async (journal: Journal, key: PlacementKey): Promise<string[]> => takingTurns((await journal.placement(key)).units);

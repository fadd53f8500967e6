/**
 * Bringing in a new unit without an interruption. The old one serves until the new one is healthy:
 *
 *   `<name>-green.service` with a port of its own → start → health, at that port → the published port leads to it → health
 *   → (commit) → the old one's connections end → it is stopped and its file goes → `<name>.service` names the new one
 *
 * From one unit of the name in the document to two that take turns it goes in the same way. On the way back, the one unit
 * takes its name and listens on the published port itself; when the rules are gone, connections come to it.
 */
import type { DesiredPlacement, PortMapping, SystemdRun } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { atPort, frontOf, nextColour, slotNames, unitNames } from '../../spec/slots.js';
import type { Step } from '../activate/step.js';
import { publish, publishAsBefore, waitDrained, withdraw } from '../docker/beside.js';
import { pointLink, readLinkAt } from '../files/link.js';
import { groupId, userId } from '../files/owners.js';
import { readFileAt } from '../files/read-file.js';
import { refuseUnsafeUnitName } from '../files/safe-path.js';
import { removeFile } from '../files/write-file.js';
import type { PlacementRecord, UndoEntry } from '../journal/records.js';
import type { Publication } from '../publish/record.js';
import type { Publisher } from '../publish/publisher.js';
import { type Route, routeTo } from '../publish/route.js';
import { socketsOf } from '../publish/sockets.js';
import { isEnabled, setEnabled } from '../systemd/enablement.js';
import { type DaemonReload, forgetFailure, isLoaded, showUnit, unitJob, unitPath } from '../systemd/systemctl.js';
import { enableUnit, startUnit, type UnitUndo, writeUnit } from '../systemd/unit.js';
import { isActive } from '../systemd/unit-status.js';
import { heldBy } from './held-port.js';
import { portOf, publicationOf } from './serving.js';

export interface TurnDeps { publisher: Publisher; reload: DaemonReload }
export type Turn = Extract<UndoEntry, { kind: 'slot' }>;

/** What there is before anything is touched; conflict when a name or the port that will be used is somebody else's. */
export async function turnBefore({ publisher }: Pick<TurnDeps, 'publisher'>, desired: DesiredPlacement, run: SystemdRun, record: PlacementRecord): Promise<Turn> {
  const { unit_name: front, slots } = run;
  await refuseForeign(run, record);
  if (run.user !== null) await userId(run.user);
  if (run.group !== null) await groupId(run.group);
  const published = await publisher.of(desired);
  const old = await oldOf(publisher, desired, run);
  const colour = nextColour(old?.unit ?? null);
  const unit = slots === undefined ? front : slotNames(front)[colour];
  const pair = slots === undefined ? null : await publisher.takeSlots(desired, old?.unit === front || old === null ? ['blue', 'green'] : [colour]);
  if (slots !== undefined) await publisher.refuseTaken(desired, [mapping(slots.port, 0)], await heldPorts(published, old?.unit === front, front, slots.port));
  const [status, file] = await Promise.all([showUnit(unit), readFileAt(unitPath(unit))]);
  const port = pair === null ? null : pair[colour];
  return { kind: 'slot', front, unit, port, existed: unit === front || file.kind === 'file', invocation: status.invocation, old, published };
}

async function oldOf(publisher: Publisher, desired: DesiredPlacement, { unit_name: front, slots }: SystemdRun): Promise<Turn['old']> {
  const entry = await publicationOf(publisher, desired);
  const unit = entry?.container ?? front;
  if (entry === null && (await readFileAt(unitPath(unit))).kind !== 'file') return null;
  return { unit, was_active: isActive(await showUnit(unit)), port: entry === null ? slots?.port ?? null : portOf(entry) };
}

const mapping = (port: number, to: number): PortMapping => ({ ip: '', host_port: port, container_port: to, protocol: 'tcp' });

/** What this placement has already: what is published, or what its one unit listens on itself. */
async function heldPorts(published: Publication | null, single: boolean, front: string, port: number): Promise<PortMapping[]> {
  const own = single && (await heldBy(front, port));
  return [...(published?.ports ?? []), ...(own ? [mapping(port, port)] : [])];
}

async function refuseForeign(run: SystemdRun, { units }: PlacementRecord): Promise<void> {
  for (const name of unitNames(run)) {
    refuseUnsafeUnitName(name);
    const [status, file] = await Promise.all([showUnit(name), readFileAt(unitPath(name))]);
    const exists = file.kind !== 'missing' || status.load_state !== 'not-found';
    if (!exists || (units.includes(name) && (file.kind !== 'other' || (await isOwnAlias(name))))) continue;
    throw new MaestroError('conflict', `a unit named ${name} exists and was not made by this deploy`, { fix: 'Remove it, or give this component another unit_name.', details: { unit: name } });
  }
}

/** The name in the document as another name of one of its two units. */
export async function isOwnAlias(front: string): Promise<boolean> {
  const found = await readLinkAt(unitPath(front));
  return found.kind === 'link' && Object.values(slotNames(front)).some((unit) => found.target === unitPath(unit));
}

/** Safe to repeat: the new unit is known by its name, and its start by not being the one from before. */
export function startTurn({ reload }: TurnDeps, step: Step, run: SystemdRun, turn: Turn): Promise<void> {
  return step.report.phase('start', async () => {
    if (turn.port === null) await takeName(step, turn);
    await writeUnit(step, { ...run, unit_name: turn.unit, unit_text: turn.port === null ? run.unit_text : atPort(run.unit_text, turn.port) });
    // Until then systemd takes the name for another name of the old one.
    if (turn.port === null) await step.effect('unit.reload', () => reload.request());
    await enableUnit(step, reload, asUnit(turn));
    await startUnit(step, reload, 'restart', asUnit(turn));
  });
}

async function takeName(step: Step, { front }: Turn): Promise<void> {
  if (await isOwnAlias(front)) await step.effect('slot.unalias', () => pointLink(unitPath(front), null));
}

const asUnit = ({ unit, existed, invocation }: Turn): UnitUndo => ({ kind: 'unit', unit, existed, was_active: false, was_enabled: false, invocation });

/** For a health check of the published port, while that still leads to the old one. null: it is the new one's own. */
export const routeInTurn = ({ slots }: SystemdRun, { port }: Turn): Route | null => (slots === undefined || port === null ? null : routeTo('127.0.0.1', [mapping(slots.port, port)]));

/** From here on new connections are the new one's. */
export async function takeTurn({ publisher }: TurnDeps, step: Step, { slots }: SystemdRun, turn: Turn): Promise<void> {
  const { unit, port, old } = turn;
  await step.report.phase('switch', () => (slots === undefined || port === null
    ? withdraw(publisher, step)
    : publish(publisher, step, { ports: [mapping(slots.port, port)], container: unit, draining: old?.unit ?? null, unit: true })));
}

/** After the commit: the old one goes when its connections have ended or have had their time. */
export async function retireTurn({ publisher, reload }: TurnDeps, step: Step, turn: Turn): Promise<void> {
  const { old, front, unit, port } = turn;
  // A name that was given away already is the new one's.
  if (old !== null && !(old.unit === front && (await isOwnAlias(front)))) await retireUnit(step, turn, old);
  await step.effect('slot.reload', () => reload.request());
  if (port !== null) await giveName(step, reload, front, unit);
  const entry = await publicationOf(publisher, step.key);
  if (entry !== null && entry.draining !== null) await step.effect('publish.drained', () => publisher.record(step.key, { ...entry, draining: null }));
  if (port === null) await step.effect('slot.give_up', () => publisher.giveUpSlots(step.key));
}

async function retireUnit(step: Step, { front, port: next }: Turn, { port, ...old }: NonNullable<Turn['old']>): Promise<void> {
  const isUp = async (): Promise<boolean> => (await showUnit(old.unit)).active_state !== 'inactive';
  if (port !== null) await waitDrained(step, 'unit', async () => ((await isUp()) ? openTo(port) : null));
  if (await isUp()) {
    step.report.output('info', `stopping the old unit ${old.unit}`);
    await step.effect('slot.stop_old', () => unitJob('stop', old.unit));
  }
  await step.effect('slot.remove_old', () => removeUnitFile(old.unit));
  const name = frontOf(old.unit);
  if (next !== null && name !== front && (await isOwnAlias(name))) await step.effect('slot.unalias', () => pointLink(unitPath(name), null));
}

async function openTo(port: number): Promise<number> {
  return (await socketsOf('self')).filter((socket) => socket.protocol === 'tcp' && socket.port === port && (socket.state === 'established' || socket.state === 'closing')).length;
}

/**
 * The name in the document becomes another name of the unit that serves. A unit that systemd still holds under that name
 * would be merged into the one that serves, together with its state, and the process that serves would be lost: it then
 * stays without the name.
 */
async function giveName(step: Step, reload: DaemonReload, front: string, unit: string): Promise<void> {
  if (await namesUnit(front, unit)) return step.effect('slot.named', () => reload.request());
  if (!(await isOwnAlias(front)) && (await isLoaded(front))) return step.report.output('info', `something on this host refers to ${front}: the name is not given to ${unit} now`);
  await step.effect('slot.alias', () => pointLink(unitPath(front), unitPath(unit)));
  await step.effect('slot.named', () => reload.request());
}

/** It names nothing, or what serves. */
export async function isNamedRight(front: string, unit: string): Promise<boolean> {
  return (await readLinkAt(unitPath(front))).kind === 'missing' || namesUnit(front, unit);
}

async function namesUnit(front: string, unit: string): Promise<boolean> {
  const found = await readLinkAt(unitPath(front));
  return found.kind === 'link' && found.target === unitPath(unit);
}

async function removeUnitFile(unit: string): Promise<void> {
  await forgetFailure(unit);
  await setEnabled(unit, false);
  if ((await readFileAt(unitPath(unit))).kind === 'file') await removeFile(unitPath(unit));
}

/**
 * Back to how it was, the old one having served all the time: rules first, then the new one goes, before `restore` puts
 * back the files. With nothing before it, it is stopped and kept, unless it was `held` back. True when the old one serves.
 */
export async function undoTurn({ publisher, reload }: TurnDeps, step: Step, turn: Turn, held: boolean, restore: () => Promise<void>): Promise<boolean> {
  const { old, front, unit, port } = turn;
  await publishAsBefore(publisher, step, turn.published);
  await takeDown(reload, step, turn);
  if (old !== null) await restore();
  if (old === null && !held) {
    if (await isEnabled(unit)) await step.effect('undo.disable_unit', () => setEnabled(unit, false));
    return false;
  }
  if (!(await isOwnAlias(unit))) await step.effect('undo.remove_unit', () => removeUnitFile(unit));
  await step.effect('undo.reload', () => reload.request());
  if (port === null && old !== null && old.unit !== front) await giveName(step, reload, front, old.unit);
  return old !== null && old.was_active && isActive(await showUnit(old.unit));
}

/** What still is another name of the old one is not the new one. */
async function takeDown(reload: DaemonReload, step: Step, { unit, port }: Turn): Promise<void> {
  if (port === null && (await isOwnAlias(unit))) return;
  if (port === null) await step.effect('undo.reload_names', () => reload.request());
  const { load_state: loaded, active_state: active } = await showUnit(unit);
  if (loaded !== 'not-found' && active !== 'inactive') await step.effect('undo.stop_unit', () => unitJob('stop', unit));
}

/** So that a host that starts, and people who ask systemd by the name in the document, find the one that serves. */
export async function enableTurn(step: Step, reload: DaemonReload, front: string, unit: string): Promise<void> {
  if (!(await isEnabled(unit))) await step.effect('unit.enable', () => setEnabled(unit, true));
  await step.effect('unit.reload', () => reload.request());
  await giveName(step, reload, front, unit);
}

/** What the placement owns when the turn is over. */
export const unitsAfter = (units: readonly string[], { front, port }: Turn): string[] =>
  (port === null ? units.filter((unit) => !Object.values(slotNames(front)).includes(unit)) : [...units]);

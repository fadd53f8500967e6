/**
 * A component that is changed without an interruption as a unit: two units of its own take turns, each with a port of its
 * own, and the published port leads to the one that serves. Pure.
 */
import type { SystemdRun } from './desired.js';

/** Written in the run section where the port belongs that the program is to listen on. */
export const portToken = '${MAESTRO_PORT}';

/** Where a host takes the ports of its units from, first and last. Nothing is published in there. */
export const slotPorts = { first: 20_000, last: 29_999 } as const;

/** What is added to a unit's name, before `.service`. */
export type Colour = 'blue' | 'green';

const withColour = (front: string, colour: Colour): string => front.replace(/\.service$/, `-${colour}.service`);

/** `front`: the unit's name as the document has it. */
export const slotNames = (front: string): Record<Colour, string> => ({ blue: withColour(front, 'blue'), green: withColour(front, 'green') });

/** The one that does not serve now. */
export const nextColour = (serving: string | null): Colour => (serving?.endsWith('-blue.service') === true ? 'green' : 'blue');

/** The name in the document that a unit serves for. */
export const frontOf = (unit: string): string => unit.replace(/-(?:blue|green)\.service$/, '.service');

/** Every name of units that the component takes; the last one is where it begins. */
export function unitNames({ unit_name: front, slots }: Pick<SystemdRun, 'unit_name' | 'slots'>): string[] {
  const { blue, green } = slotNames(front);
  return slots === undefined ? [front] : [front, green, blue];
}

/** Of the units that a placement has had: those that its latest ones take turns with, itself included. */
export function takingTurns(units: readonly string[]): string[] {
  const last = units.at(-1);
  if (last === undefined) return [];
  const all = unitNames({ unit_name: frontOf(last), slots: { port: 0 } });
  return all.at(-1) === last && all.every((unit) => units.includes(unit)) ? all : [last];
}

/** The unit file, or any text of the run section, of the unit that has this port. */
export const atPort = (text: string, port: number): string => text.replaceAll(portToken, String(port));

export interface PortPair { blue: number; green: number }

export interface TakenPorts { has(port: number): boolean; /** The kernel gives these to connections that leave the host. */ ephemeral: { first: number; last: number } }

/**
 * Two ports that nobody has; those of `kept` stay, as far as nobody else has them. null: there are not two. Ports that the
 * kernel hands out are taken only where there are no others.
 */
export function choosePorts(kept: PortPair | null, taken: TakenPorts): PortPair | null {
  const all = Array.from({ length: slotPorts.last - slotPorts.first + 1 }, (_, index) => slotPorts.first + index).filter((port) => !taken.has(port));
  const outside = all.filter((port) => port < taken.ephemeral.first || port > taken.ephemeral.last);
  const free = (outside.length >= 2 ? outside : all).filter((port) => port !== kept?.blue && port !== kept?.green);
  const stays = (port: number | undefined): number | undefined => (port === undefined || taken.has(port) ? free.shift() : port);
  const [blue, green] = [stays(kept?.blue), stays(kept?.green)];
  return blue === undefined || green === undefined ? null : { blue, green };
}

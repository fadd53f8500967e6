/** Which two ports of the host the units of a placement get: none that anybody listens on, publishes, or has been given. */
import { readFile } from 'node:fs/promises';
import { MaestroError } from '../../spec/errors.js';
import { choosePorts, type Colour, type PortPair, slotPorts } from '../../spec/slots.js';
import type { PlacementKey } from '../journal/journal.js';
import type { Publications } from './record.js';
import type { Socket } from './sockets.js';

const ephemeralPath = '/proc/sys/net/ipv4/ip_local_port_range';

/** `idle`: of the two, those that nothing of ours listens on now. Throws config_error when there are none left. */
export async function choosePair({ published, slots }: Publications, key: PlacementKey, mine: PortPair | null, idle: readonly Colour[], sockets: () => Promise<Socket[]>): Promise<PortPair> {
  const others = slots.filter((slot) => slot.deploy_id !== key.deploy_id || slot.component !== key.component);
  const given = new Set([...others.flatMap(({ blue, green }) => [blue, green]), ...published.flatMap(({ ports }) => ports.map(({ host_port: port }) => port))]);
  const busy = mine === null ? [] : (['blue', 'green'] as const).filter((colour) => !idle.includes(colour)).map((colour) => mine[colour]);
  const listening = new Set((await sockets()).filter(({ protocol, state, port }) => protocol === 'tcp' && state === 'listening' && !busy.includes(port)).map(({ port }) => port));
  const chosen = choosePorts(mine === null ? null : { blue: mine.blue, green: mine.green }, { has: (port) => given.has(port) || listening.has(port), ephemeral: await ephemeral() });
  if (chosen !== null) return chosen;
  throw new MaestroError('config_error', `this host has no two free ports between ${String(slotPorts.first)} and ${String(slotPorts.last)}, which deploy_mode blue_green of a unit needs`, { fix: 'Free some of them, or use deploy_mode: cold.' });
}

async function ephemeral(): Promise<{ first: number; last: number }> {
  const [first, last] = (await readFile(ephemeralPath, 'latin1').catch(() => '')).trim().split(/\s+/).map(Number);
  return first === undefined || last === undefined || Number.isNaN(first) || Number.isNaN(last) ? { first: 32_768, last: 60_999 } : { first, last };
}

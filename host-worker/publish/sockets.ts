/** Sockets as `/proc/…/net/tcp` and its kin list them. */
import { readFile } from 'node:fs/promises';
import { isMissing } from '../trouble.js';

export interface Socket { protocol: 'tcp' | 'udp'; /** '' = every address; null: one that is not IPv4. */ ip: string | null; port: number; state: 'established' | 'closing' | 'listening' | 'other' }

const states: Readonly<Record<string, Socket['state']>> = { '01': 'established', '0A': 'listening', '04': 'closing', '05': 'closing', '08': 'closing' };

/** `text` of tcp, tcp6, udp or udp6. */
export function parseSockets(protocol: Socket['protocol'], text: string): Socket[] {
  return text.split('\n').slice(1).flatMap((line) => {
    const [, local = '', remote = '', state = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (port === '') return [];
    // UDP does not listen: one that is bound and not connected takes what comes.
    const open = protocol === 'udp' ? (/^0+:0+$/.test(remote) ? 'listening' : 'other') : states[state] ?? 'other';
    return [{ protocol, ip: addressOf(address), port: Number.parseInt(port, 16), state: open }];
  });
}

/** Words in the byte order of the machine, which is little-endian wherever this runs. */
function addressOf(hex: string): string | null {
  if (/^0+$/.test(hex)) return '';
  if (hex.length === 8) return quad(hex);
  return /^0{16}FFFF0000/i.test(hex) ? quad(hex.slice(24)) : null;
}

const quad = (hex: string): string => (hex.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)).join('.');

const tables = [['tcp', 'tcp'], ['tcp', 'tcp6'], ['udp', 'udp'], ['udp', 'udp6']] as const;

/** Of the network that the process is in; none when it has ended. */
export async function socketsOf(pid: number | 'self'): Promise<Socket[]> {
  const found = await Promise.all(tables.map(async ([protocol, table]) => {
    try {
      return parseSockets(protocol, await readFile(`/proc/${String(pid)}/net/${table}`, 'latin1'));
    } catch (error) {
      if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ESRCH')) return [];
      throw error;
    }
  }));
  return found.flat();
}

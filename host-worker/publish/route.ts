/** Health checks that name a published port of this host, while that port still leads to another container. */
import { lookup } from 'node:dns/promises';
import { hostname, networkInterfaces } from 'node:os';
import type { PortMapping } from '../../spec/desired.js';
import { isEverywhere } from './rules.js';

/** Where to go in place of an address; null: go there. */
export type Route = (host: string, port: number) => Promise<{ host: string; port: number } | null>;

/** To the container's own address, for what is published of it. */
export function routeTo(ip: string, ports: readonly PortMapping[]): Route {
  return async (host, port) => {
    const candidates = ports.filter((mapping) => mapping.protocol === 'tcp' && mapping.host_port === port);
    if (candidates.length === 0) return null;
    const own = await ownAddresses(host.replace(/^\[|\]$/g, ''));
    const mapping = candidates.find((candidate) => (isEverywhere(candidate.ip) ? own.length > 0 : own.includes(candidate.ip)));
    return mapping === undefined ? null : { host: ip, port: mapping.container_port };
  };
}

/** Those behind the name that are this host's; none when it is another host's name. */
async function ownAddresses(host: string): Promise<string[]> {
  const mine = new Set(Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)));
  const found = host === hostname() ? [...mine] : (await lookup(host, { all: true }).catch(() => [])).map(({ address }) => address);
  return found.filter((address) => mine.has(address) || address.startsWith('127.') || address === '::1' || address === '0.0.0.0').map((address) => (address === '::1' ? '127.0.0.1' : address));
}

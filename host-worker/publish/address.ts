/** Where the host reaches a container: its address in the network through which it reaches the world, as Docker publishes it too. */
import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type Dockerode from 'dockerode';
import { inspectContainer } from '../docker/own-containers.js';
import { messageOf } from '../trouble.js';
import type { Address } from './rules.js';

export interface Reach extends Address { gateway: string; pid: number }

/** null when it does not run, or is in no network of its own. */
export async function reachOf(docker: Dockerode, id: string): Promise<Reach | null> {
  const found = await inspectContainer(docker, id);
  if (found?.State.Running !== true) return null;
  const networks = Object.entries(found.NetworkSettings.Networks ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, network]) => network).filter(({ IPAddress }) => isAddress(IPAddress));
  const gateway = await defaultGateway(found.State.Pid);
  const chosen = networks.find(({ Gateway }) => Gateway === gateway) ?? networks[0];
  return chosen === undefined ? null : { ip: chosen.IPAddress, prefix: chosen.IPPrefixLen, gateway: chosen.Gateway, pid: found.State.Pid };
}

const isAddress = (ip: string | undefined): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(ip ?? '');

/** As the container's own routes say; null: it has none, or they cannot be read (another machine's Docker). */
async function defaultGateway(pid: number): Promise<string | null> {
  if (pid <= 0) return null;
  const text = await readFile(`/proc/${String(pid)}/net/route`, 'latin1').catch(() => '');
  const hex = text.split('\n').map((line) => line.split('\t')).find(([, to]) => to === '00000000')?.[2] ?? '';
  return /^[0-9A-F]{8}$/.test(hex) ? (hex.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)).join('.') : null;
}

const setting = (of: string): string => `/proc/sys/net/ipv4/conf/${of}/route_localnet`;

/**
 * So that 127.0.0.1 on the host leads to the container too: allowed on the bridge that the container is at, and only
 * there. Answers with what a person should know; null when it was so already.
 */
export async function allowFromLocalhost({ gateway }: Reach): Promise<string | null> {
  const bridge = Object.entries(networkInterfaces()).find(([, addresses]) => addresses?.some(({ address }) => address === gateway) === true)?.[0];
  if (bridge === undefined || !/^[A-Za-z0-9_.-]{1,15}$/.test(bridge)) return null;
  const set = await Promise.all([setting('all'), setting(bridge)].map(async (path) => (await readFile(path, 'latin1').catch(() => '')).trim() === '1'));
  if (set.includes(true)) return null;
  try {
    await writeFile(setting(bridge), '1');
    return `set net.ipv4.conf.${bridge}.route_localnet=1, so that 127.0.0.1 on this host leads to the published ports`;
  } catch (error) {
    return `net.ipv4.conf.${bridge}.route_localnet could not be set (${messageOf(error)}): the published ports do not answer on 127.0.0.1 of this host`;
  }
}

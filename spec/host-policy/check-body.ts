/**
 * The last look at what Docker is asked to create, whatever made it: nothing but the keys that a run section leads to, and
 * of those nothing that the node does not allow. Null: it may be created.
 */
import type { Permission } from './permissions.js';
import { mountNeeds } from './places.js';

export interface CreateBody { HostConfig?: object | undefined }

/** Anything else (Privileged, PidMode, IpcMode, CapAdd, Devices, Mounts, SecurityOpt …) is not ours to ask for. */
const knownKeys = new Set(['PortBindings', 'Binds', 'RestartPolicy', 'Memory', 'NanoCpus', 'NetworkMode']);
const bindFlags = new Set(['ro', 'rw']);

export function bodyRefusal({ HostConfig: hostConfig = {} }: CreateBody, allowed: readonly Permission[]): string | null {
  const unknown = Object.keys(hostConfig).find((key) => !knownKeys.has(key));
  if (unknown !== undefined) return `HostConfig.${unknown} is not a thing that a deploy may ask for`;
  const { NetworkMode: network = '', Binds: binds = [] } = hostConfig as { NetworkMode?: unknown; Binds?: unknown };
  if (typeof network !== 'string' || !Array.isArray(binds)) return 'HostConfig is not of the kind that is known';
  if (/^(host$|container:|ns:)/.test(network) && !allowed.includes('host_network')) return `the network ${network} needs host_network`;
  for (const bind of binds as unknown[]) {
    const refusal = typeof bind === 'string' ? bindRefusal(bind, allowed) : 'a bind is not a text';
    if (refusal !== null) return refusal;
  }
  return null;
}

function bindRefusal(bind: string, allowed: readonly Permission[]): string | null {
  const [source = '', target = '', flags, ...rest] = bind.split(':');
  if (rest.length > 0 || !target.startsWith('/') || (flags !== undefined && !flags.split(',').every((flag) => bindFlags.has(flag)))) return `the bind ${bind} is not of the kind that is known`;
  if (!source.startsWith('/')) return null;
  if (source.split('/').some((part) => part === '..' || part === '.')) return `the bind ${bind} is not normalised`;
  const needs = mountNeeds(source);
  if (needs === null || (needs !== 'never' && allowed.includes(needs))) return null;
  return needs === 'never' ? `${source} is Maestro's own` : `a mount of ${source} needs ${needs}`;
}

/** Networks are made when they are missing; one that is there is used as it is, whoever made it. Callers take turns. */
import type Dockerode from 'dockerode';
import { builtInNetworks } from './container-options.js';
import { call, orNull, refused, statusOf } from './docker-call.js';

export async function ensureNetwork(docker: Dockerode, name: string, labels: Record<string, string>): Promise<boolean> {
  if (builtInNetworks.has(name)) return false;
  if ((await call('inspect a network', () => orNull(docker.getNetwork(name).inspect()))) !== null) return false;
  try {
    // Names of networks are not unique by themselves.
    await call('create a network', () => docker.createNetwork({ Name: name, Driver: 'bridge', CheckDuplicate: true, Labels: labels }));
    return true;
  } catch (error) {
    if (statusOf(error) === 409) return false;
    throw refused(`creating the network ${name}`, error);
  }
}

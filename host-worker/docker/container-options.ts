/** What `docker create` is asked for, from a run section. Pure. */
import type Dockerode from 'dockerode';
import type { DesiredPlacement, DockerRun, PortMapping, VolumeMount } from '../../spec/desired.js';
import { secretValues } from '../secret-values.js';
import { ownershipLabels } from './labels.js';

/** Networks that are a way to attach and not a network that could be made. */
export const builtInNetworks: ReadonlySet<string> = new Set(['bridge', 'host', 'none', 'default']);

export type ContainerOptions = Omit<Dockerode.ContainerCreateOptions, 'name' | 'abortSignal'>;

/**
 * The container joins its first network at creation and the others afterwards (older engines take only one);
 * see `furtherNetworks`. Names of networks resolve to the container's final name and to the component.
 */
export function containerOptions(placement: Pick<DesiredPlacement, 'deploy_id' | 'component' | 'version' | 'hash'>, run: DockerRun): ContainerOptions {
  const [network] = run.networks;
  return {
    Image: run.pinned ?? run.image,
    Env: Object.entries({ ...run.env, ...secretValues(run) }).map(([name, value]) => `${name}=${value}`).sort(),
    ...(run.command === null ? {} : { Cmd: run.command }),
    Labels: ownershipLabels(placement),
    ExposedPorts: Object.fromEntries(run.ports.map((mapping) => [portKey(mapping), {}])),
    HostConfig: {
      PortBindings: portBindings(run.ports),
      Binds: run.volumes.map(bind),
      RestartPolicy: { Name: run.restart },
      Memory: run.resources.memory_bytes ?? 0,
      NanoCpus: run.resources.cpus === null ? 0 : Math.round(run.resources.cpus * 1e9),
      ...(network === undefined ? {} : { NetworkMode: network }),
    },
    ...(network === undefined || builtInNetworks.has(network) ? {} : { NetworkingConfig: { EndpointsConfig: { [network]: endpoint(placement, run) } } }),
  };
}

export const furtherNetworks = (run: DockerRun): string[] => run.networks.slice(1);

export const endpoint = (placement: Pick<DesiredPlacement, 'component'>, run: DockerRun): { Aliases: string[] } =>
  ({ Aliases: [...new Set([run.container_name, placement.component])] });

const portKey = ({ container_port, protocol }: PortMapping): string => `${String(container_port)}/${protocol}`;

/** Host port 0 lets Docker choose one. */
function portBindings(ports: readonly PortMapping[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const mapping of ports) {
    (bindings[portKey(mapping)] ??= []).push({ HostIp: mapping.ip, HostPort: mapping.host_port === 0 ? '' : String(mapping.host_port) });
  }
  return bindings;
}

const bind = ({ source, target, read_only }: VolumeMount): string => `${source}:${target}${read_only ? ':ro' : ''}`;

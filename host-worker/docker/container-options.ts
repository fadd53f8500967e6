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
 * see `furtherNetworks`. Ports of one that runs beside another are published by the host's rules. Names of networks resolve to the container's final name and to the component.
 */
export function containerOptions(placement: Pick<DesiredPlacement, 'deploy_id' | 'component' | 'version' | 'hash' | 'deploy_mode'>, run: DockerRun): ContainerOptions {
  const [network] = run.networks;
  return {
    Image: run.pinned ?? run.image,
    Env: Object.entries({ ...run.env, ...secretValues(run) }).map(([name, value]) => `${name}=${value}`).sort(),
    ...(run.command === null ? {} : { Cmd: run.command }),
    Labels: ownershipLabels(placement),
    ExposedPorts: Object.fromEntries(run.ports.map((mapping) => [portKey(mapping), {}])),
    HostConfig: {
      PortBindings: placement.deploy_mode === undefined ? portBindings(run.ports) : {},
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

type PortBindings = Record<string, { HostIp?: string; HostPort?: string }[] | null>;

/** Read back: what Docker publishes, in the words of `desired` where those mean the same. */
export function portsOf(bindings: PortBindings | undefined, desired: readonly PortMapping[]): PortMapping[] {
  return Object.entries(bindings ?? {}).flatMap(([key, hosts]) => (hosts ?? []).map(({ HostIp, HostPort }) => {
    const [port, protocol] = key.split('/');
    const container_port = Number(port);
    // No address and 0.0.0.0 both mean every address; told in the way the document does.
    const everywhere = HostIp === undefined || HostIp === '' || HostIp === '0.0.0.0';
    const mapping = { host_port: Number(HostPort ?? 0), container_port, protocol: protocol === 'udp' ? 'udp' as const : 'tcp' as const };
    const same = desired.find((port) => port.container_port === container_port && port.protocol === mapping.protocol && port.host_port === mapping.host_port && ['', '0.0.0.0'].includes(port.ip));
    return { ip: everywhere ? same?.ip ?? '0.0.0.0' : HostIp, ...mapping };
  }));
}

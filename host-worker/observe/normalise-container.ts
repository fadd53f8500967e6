/** `docker inspect` in the words of a run section, so that the planner compares like with like. Pure. */
import type Dockerode from 'dockerode';
import type { DockerRun, PortMapping, VolumeMount } from '../../spec/desired.js';
import { canonicalJson } from '../../spec/hash.js';
import type { ObservedContainer } from '../../spec/observed.js';
import { secretDigestText } from '../../spec/plan-fields.js';
import { keyedDigest } from '../files/digest.js';
import { portsOf } from '../docker/container-options.js';
import { ownershipOf } from '../docker/labels.js';

/** The parts of an image's configuration that a container inherits. */
export interface ImageDefaults { env: readonly string[]; command: readonly string[] | null }

export interface ImagesKnown { wanted_image_id: string | null; /** Of the image the container runs; null when it is gone. */ image: ImageDefaults | null }

export function normaliseContainer(found: Dockerode.ContainerInspectInfo, desired: DockerRun, { wanted_image_id, image }: ImagesKnown, digestKey?: string): ObservedContainer {
  const { State, Config, HostConfig } = found;
  return {
    id: found.Id,
    owner: ownershipOf(Config.Labels),
    status: statusOf(State.Status),
    exit_code: State.ExitCode,
    image_id: found.Image,
    wanted_image_id,
    run: {
      image: Config.Image,
      container_name: found.Name.slice(1),
      ports: inOrderOf(desired.ports, portsOf(HostConfig.PortBindings, desired.ports)),
      volumes: inOrderOf(desired.volumes, (HostConfig.Binds ?? []).map(volumeOf)),
      env: withoutSecrets(envOf(Config.Env ?? [], { ...desired.env, ...desired.secret_env }, image), desired, digestKey),
      networks: inOrderOf(desired.networks, networksOf(found)),
      restart: restartOf(HostConfig.RestartPolicy?.Name),
      command: commandOf(Config.Cmd ?? null, desired.command, image),
      resources: { memory_bytes: positive(HostConfig.Memory), cpus: positive(HostConfig.NanoCpus === undefined ? 0 : HostConfig.NanoCpus / 1e9) },
    },
    started_at: State.StartedAt.startsWith('0001-') ? null : State.StartedAt,
  };
}

/** What the host's rules publish, beside what Docker does. null: they have nothing to do with it. */
export function withPublished(container: ObservedContainer, desired: DockerRun, published: { ports: readonly PortMapping[] } | null): ObservedContainer {
  if (published === null) return container;
  const inWordsOf = published.ports.map((port) => desired.ports.find((wanted) => sameMapping(wanted, port)) ?? port);
  return { ...container, published_by_rules: true, run: { ...container.run, ports: inOrderOf(desired.ports, [...container.run.ports, ...inWordsOf]) } };
}

const sameMapping = (a: PortMapping, b: PortMapping): boolean =>
  a.host_port === b.host_port && a.container_port === b.container_port && a.protocol === b.protocol && (a.ip === b.ip || [a, b].every(({ ip }) => ['', '0.0.0.0'].includes(ip)));

const statuses = ['created', 'running', 'restarting', 'paused', 'exited', 'dead', 'removing'] as const satisfies readonly ObservedContainer['status'][];
const statusOf = (status: string): ObservedContainer['status'] => statuses.find((known) => known === status) ?? 'dead';

/**
 * A container's environment is the image's with the document's on top, and inspect does not say which is which.
 * Left out is only what the document does not name and the image sets to this very value. So a variable that
 * the document sets to the image's own value is no difference, and one that an earlier version set and this one
 * does not is one.
 */
export function envOf(env: readonly string[], desired: Readonly<Record<string, unknown>>, image: ImageDefaults | null): Record<string, string> {
  const fromImage = new Set(image?.env ?? []);
  const told = env.filter((entry) => !fromImage.has(entry) || Object.hasOwn(desired, nameIn(entry)));
  return Object.fromEntries(told.map((entry) => [nameIn(entry), entry.slice(nameIn(entry).length + 1)]));
}

/** The values of secret variables go no further than here; their digests are what is compared. */
function withoutSecrets(env: Record<string, string>, { secret_env: secret = {} }: DockerRun, digestKey: string | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, Object.hasOwn(secret, name) ? secretDigestText(keyedDigest(value, digestKey)) : value]));
}

const nameIn = (entry: string): string => (entry.includes('=') ? entry.slice(0, entry.indexOf('=')) : entry);

/** null (the image's own) only when the document leaves it to the image: one that spells out the same command sees itself. */
function commandOf(command: readonly string[] | null, desired: DockerRun['command'], image: ImageDefaults | null): string[] | null {
  if (desired === null && canonicalJson(command) === canonicalJson(image?.command ?? null)) return null;
  return command === null ? null : [...command];
}

function volumeOf(bind: string): VolumeMount {
  const [source = '', target = '', options = ''] = bind.split(':');
  return { kind: source.startsWith('/') ? 'bind' : 'volume', source, target, read_only: options.split(',').includes('ro') };
}

/** The default bridge is what a container gets that asks for no network. */
function networksOf({ NetworkSettings, HostConfig }: Dockerode.ContainerInspectInfo): string[] {
  const names = Object.keys(NetworkSettings.Networks ?? {});
  const byDefault = HostConfig.NetworkMode === 'default' || HostConfig.NetworkMode === 'bridge' || HostConfig.NetworkMode === undefined;
  return byDefault ? names.filter((name) => name !== 'bridge') : names;
}

const restarts = ['no', 'on-failure', 'always', 'unless-stopped'] as const satisfies readonly DockerRun['restart'][];
const restartOf = (name: string | undefined): DockerRun['restart'] => restarts.find((known) => known === name) ?? 'no';

const positive = (value: number | undefined): number | null => (value === undefined || value <= 0 ? null : value);

/** What the document lists comes first and in its order, as the document has it; the rest follows. */
function inOrderOf<T>(desired: readonly T[], found: readonly T[]): T[] {
  const rest = found.map((item) => ({ item, text: canonicalJson(item) }));
  const matched = desired.filter((item) => {
    const at = rest.findIndex(({ text }) => text === canonicalJson(item));
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
  return [...matched, ...rest.map(({ item }) => item)];
}

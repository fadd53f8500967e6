/**
 * Bringing a placement's container to what is wanted, so that at any moment a kill leaves either the old or the
 * new one, and whoever repeats the attempt can tell which from names, labels and the journal:
 *
 *   create `<name>.maestro-next` → stop the old one → old becomes `<name>.maestro-previous`
 *   → new becomes `<name>` → start → (health, commit) → remove the old one
 *
 * Undoing takes the new one away, gives the old one its name back and starts it.
 */
import type Dockerode from 'dockerode';
import type { DesiredPlacement, DockerRun, PortMapping } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import { bodyRefusal } from '../../spec/host-policy/check-body.js';
import type { Step } from '../activate/step.js';
import type { UndoEntry } from '../journal/records.js';
import { linkRefusal } from './bind-sources.js';
import { builtInNetworks, containerOptions, endpoint, furtherNetworks, portsOf } from './container-options.js';
import { call, orNull, refused, unless } from './docker-call.js';
import { attemptLabels, isOf, ownershipLabels } from './labels.js';
import { createdBy, inspectContainer, type Listed, listAll, nextName, previousName, refuseForeign, servingContainer } from './own-containers.js';

export type ContainerUndo = Extract<UndoEntry, { kind: 'container' }>;

const stopSeconds = 10;
/** Beyond the grace period that Docker itself waits out. */
const stopTimeoutMs = (stopSeconds + 30) * 1000;
const createTimeoutMs = 120_000;

/** What there is before anything is touched; conflict when a name that will be used is somebody else's. */
export async function containerBefore(docker: Dockerode, desired: DesiredPlacement, run: DockerRun, how: ContainerUndo['how']): Promise<ContainerUndo> {
  const all = await listAll(docker);
  const name = run.container_name;
  refuseForeign(all, desired, [name, nextName(name), previousName(name)]);
  const serving = servingContainer(all, desired, name);
  const found = serving === null ? null : await inspectContainer(docker, serving.id);
  const old = serving === null || found === null ? null : { id: serving.id, name: serving.name, was_running: found.State.Running, started_at: found.State.StartedAt };
  return { kind: 'container', name, how, old };
}

/** What Docker publishes of a container. */
export async function boundPorts(docker: Dockerode, id: string | null): Promise<PortMapping[]> {
  const found = id === null ? null : await inspectContainer(docker, id);
  return portsOf(found?.HostConfig.PortBindings as Parameters<typeof portsOf>[0], []);
}

/** Safe to repeat from any point; the container that this attempt created is found by its label and never made twice. */
export async function deployContainer(docker: Dockerode, step: Step, desired: DesiredPlacement, run: DockerRun, before: ContainerUndo): Promise<string> {
  const id = await step.report.phase('start', async () => {
    const created = await createdContainer(docker, step, desired, run, before);
    if (before.old === null) await start(docker, step, created);
    return created;
  });
  const { old } = before;
  if (old !== null) {
    await step.report.phase('stop_old', () => setAside(docker, step, before.name, old));
    await step.report.phase('switch', async () => {
      await rename(docker, step, 'container.rename_new', id, before.name);
      await start(docker, step, id);
    });
  }
  return id;
}

export async function createdContainer(docker: Dockerode, step: Step, desired: DesiredPlacement, run: DockerRun, before: ContainerUndo): Promise<string> {
  const all = await listAll(docker);
  const existing = createdBy(all, step.key);
  const name = before.old === null ? before.name : nextName(before.name);
  await ensureVolumes(docker, step, desired, run);
  if (existing === null) await removeLeftovers(docker, step, all.filter((container) => container.name === name && container.id !== before.old?.id));
  const id = existing?.id ?? (await step.effect('container.create', () => create(docker, step, desired, run, name)));
  for (const network of furtherNetworks(run)) await connect(docker, network, id, desired, run);
  return id;
}

/** Docker would make them by itself, but without the mark. One that is there is used as it is, whoever made it. */
async function ensureVolumes(docker: Dockerode, step: Step, desired: DesiredPlacement, run: DockerRun): Promise<void> {
  for (const { kind, source } of run.volumes) {
    if (kind !== 'volume' || (await call('inspect a volume', () => orNull(docker.getVolume(source).inspect()))) !== null) continue;
    try {
      await step.effect('volume.create', () => call('create a volume', () => docker.createVolume({ Name: source, Labels: ownershipLabels(desired) })));
    } catch (error) {
      throw refused(`creating the volume ${source}`, error);
    }
  }
}

async function create(docker: Dockerode, step: Step, desired: DesiredPlacement, run: DockerRun, name: string): Promise<string> {
  const options = containerOptions(desired, run);
  const refusal = bodyRefusal(options, desired.allowed ?? []) ?? (await linkRefusal(desired, run));
  if (refusal !== null) throw new MaestroError('permission_denied', `the container ${name} is not created: ${refusal}`, { fix: 'Do without it, or ask an administrator to allow it on this node, and retry.' });
  step.report.output('info', `creating container ${name} from ${run.image}`);
  try {
    const container = await call('create a container', () => docker.createContainer({ ...options, name, Labels: { ...ownershipLabels(desired), ...attemptLabels(step.key) } }), createTimeoutMs);
    return container.id;
  } catch (error) {
    throw refused(`creating the container ${name}`, error);
  }
}

async function connect(docker: Dockerode, network: string, id: string, desired: DesiredPlacement, run: DockerRun): Promise<void> {
  const found = await inspectContainer(docker, id);
  if (found === null || Object.hasOwn(found.NetworkSettings.Networks, network)) return;
  const config = builtInNetworks.has(network) ? {} : { EndpointConfig: endpoint(desired, run) };
  try {
    await call('connect a network', () => docker.getNetwork(network).connect({ Container: id, ...config }));
  } catch (error) {
    throw refused(`connecting to the network ${network}`, error);
  }
}

/** Ours by label, under a name that we need: what an attempt left behind whose journal is gone. */
export async function removeLeftovers(docker: Dockerode, step: Step, leftovers: readonly Listed[]): Promise<void> {
  for (const leftover of leftovers) {
    if (!isOf(leftover.labels, step.key)) continue;
    await step.effect('container.remove_leftover', () => remove(docker, leftover.id));
  }
}

async function setAside(docker: Dockerode, step: Step, name: string, old: NonNullable<ContainerUndo['old']>): Promise<void> {
  const found = await inspectContainer(docker, old.id);
  if (found === null) return;
  if (found.State.Running || found.State.Restarting) {
    step.report.output('info', `stopping the old container ${old.name}`);
    await step.effect('container.stop_old', () => stop(docker, old.id));
  }
  const all = await listAll(docker);
  await removeLeftovers(docker, step, all.filter((container) => container.name === previousName(name) && container.id !== old.id));
  await rename(docker, step, 'container.rename_old', old.id, previousName(name));
}

export async function rename(docker: Dockerode, step: Step, point: string, id: string, name: string): Promise<void> {
  const found = await inspectContainer(docker, id);
  if (found === null || found.Name === `/${name}`) return;
  try {
    await step.effect(point, () => call('rename a container', () => docker.getContainer(id).rename({ name })));
  } catch (error) {
    throw refused(`renaming the container to ${name}`, error);
  }
}

export async function start(docker: Dockerode, step: Step, id: string): Promise<void> {
  const found = await inspectContainer(docker, id);
  if (found?.State.Running === true) return;
  try {
    await step.effect('container.start_new', () => unless([304], call('start a container', () => docker.getContainer(id).start(), createTimeoutMs)));
  } catch (error) {
    throw refused('starting the container', error);
  }
}

export const stop = (docker: Dockerode, id: string): Promise<void> =>
  unless([304, 404], call('stop a container', () => docker.getContainer(id).stop({ t: stopSeconds }), stopTimeoutMs));

/** Anonymous volumes stay: they may hold data that nobody declared. */
export const remove = (docker: Dockerode, id: string): Promise<void> =>
  unless([404, 409], call('remove a container', () => docker.getContainer(id).remove({ force: true }), stopTimeoutMs));

/** Restarts what is there, unless this attempt has done so already. */
export async function restartContainer(docker: Dockerode, step: Step, before: ContainerUndo): Promise<string> {
  const id = existing(before);
  await step.report.phase('start', async () => {
    const found = await inspectContainer(docker, id);
    // Started since, and not by its restart policy, which counts.
    if (found?.State.Running === true && found.State.StartedAt !== before.old?.started_at && found.RestartCount === 0) return;
    step.report.output('info', `restarting container ${before.name}`);
    try {
      await step.effect('container.restart', () => call('restart a container', () => docker.getContainer(id).restart({ t: stopSeconds }), stopTimeoutMs));
    } catch (error) {
      throw refused(`restarting the container ${before.name}`, error);
    }
  });
  return id;
}

export async function startContainer(docker: Dockerode, step: Step, before: ContainerUndo): Promise<string> {
  const id = existing(before);
  await step.report.phase('start', () => start(docker, step, id));
  return id;
}

function existing(before: ContainerUndo): string {
  if (before.old !== null) return before.old.id;
  throw refused(`starting the container ${before.name}`, new Error('it is gone'));
}

/** After the commit: the new one serves, the old one is not needed any more. */
export async function removeOld(docker: Dockerode, step: Step, before: ContainerUndo): Promise<void> {
  const { old } = before;
  if (before.how !== 'deploy' || old === null) return;
  if ((await inspectContainer(docker, old.id)) !== null) await step.effect('container.remove_old', () => remove(docker, old.id));
}

/** Restart policies by which Docker never leaves a container down by itself, however it ended. */
export const keptUp: ReadonlySet<string> = new Set(['always', 'unless-stopped']);

/**
 * After the commit: a daemon that was killed takes a container that outlived it for stopped by a person, and starts it no
 * more when its policy is `unless-stopped`. True when it had to be started. One that may end by itself is left alone.
 */
export async function keepUp(docker: Dockerode, step: Step, { name }: ContainerUndo): Promise<boolean> {
  const found = await inspectContainer(docker, name);
  if (found === null || !isOf(found.Config.Labels, step.key) || found.State.Running || found.State.Restarting || !keptUp.has(found.HostConfig.RestartPolicy?.Name ?? '')) return false;
  step.report.output('info', `container ${name} does not run any more; starting it again`);
  await start(docker, step, found.Id);
  return true;
}

/** First half of undoing: what this attempt brought up goes away, before files change under it. */
export async function takeDownNew(docker: Dockerode, step: Step, before: ContainerUndo, keepFailed = true): Promise<void> {
  if (before.how === 'restart' || before.how === 'publish' || before.how === 'reload') return;
  if (before.how === 'start') {
    if (before.old !== null) await stop(docker, before.old.id);
    return;
  }
  const created = createdBy(await listAll(docker), step.key);
  if (created === null) return;
  if (created.running || before.old === null) await step.effect('undo.stop_new', () => stop(docker, created.id));
  // With nothing to put back, the failed one is kept, stopped, so that its logs can be read.
  if (before.old !== null || !keepFailed) await step.effect('undo.remove_new', () => remove(docker, created.id));
}

/** Second half: the old one gets its name back and runs if it ran. True when it serves again. */
export async function bringBackOld(docker: Dockerode, step: Step, before: ContainerUndo): Promise<boolean> {
  const { old, how } = before;
  if (old === null || how === 'start') return false;
  const found = await call('inspect a container', () => orNull(docker.getContainer(old.id).inspect()));
  if (found === null) return false;
  await rename(docker, step, 'undo.rename_old', old.id, old.name);
  if (!old.was_running) return false;
  if (how === 'publish' || how === 'reload') return found.State.Running;
  // Untouched: it failed before it came to the restart.
  if (how === 'restart' && found.State.Running && found.State.StartedAt === old.started_at) return true;
  if (how === 'restart') await step.effect('undo.restart', () => call('restart a container', () => docker.getContainer(old.id).restart({ t: stopSeconds }), stopTimeoutMs));
  else if (!found.State.Running) await step.effect('undo.start_old', () => unless([304], call('start a container', () => docker.getContainer(old.id).start(), createTimeoutMs)));
  return true;
}

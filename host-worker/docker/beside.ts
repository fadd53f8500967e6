/**
 * Bringing in a new container without an interruption. The old one serves until the new one is healthy:
 *
 *   create `<name>.maestro-next`, publishing nothing → start → health, at its own address → the rules lead to it
 *   → old becomes `<name>.maestro-previous`, new becomes `<name>` → (commit) → the old one's connections end → it goes
 *
 * Undoing leads the ports back before the new one is taken away; the old one has been running all the time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import type { DesiredPlacement, DockerRun, PortMapping } from '../../spec/desired.js';
import type { Step } from '../activate/step.js';
import type { Publisher } from '../publish/publisher.js';
import type { Publication } from '../publish/record.js';
import { type Route, routeTo } from '../publish/route.js';
import { socketsOf } from '../publish/sockets.js';
import { inspectContainer, listAll, previousName } from './own-containers.js';
import { type ContainerUndo, createdContainer, removeLeftovers, removeOld, rename, start, stop } from './replace.js';

export interface BesideDeps { docker: Dockerode; publisher: Publisher }

/** Connections that are open get this long before the old container is asked to stop, which may let it finish them, too. */
const drainMs = 15_000;
const drainPollMs = 200;
/** What was on its way when the rules changed has arrived by then. */
const drainAtLeastMs = 400;

/** Safe to repeat: the container that this attempt created is found by its label. */
export function startBeside({ docker }: BesideDeps, step: Step, desired: DesiredPlacement, run: DockerRun, before: ContainerUndo): Promise<string> {
  return step.report.phase('start', async () => {
    const id = await createdContainer(docker, step, desired, run, before);
    await start(docker, step, id);
    return id;
  });
}

/** For a health check that names a published port, while that still leads to the old one. null: nothing is published. */
export function routeBeside({ publisher }: BesideDeps, run: DockerRun, id: string): Route | null {
  if (run.ports.length === 0) return null;
  return async (host, port) => {
    const reach = await publisher.reach(id);
    if (reach === null) throw new Error('the container has no address');
    return routeTo(reach.ip, run.ports)(host, port);
  };
}

/** From here on new connections are the new one's. */
export async function takeOver({ docker, publisher }: BesideDeps, step: Step, run: DockerRun, before: ContainerUndo, id: string): Promise<void> {
  await step.report.phase('switch', async () => {
    await publish(publisher, step, { ports: run.ports, container: id, draining: before.old?.id ?? null });
    if (before.old !== null) await setAside(docker, step, before.name, before.old.id);
    await rename(docker, step, 'container.rename_new', id, before.name);
  });
}

async function setAside(docker: Dockerode, step: Step, name: string, old: string): Promise<void> {
  const all = await listAll(docker);
  await removeLeftovers(docker, step, all.filter((container) => container.name === previousName(name) && container.id !== old));
  await rename(docker, step, 'container.rename_old', old, previousName(name));
}

export async function publish(publisher: Publisher, step: Step, { ports, container, draining, unit }: Omit<Publication, 'deploy_id' | 'component'>): Promise<void> {
  const { deploy_id, component } = step.key;
  await step.effect('publish.record', () => publisher.record(step.key, { deploy_id, component, ports, container, draining, ...(unit === true ? { unit } : {}) }));
  await refresh(publisher, step);
}

async function refresh(publisher: Publisher, step: Step): Promise<void> {
  const told = await step.effect('publish.rules', () => publisher.refresh());
  for (const line of told) step.report.output('info', line);
}

/** Back to what was published before this attempt. Safe to repeat, and when nothing had been changed. */
export async function publishAsBefore(publisher: Publisher, step: Step, published: Publication | null): Promise<void> {
  await step.effect('undo.publish_record', () => publisher.record(step.key, published));
  await step.effect('undo.publish_rules', () => publisher.refresh());
}

/** Ports that Docker is to publish again, or nobody. */
export async function withdraw(publisher: Publisher, step: Step): Promise<void> {
  await step.effect('publish.withdraw', () => publisher.record(step.key, null));
  await refresh(publisher, step);
}

/** After the commit: the old one goes when its connections have ended or have had their time. */
export async function retireOld({ docker, publisher }: BesideDeps, step: Step, before: ContainerUndo): Promise<void> {
  const { old } = before;
  if (old !== null) {
    const ports = (await publisher.of(step.key))?.ports ?? [];
    if (ports.length > 0) await waitDrained(step, 'container', () => openConnections(docker, old.id, ports));
    if ((await inspectContainer(docker, old.id))?.State.Running === true) await step.effect('container.stop_old', () => stop(docker, old.id));
    await removeOld(docker, step, before);
  }
  const entry = await publisher.of(step.key);
  if (entry === null) return;
  if (entry.draining !== null) await step.effect('publish.drained', () => publisher.record(step.key, { ...entry, draining: null }));
  await refresh(publisher, step);
}

/** `connections`: how many it has open; null: it does not run. */
export async function waitDrained(step: Step, what: 'container' | 'unit', connections: () => Promise<number | null>): Promise<void> {
  const started = performance.now();
  let open = await connections();
  if (open === null) return;
  if (open > 0) step.report.output('info', `${String(open)} connections are still open to the old ${what}; it stays for them, at most ${String(drainMs / 1000)} s`);
  while (open !== null && (open > 0 || performance.now() - started < drainAtLeastMs)) {
    if (performance.now() - started > drainMs) return;
    await sleep(drainPollMs);
    open = await connections();
  }
}

/** As the container itself sees them; those that the other side has closed may still be answered. null: it does not run. */
async function openConnections(docker: Dockerode, id: string, ports: readonly PortMapping[]): Promise<number | null> {
  const found = await inspectContainer(docker, id);
  if (found?.State.Running !== true || found.State.Pid <= 0) return null;
  const sockets = await socketsOf(found.State.Pid);
  return sockets.filter(({ protocol, port, state }) => protocol === 'tcp' && (state === 'established' || state === 'closing') && ports.some((mapping) => mapping.protocol === 'tcp' && mapping.container_port === port)).length;
}

/** Puts the worker's parts together. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { HostDeps } from './activate/host-deps.js';
import type { Environment } from './config.js';
import { connectControlPlane, type ControlPlaneOptions } from './control-plane/client.js';
import { Reporter } from './control-plane/reporter.js';
import { dockerOf } from './docker/client.js';
import { faultsFrom } from './faults.js';
import { Journal } from './journal/journal.js';
import { PruneJournal } from './journal/prunes.js';
import { ImageCache } from './observe/containers.js';
import { Locks } from './locks.js';
import { iptables } from './publish/kernel-rules.js';
import { Publisher } from './publish/publisher.js';
import { DaemonReload } from './systemd/systemctl.js';

export async function assemble(config: { node: string; stateFolder: string; plane: ControlPlaneOptions }, env: Environment, log: Pick<Logger, 'info' | 'warn' | 'error'>): Promise<HostDeps> {
  await mkdir(config.stateFolder, { recursive: true, mode: 0o700 });
  const docker = dockerOf(env);
  const control = connectControlPlane(config.plane);
  const journal = new Journal(join(config.stateFolder, 'journal'));
  await journal.forgetOldRuns(Date.now());
  await new PruneJournal(join(config.stateFolder, 'journal')).forgetOld(Date.now());
  const publisher = new Publisher({ path: join(config.stateFolder, 'journal', 'published.json'), docker, kernel: iptables });
  return {
    node: config.node, control, journal, docker, publisher, log,
    stateFolder: config.stateFolder, images: new ImageCache(docker), reporter: new Reporter(control, log),
    locks: new Locks(), reload: new DaemonReload(), fault: faultsFrom(env),
  };
}

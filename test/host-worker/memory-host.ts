/** A host with an engine in memory, real files and a real journal; its worker can be started anew at any time. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import type { HostDeps } from '../../host-worker/activate/host-deps.js';
import type { ReportEntry } from '../../host-worker/control-plane/client.js';
import { Reporter } from '../../host-worker/control-plane/reporter.js';
import { type Fault, noFaults } from '../../host-worker/faults.js';
import { Journal } from '../../host-worker/journal/journal.js';
import { Locks } from '../../host-worker/locks.js';
import { Publisher } from '../../host-worker/publish/publisher.js';
import { ImageCache } from '../../host-worker/observe/containers.js';
import { DaemonReload } from '../../host-worker/systemd/systemctl.js';
import { MaestroError } from '../../spec/errors.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import { DockerStandIn } from './docker-stand-in.js';
import { KernelStandIn } from './kernel-stand-in.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

export class MemoryHost {
  readonly runs = new Map<string, DesiredPlacement[]>();
  readonly reports: ReportEntry[] = [];
  readonly kernel = new KernelStandIn();
  private constructor(readonly folder: string, readonly engine: DockerStandIn) {}

  static async create(): Promise<MemoryHost> {
    const folder = await mkdtemp(join(tmpdir(), 'host-'));
    await mkdir(join(folder, 'etc'));
    return new MemoryHost(folder, await DockerStandIn.start(join(folder, 'docker.sock')));
  }

  async destroy(): Promise<void> {
    await this.engine.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  get journal(): Journal {
    return new Journal(join(this.folder, 'journal'));
  }

  /** A worker process: everything but the disk and Docker is new. */
  worker(fault: Fault = noFaults): HostDeps {
    const docker = new Dockerode({ socketPath: this.engine.socketPath });
    const control: HostDeps['control'] = {
      desired: async ({ run_id, component }) => {
        const wanted = this.runs.get(run_id);
        if (wanted === undefined) throw new MaestroError('not_found', 'the run is closed');
        return wanted.filter((placement) => component === undefined || placement.component === component);
      },
      pin: async (_, pins) => [...pins],
      report: async (_, entries) => void this.reports.push(...entries),
      showFiles: async () => undefined,
      hello: async () => ({ renew: false }),
      archive: () => Promise.reject(new Error('no archives here')),
    };
    return {
      node: 'h1', control, journal: this.journal, docker, log: silent, publisher: new Publisher({ path: join(this.folder, 'journal', 'published.json'), docker, kernel: this.kernel, sockets: async () => [] }), stateFolder: join(this.folder, 'journal'), images: new ImageCache(docker),
      reporter: new Reporter(control, silent), locks: new Locks(), reload: new DaemonReload(async () => undefined), fault,
    };
  }
}

/**
 * A host whose engine and kernel are in memory, with the host worker's real activities, journal and files on it, at the
 * queue of a real Temporal server and over the real host API. Its worker can die at any fault point; the next one comes soon.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NativeConnection, Worker } from '@temporalio/worker';
import Dockerode from 'dockerode';
import type { HostDeps } from '../../host-worker/activate/host-deps.js';
import { createHostActivities } from '../../host-worker/activities.js';
import { type ActivityScope, temporalScope } from '../../host-worker/activity-scope.js';
import { connectControlPlane, type ControlPlane, type ControlPlaneOptions } from '../../host-worker/control-plane/client.js';
import { Reporter } from '../../host-worker/control-plane/reporter.js';
import { createFurtherActivities } from '../../host-worker/further-activities.js';
import { Journal } from '../../host-worker/journal/journal.js';
import { Locks } from '../../host-worker/locks.js';
import { ImageCache } from '../../host-worker/observe/containers.js';
import { Publisher } from '../../host-worker/publish/publisher.js';
import { DaemonReload } from '../../host-worker/systemd/systemctl.js';
import { hostQueue } from '../../spec/words.js';
import { DockerStandIn } from '../host-worker/docker-stand-in.js';
import { withImages } from '../host-worker/mortal-activation.js';
import { KernelStandIn } from '../host-worker/kernel-stand-in.js';
import { Life, type Mishap } from './life.js';

export interface Access { control: ControlPlaneOptions; connection: NativeConnection; folder: string }

type Activity = (work: never) => Promise<unknown>;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const helloMs = 4_000;
const quietMs = 120_000;

export class SimulatedHost {
  readonly kernel = new KernelStandIn();
  /** Fault points at which something happened to a worker, in order. */
  readonly deaths: string[] = [];
  readonly silences: string[] = [];
  /** What befell it, for whoever has to understand a schedule. */
  story: string[] = [];
  private readonly mishaps: Mishap[] = [];
  private readonly lives: Life[] = [];
  private endAll: (error: Error) => void = () => undefined;
  private readonly over = new Promise<never>((_, reject) => { this.endAll = reject; });
  private readonly stopping = new AbortController();
  private current: Promise<Record<string, Activity>>;
  private worker: Worker | undefined;
  private running: Promise<unknown> = Promise.resolve();

  private constructor(readonly id: string, private readonly access: Access, readonly engine: DockerStandIn) {
    this.over.catch(() => undefined);
    this.current = Promise.resolve(this.begin());
  }

  static async start(id: string, access: Access): Promise<SimulatedHost> {
    await mkdir(join(access.folder, 'journal'), { recursive: true });
    const host = withImages(new SimulatedHost(id, access, await DockerStandIn.start(join(access.folder, 'docker.sock'))));
    await host.serve();
    return host;
  }

  get folder(): string { return this.access.folder; }
  get journal(): Journal { return new Journal(join(this.folder, 'journal')); }

  expectMishap(mishap: Mishap): void {
    this.mishaps.push(mishap);
  }

  /** From here on nothing happens to it. */
  spare(): void {
    this.mishaps.length = 0;
    this.engine.cuts = [];
  }

  /** Until nothing goes on here that nobody hears of. */
  async quiet(): Promise<void> {
    for (const until = Date.now() + quietMs; !this.lives.every(({ isQuiet }) => isQuiet); await sleep(50)) {
      if (Date.now() > until) throw new Error(`something on ${this.id} does not end: ${this.story.join(', ')}`);
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.endAll(new Error('the test is over'));
    this.worker?.shutdown();
    await this.running;
    await this.engine.stop();
  }

  /** Everything but the disk, Docker and the kernel is new. */
  private begin(): Record<string, Activity> {
    const life: Life = new Life(this.mishaps, {
      death: (point) => {
        this.deaths.push(point);
        this.story.push(`died ${point}`);
        this.current = sleep(150).then(() => this.begin());
      },
      silence: (point) => {
        this.silences.push(point);
        this.story.push(`silent ${point}`);
      },
      never: this.over,
    });
    this.lives.push(life);
    const scope = (): ActivityScope => {
      const { heartbeat, ...rest } = temporalScope();
      return { ...rest, heartbeat: () => { if (life.mayHeartbeat) heartbeat(); } };
    };
    const deps = this.deps(life, connectControlPlane(this.access.control));
    const activities: Record<string, Activity> = { ...createHostActivities(deps, scope), ...createFurtherActivities(deps, this.access.control, scope) };
    return Object.fromEntries(Object.entries(activities).map(([name, activity]): [string, Activity] => [name, (work) => life.run(() => activity(work))]));
  }

  private deps(life: Life, control: ControlPlane): HostDeps {
    const docker = new Dockerode({ socketPath: this.engine.socketPath });
    const publisher = new Publisher({ path: join(this.folder, 'journal', 'published.json'), docker, kernel: this.kernel, sockets: async () => [] });
    return {
      node: this.id, control, journal: this.journal, docker, publisher, stateFolder: join(this.folder, 'journal'), images: new ImageCache(docker), log: silent,
      reporter: new Reporter(control, silent), locks: new Locks(), reload: new DaemonReload(async () => undefined), fault: life.fault,
    };
  }

  private async serve(): Promise<void> {
    void this.greet();
    const names = Object.keys(await this.current);
    const activities = Object.fromEntries(names.map((name): [string, Activity] => [name, async (work) => {
      const activity = (await this.current)[name];
      if (activity === undefined) throw new Error(`no activity ${name}`);
      return activity(work);
    }]));
    this.worker = await Worker.create({
      connection: this.access.connection, taskQueue: hostQueue(this.id), identity: `host/${this.id}`, activities, maxConcurrentActivityTaskExecutions: 1_000, maxConcurrentActivityTaskPolls: 2,
      maxHeartbeatThrottleInterval: '2s', defaultHeartbeatThrottleInterval: '2s', shutdownForceTime: '2s',
    });
    this.running = this.worker.run().catch(() => undefined);
  }

  private async greet(): Promise<void> {
    const control = connectControlPlane(this.access.control);
    while (!this.stopping.signal.aborted) {
      await control.hello({ docker: true, systemd: false, missing: ['systemd'] }, 'simulated', []).catch(() => undefined);
      await sleep(helloMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }
}

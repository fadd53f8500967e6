/** A Temporal server, the real workflows, and in-memory hosts and database, in one process. */
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkerOptions, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import type { ControlActivities } from '../../activities/index.js';
import { controlQueue, hostQueue, planWorkflowId, rolloutWorkflowId } from '../../spec/words.js';
import type { RolloutGraph } from '../../spec/graph-types.js';
import { workflowTypes, type HostActivities, type HostWork, type OperateInput, type OperateResult, type PlanInput } from '../../workflows/shared.js';
import { FakeControl, RolloutRecord } from './fake-control.js';
import { FakeHosts, type HostsOptions } from './fake-hosts.js';
import { identity, startTemporal, type TemporalOptions } from './temporal.js';
import { TestRollout } from './test-rollout.js';

export const bundle = (): Promise<WorkflowBundleWithSourceMap> =>
  bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)), logger: new DefaultLogger('ERROR') });

/** A worker that runs. `stop` lets its activities end; they are told to at once. */
export interface Running { stop(): Promise<void> }

export interface WorldOptions extends TemporalOptions {
  hosts?: readonly string[];
  /** Instead of the database in memory, for rollouts that are opened in a real one. */
  control?: ControlActivities;
}

export class World {
  readonly control = new FakeControl();
  private readonly hosts = new Map<string, FakeHosts>();
  private readonly running = new Set<Running>();
  private count = 0;
  private startControl: () => Promise<Running> = () => Promise.reject(new Error('not started'));
  private controlWorker: Running | undefined;

  private constructor(readonly env: TestWorkflowEnvironment, private readonly stopServer: () => Promise<void>) {}

  static async start({ hosts = [], control, ...temporal }: WorldOptions = {}): Promise<World> {
    const { env, stop } = await startTemporal(temporal);
    const world = new World(env, stop);
    world.control.onRollback = (from, to) => {
      const hosts = world.hosts.get(from);
      if (hosts === undefined) return;
      hosts.startOver(to.graph);
      world.meet(to.rolloutId, hosts);
    };
    try {
      const workflowBundle = await bundle();
      world.startControl = () => world.run({ taskQueue: controlQueue, workflowBundle, activities: { ...(control ?? world.control) } });
      world.controlWorker = await world.startControl();
      await Promise.all(hosts.map((host) => world.startHost(host)));
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  /** The control-plane worker goes, and another comes that knows of the workflows only what their histories say. */
  async replaceControl(): Promise<void> {
    await this.controlWorker?.stop();
    this.controlWorker = await this.startControl();
  }

  /** A worker on a host's queue; every rollout it is asked about has its own hosts. */
  startHost(host: string, options: Partial<WorkerOptions> = {}): Promise<Running> {
    const of = ({ run_id }: HostWork): FakeHosts => {
      const found = this.hosts.get(run_id);
      if (found === undefined) throw new Error(`nothing is known of ${run_id}`);
      return found;
    };
    const activities: HostActivities = {
      observe: (work) => of(work).observe(work), prepare: (work) => of(work).prepare(work), activate: (work) => of(work).activate(work), operate: (work) => of(work).operate(work), verify: (work) => of(work).verify(work),
    };
    return this.run({ taskQueue: hostQueue(host), activities: { ...activities }, maxHeartbeatThrottleInterval: '200ms', maxConcurrentActivityTaskPolls: 2, ...options });
  }

  private async run(options: WorkerOptions): Promise<Running> {
    const worker = await Worker.create({ connection: this.env.nativeConnection, identity, ...options });
    const ended = worker.run();
    ended.catch(() => undefined); // told by stop
    const running: Running = {
      stop: async () => {
        if (this.running.delete(running)) worker.shutdown();
        await ended;
      },
    };
    this.running.add(running);
    return running;
  }

  /** A rollout that is known to the hosts and the database, but not started. */
  rollout(graph: RolloutGraph, options: HostsOptions = {}): TestRollout {
    this.count += 1;
    const record = new RolloutRecord(`rol_${this.count}`, `dpl_${this.count}`, graph);
    const hosts = new FakeHosts(graph, options);
    this.control.rollouts.set(record.rolloutId, record);
    this.meet(record.rolloutId, hosts);
    return new TestRollout(this.env.client, rolloutWorkflowId(record.deployId), record, hosts);
  }

  /** These are the hosts of a rollout or plan. */
  meet(runId: string, hosts: FakeHosts): void {
    this.hosts.set(runId, hosts);
  }

  /** Asks every host of `graph` for its plan. */
  async plan(graph: RolloutGraph, prepareHosts: (hosts: FakeHosts) => void = () => undefined): Promise<{ planId: string; hosts: FakeHosts; handle: WorkflowHandle }> {
    this.count += 1;
    const planId = `pln_${this.count}`;
    const hosts = new FakeHosts(graph);
    prepareHosts(hosts);
    this.meet(planId, hosts);
    this.control.plans.set(planId, { hosts: [...new Set(graph.steps.map(({ host }) => host))], answers: null });
    const input: PlanInput = { plan_id: planId, deploy_id: `dpl_${this.count}`, version: 1 };
    const handle = await this.env.client.workflow.start(workflowTypes.plan, { taskQueue: controlQueue, workflowId: planWorkflowId(planId), args: [input] });
    return { planId, hosts, handle };
  }

  /** Runs `operate` on the hosts of a rollout made before. */
  async operate(rollout: TestRollout, asked: Pick<OperateInput, 'component' | 'hosts' | 'verb'>): Promise<Record<string, OperateResult>> {
    this.count += 1;
    const { rolloutId, deployId } = rollout.record;
    const input: OperateInput = { ...asked, deploy_id: deployId, version: 1, run_id: rolloutId };
    return this.env.client.workflow.execute<(input: OperateInput) => Promise<Record<string, OperateResult>>>(workflowTypes.operate, { taskQueue: controlQueue, workflowId: `operate/${this.count}`, args: [input] });
  }

  async stop(): Promise<void> {
    await Promise.allSettled([...this.running].map((worker) => worker.stop()));
    await this.stopServer();
  }
}

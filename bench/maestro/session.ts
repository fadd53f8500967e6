/** A whole Maestro on the fleet, with what the measurements do with it: submit, apply until the end is told, diff. */
import { bundle } from '../workload/document.js';
import { hosts, type Component } from '../workload/workload.js';
import { startWorld, type World } from '../../test/rollouts/world.js';
import { EventSocket, type Arrived } from './event-socket.js';

/** performance.now() of each moment. */
export interface Applied { rolloutId: string; sentAt: number; answeredAt: number; endedAt: number; events: Arrived[] }

/** How many placements a rollout has to have changed to count. */
export interface Expected { changed: number; unchanged: number }

export class Session {
  private constructor(readonly world: World, private readonly socket: EventSocket) {}

  static async start(ids: readonly string[] = hosts): Promise<Session> {
    const world = await startWorld(ids);
    try {
      return new Session(world, await EventSocket.open(world.stack.url, world.api.cookie));
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.socket.close();
    await this.world.stop();
  }

  create(components: readonly Component[], project: string): Promise<string> {
    const { yaml, files } = bundle(components, project);
    return this.world.api.deploy(yaml, files);
  }

  async submit(deployId: string, components: readonly Component[], project: string): Promise<void> {
    const { yaml, files } = bundle(components, project);
    await this.world.api.newVersion(deployId, yaml, files);
  }

  retire(deployId: string): Promise<unknown> {
    return this.world.api.ok('DELETE', `/api/deploys/${deployId}`);
  }

  /** From sending the request until the socket says that the rollout has succeeded. */
  async apply(deployId: string): Promise<Applied> {
    this.socket.forget();
    const sentAt = performance.now();
    const rolloutId = await this.world.api.startApply(deployId);
    const answeredAt = performance.now();
    const end = await this.socket.ended(rolloutId);
    if (end.data?.['state'] !== 'succeeded') throw new Error(`the rollout is ${String(end.data?.['state'])}: ${String(end.data?.['reason'])}\n${await this.failures(rolloutId)}`);
    return { rolloutId, sentAt, answeredAt, endedAt: end.at, events: this.socket.of(rolloutId) };
  }

  /** A rollout that did not do what it was started for is no measurement. */
  async expect(rolloutId: string, { changed, unchanged }: Expected): Promise<void> {
    const { steps } = await this.world.api.ended(rolloutId);
    const count = (state: string): number => steps.filter((step) => step.state === state).length;
    if (count('succeeded') !== changed || count('unchanged') !== unchanged || steps.length !== changed + unchanged) {
      throw new Error(`expected ${changed} changed and ${unchanged} unchanged placements:\n${steps.map(({ step, state, reason }) => `${step} ${state} ${reason}`).join('\n')}`);
    }
  }

  async diff(deployId: string): Promise<void> {
    const { hosts: answered } = await this.world.api.diff(deployId);
    const silent = answered.filter(({ reachable }) => !reachable).map(({ host }) => host);
    if (answered.length !== hosts.length || silent.length > 0) throw new Error(`a diff of ${answered.length} hosts, without ${silent.join(', ')}`);
  }

  private async failures(rolloutId: string): Promise<string> {
    const { steps } = await this.world.api.ok<{ steps: { step: string; state: string; reason: string; failure: { message: string } | null }[] }>('GET', `/api/rollouts/${rolloutId}`);
    return steps.filter(({ state }) => state !== 'succeeded' && state !== 'unchanged').map(({ step, state, failure, reason }) => `${step} ${state}: ${failure?.message ?? reason}`).join('\n');
  }
}

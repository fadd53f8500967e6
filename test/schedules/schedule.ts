/** One schedule: a deploy's life – versions, failures, answers, rollbacks, teardown – while things happen to its hosts. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rollout } from '../rollouts/api-client.js';
import { badImage, bundleOf, changed, components, firstPieces, randomShape, type Pieces, type Shape } from './documents.js';
import { differing, effectTroubles, hostTroubles, storyTroubles, type Placement } from './oracle.js';
import type { Random } from './random.js';
import type { SimulatedFleet } from './simulated-fleet.js';

interface DeployAnswer { deploy_id: string; active_version: number | null; versions: { number: number; rollouts: { rollout_id: string; state: string }[] }[] }

export class Schedule {
  readonly troubles: string[] = [];
  private readonly shape: Shape;
  private readonly versions = new Map<number, Pieces>();
  private standing: Map<Placement, Pieces[keyof Pieces] | null>;
  private readonly remains = new Set<Placement>();
  private deployId = '';
  private readonly told = new Set<string>();
  readonly moves: string[] = [];

  constructor(private readonly fleet: SimulatedFleet, private readonly random: Random, fixed: Pick<Shape, 'project' | 'hosts' | 'folder' | 'healthPort'>) {
    this.shape = randomShape(random, fixed);
    this.standing = new Map(fixed.hosts.flatMap((host) => components.map((component) => [`${host}/${component}`, null] as const)));
  }

  async run(): Promise<void> {
    await this.submit(firstPieces());
    await this.roll('first', () => this.apply());
    for (let round = this.random.pick([1, 1, 1, 2]); round > 0 && this.troubles.length === 0; round -= 1) await this.change();
    if (this.troubles.length === 0) await this.nothingToDo();
    if (this.troubles.length === 0) await this.tearDown();
  }

  private get latest(): number { return Math.max(...this.versions.keys()); }
  private piecesOf(version: number): Pieces {
    const found = this.versions.get(version);
    if (found === undefined) throw new Error(`no version ${version}`);
    return found;
  }

  private async submit(pieces: Pieces): Promise<void> {
    const { yaml, files } = bundleOf(this.shape, pieces);
    const answer = this.deployId === ''
      ? await this.fleet.api.ok<{ deploy_id: string; version: number }>('POST', '/api/deploys', { yaml, files })
      : await this.fleet.api.ok<{ deploy_id: string; version: number }>('POST', `/api/deploys/${this.deployId}/versions`, { yaml, files });
    this.deployId = answer.deploy_id;
    if (answer.version !== this.versions.size + 1) this.troubles.push(`version ${answer.version} after ${this.versions.size}`);
    this.versions.set(answer.version, pieces);
  }

  private async apply(): Promise<string> {
    const reviewed = this.random.chance(0.3);
    if (reviewed) {
      const plan = await this.fleet.api.ok<{ plan_id: string; hosts: { reachable: boolean }[] }>('POST', `/api/deploys/${this.deployId}/diff`, {});
      const answer = await this.fleet.api.send<{ rollout_id: string; code?: string }>('POST', `/api/deploys/${this.deployId}/apply`, { plan_id: plan.plan_id });
      if (answer.status < 300) return answer.body.rollout_id;
      // A host that was away when it was asked leaves a plan that does not hold.
      if (answer.body.code !== 'plan_stale' && answer.body.code !== 'host_offline') throw new Error(`apply by plan: ${JSON.stringify(answer.body)}`);
    }
    return (await this.fleet.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${this.deployId}/apply`, {})).rollout_id;
  }

  private async change(): Promise<void> {
    if (this.random.chance(0.2) && this.versions.size > 1) {
      await this.rollBackTo(this.random.pick([...this.versions].filter(([, pieces]) => isGood(pieces)).map(([number]) => number)));
      return;
    }
    const bad = this.random.chance(0.35);
    await this.submit(changed(this.random, this.piecesOf(this.latest), bad));
    await this.roll(bad ? 'bad' : 'good', () => this.apply());
  }

  private async rollBackTo(version: number): Promise<void> {
    await this.roll(`rollback to v${version}`, async () => {
      const answer = await this.fleet.api.ok<{ rollout_id: string; version: number }>('POST', `/api/deploys/${this.deployId}/rollback/${version}`, {});
      this.versions.set(answer.version, this.piecesOf(version));
      return answer.rollout_id;
    });
  }

  /** Things are going to happen to its hosts while it runs. */
  private arm(): void {
    for (const id of this.shape.hosts) {
      const host = this.fleet.host(id);
      if (this.random.chance(0.25)) host.expectMishap({ kind: this.random.chance(0.85) ? 'kill' : 'silence', after: this.random.between(0, 70) });
      if (this.random.chance(0.05)) host.expectMishap({ kind: 'kill', after: this.random.between(0, 20) });
      if (this.random.chance(0.3)) host.engine.cuts = Array.from({ length: this.random.between(1, 12) }, () => this.random.pick(['none', 'none', 'lost', 'unheard'] as const));
    }
  }

  private async roll(name: string, start: () => Promise<string>): Promise<void> {
    this.arm();
    const rolloutId = await start();
    this.moves.push(`${name} ${rolloutId}`);
    const interrupted = this.random.chance(0.15);
    if (interrupted) await this.interrupt(rolloutId);
    let rollout = await this.fleet.api.settled(rolloutId);
    for (let answers = 0; rollout.state === 'paused' && answers < 4; answers += 1) rollout = await this.answer(rollout);
    if (rollout.state === 'paused') this.troubles.push(`${rolloutId} is paused for ever: ${rollout.reason}`);
    await this.settle();
  }

  /** A person comes in between: stops it, or holds it for a moment. Too late is fine. */
  private async interrupt(rolloutId: string): Promise<void> {
    await sleep(this.random.between(0, 1_500));
    const verb = this.random.pick(['abort', 'pause'] as const);
    this.moves.push(verb);
    await this.fleet.api.send('POST', `/api/rollouts/${rolloutId}/${verb}`, {});
    if (verb === 'pause') await this.fleet.api.send('POST', `/api/rollouts/${rolloutId}/resume`, {});
  }

  private async answer(rollout: Rollout): Promise<Rollout> {
    const failed = rollout.steps.filter(({ state }) => state === 'failed');
    // Resting without a failure is the pause that was asked for, and came after its resume.
    if (failed.length === 0) return this.say(rollout, 'resume', {});
    for (const { step, failure } of failed) {
      if (failure?.code !== 'runtime_error' || this.wantedOf(rollout, step) !== badImage) this.troubles.push(`${step} of ${rollout.rollout_id} failed by ${failure?.code ?? '?'}: ${failure?.message ?? ''}`);
    }
    const verb = this.random.pick(['retry', 'retry with', 'retry with', 'abort', 'rollback', 'skip'] as const);
    if (verb === 'skip') return this.say(rollout, 'skip', { step: failed[0]?.step, note: 'known' });
    if (verb !== 'retry with') return this.say(rollout, verb, {});
    const { version } = rollout;
    const healed = Object.fromEntries(components.map((id) => [id, { ...this.piecesOf(version)[id], image: this.piecesOf(version)[id].image === badImage ? 3 : this.piecesOf(version)[id].image }])) as unknown as Pieces;
    await this.submit(healed);
    return this.say(rollout, 'retry', { version: this.latest });
  }

  private wantedOf({ version }: Rollout, step: string): number | undefined {
    const component = components.find((id) => step.endsWith(`/${id}`));
    return component === undefined ? undefined : this.piecesOf(version)[component].image;
  }

  private async say(rollout: Rollout, verb: string, body: Record<string, unknown>): Promise<Rollout> {
    this.moves.push(`${verb} ${JSON.stringify(body)}`);
    const { status, body: told } = await this.fleet.api.send('POST', `/api/rollouts/${rollout.rollout_id}/${verb}`, body);
    if (status >= 300 && status !== 409) this.troubles.push(`${verb}: ${status} ${JSON.stringify(told)}`);
    return this.fleet.api.settled(rollout.rollout_id);
  }

  /** Follows what came of it, with the rollbacks it brought about, and looks at everything. */
  private async settle(): Promise<void> {
    for (;;) {
      const deploy = await this.fleet.api.ok<DeployAnswer>('GET', `/api/deploys/${this.deployId}`);
      const fresh = deploy.versions.flatMap(({ number, rollouts }) => rollouts.map(({ rollout_id: id }) => ({ id, number }))).filter(({ id }) => !this.told.has(id)).sort((a, b) => a.number - b.number);
      if (fresh.length === 0) break;
      for (const { id } of fresh) await this.fleet.api.settled(id);
      // A rollout that is taken back ends for good with the one that takes it back.
      for (const { id } of fresh) await this.take(await this.fleet.api.settled(id));
    }
    await this.quiet();
    this.troubles.push(...(await hostTroubles(this.fleet, this.shape, this.standing, this.remains)), ...effectTroubles(this.fleet, this.shape));
  }

  private async take(rollout: Rollout): Promise<void> {
    this.told.add(rollout.rollout_id);
    const odd = rollout.steps.filter(({ state }) => !['succeeded', 'unchanged', 'pending', 'blocked'].includes(state));
    this.moves.push(`[${rollout.state}${odd.map(({ step, state, reason }) => `; ${step} ${state}: ${reason}`).join('')}]`);
    if (!this.versions.has(rollout.version)) this.versions.set(rollout.version, await this.broughtBack(rollout));
    const pieces = this.piecesOf(rollout.version);
    for (const { step, state, reason } of rollout.steps) {
      const component = components.find((id) => step.endsWith(`/${id}`));
      if (component === undefined) continue;
      // Stopped when all that was left was watching it: what it says is what is there.
      if (state === 'succeeded' || state === 'unchanged' || (state === 'aborted' && reason.endsWith('the new one serves'))) {
        this.standing.set(step as Placement, pieces[component]);
        this.remains.delete(step as Placement);
      } else if (this.standing.get(step as Placement) === null && (state === 'failed' || state === 'aborted' || state === 'skipped')) this.remains.add(step as Placement);
    }
    if (rollout.state === 'succeeded' && rollout.steps.some(({ state }) => !['succeeded', 'unchanged', 'skipped'].includes(state))) this.troubles.push(`${rollout.rollout_id} succeeded with ${JSON.stringify(rollout.steps.map(({ state }) => state))}`);
    if (rollout.state === 'paused') this.troubles.push(`${rollout.rollout_id} rests: ${rollout.reason}`);
    this.troubles.push(...(await storyTroubles(this.fleet, rollout)));
  }

  private async broughtBack({ deploy_id: id, version }: Rollout): Promise<Pieces> {
    const { parent } = await this.fleet.api.ok<{ parent: number | null }>('GET', `/api/deploys/${id}/versions/${version}`);
    return this.piecesOf(parent ?? -1);
  }

  /** Brings the last good version everywhere; after that there is nothing to do (I6). */
  private async nothingToDo(): Promise<void> {
    const latest = this.piecesOf(this.latest);
    const isThere = this.shape.hosts.every((host) => components.every((component) => JSON.stringify(this.standing.get(`${host}/${component}`)) === JSON.stringify(latest[component])));
    if (!isGood(latest)) await this.submit(changed(this.random, this.piecesOf(1), false));
    if (!isThere) await this.settled('everywhere');
    const before = this.shape.hosts.map((host) => JSON.stringify([...this.fleet.host(host).engine.containers]));
    const again = await this.settled('again');
    this.troubles.push(
      ...differing(`steps of ${again.rollout_id}, with nothing to do`, again.steps.map(() => 'unchanged'), again.steps.map(({ state }) => state)),
      ...differing('containers after nothing', before, this.shape.hosts.map((host) => JSON.stringify([...this.fleet.host(host).engine.containers]))),
    );
  }

  private async settled(name: string): Promise<Rollout> {
    const { rollout_id: id } = await this.fleet.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${this.deployId}/apply`, {});
    this.moves.push(`${name} ${id}`);
    const rollout = await this.fleet.api.settled(id);
    if (rollout.state !== 'succeeded') this.troubles.push(`${id} (${name}) is ${rollout.state}: ${rollout.reason}`);
    await this.settle();
    return rollout;
  }

  private async tearDown(): Promise<void> {
    this.arm();
    const { rollout_id: id } = await this.fleet.api.ok<{ rollout_id: string }>('DELETE', `/api/deploys/${this.deployId}?teardown=true`);
    this.moves.push(`teardown ${id}`);
    const rollout = await this.fleet.api.settled(id);
    if (rollout.state !== 'succeeded') this.troubles.push(`teardown ${id} is ${rollout.state}: ${rollout.reason}`);
    for (const placement of this.standing.keys()) this.standing.set(placement, null);
    this.remains.clear();
    await this.quiet();
    this.troubles.push(...(await hostTroubles(this.fleet, this.shape, this.standing, this.remains)));
  }

  private async quiet(): Promise<void> {
    const hosts = this.shape.hosts.map((id) => this.fleet.host(id));
    for (const host of hosts) host.spare();
    await Promise.all(hosts.map((host) => host.quiet()));
  }
}

const isGood = (pieces: Pieces): boolean => components.every((id) => pieces[id].image !== badImage);

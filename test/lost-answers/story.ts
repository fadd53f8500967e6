/** A deploy from its first version to a rollback and an abort, asked for over lines that lose answers. */
import type { PrismaClient } from '../../prisma/client.js';
import { states, type Rollout } from '../rollouts/api-client.js';
import type { LossyWorld } from './lossy-world.js';
import { containersMade, strays, wrongInEvents, wrongInRecords, type Asked } from './oracle.js';

export interface Parts { name?: string; image?: string }

export class Story {
  private readonly asked: Asked = { deployId: '', versions: 0, audit: {}, rollouts: [], plans: [], containers: [] };
  private readonly since = Math.floor(Date.now() / 1000) - 1;
  private readonly project: string;
  private readonly port: number;
  private commits = 0;

  constructor(private readonly lossy: LossyWorld, private readonly db: PrismaClient, number: number) {
    this.project = `lossy${String(number)}`;
    this.port = 19_000 + 10 * number;
  }

  /** How long each part took so far. */
  readonly times: Record<string, number> = {};

  async tell(): Promise<void> {
    await this.commit('one');
    await this.submit({}, '/api/deploys');
    const timed = async (what: string, work: () => Promise<void>): Promise<void> => {
      const began = performance.now();
      await work().finally(() => { this.times[what] = Math.round(performance.now() - began); });
    };
    await timed('first', () => this.firstApply());
    await timed('no-op', () => this.again());
    await timed('change by a plan', () => this.changeByPlan());
    await timed('failure and retry', () => this.failureAndRetry());
    await timed('rollback', () => this.rollback());
    await timed('abort', () => this.abort());
    await timed('back to what was active', () => this.again('succeeded'));
    await timed('no-op after all', () => this.again());
  }

  private document({ name = 'one', image = 'demo/web' }: Parts): string {
    const { project: p, port } = this;
    return `api_version: maestro/v1
project: ${p}
hosts: { h1: {}, h2: {} }
components:
  ${p}-a:
    source: { type: docker, image: demo/web, tag: "1" }
    run: { type: docker, container_name: ${p}-a, ports: ["${String(port)}:8080"], env: { CONFIG: /server }, networks: [${p}-net] }
    healthcheck: { type: http, url: "http://localhost:${String(port)}/health", interval: 200ms }
  ${p}-b:
    source: { type: docker, image: ${image}, tag: "1" }
    run: { type: docker, container_name: ${p}-b, ports: ["${String(port + 1)}:8080"], env: { CONFIG: /server, NAME: ${name} }, networks: [${p}-net], volumes: ["/srv/${p}:/state"] }
    healthcheck: { type: http, url: "http://localhost:${String(port + 1)}/health", interval: 200ms, start_period: 500ms, retries: 2 }
    depends_on: [${p}-a]
  ${p}-site:
    source: { type: git, repo: "${this.lossy.git.repo}", ref: main }
    build: [{ command: "cp version.txt built.txt" }]
    run: { type: systemd, unit_name: ${p}-site, user: deploy, working_directory: "/opt/${p}-site", command: "/usr/bin/python3 -m http.server ${String(port + 2)}", restart_sec: 1 }
    healthcheck: { type: http, url: "http://localhost:${String(port + 2)}/built.txt", interval: 200ms }
deployment:
  - { hosts: [h1, h2], components: [${p}-a, ${p}-b, ${p}-site], strategy: parallel }
`;
  }

  private async commit(text: string): Promise<void> {
    await this.lossy.git.commit({ 'version.txt': `${this.project} ${text}` });
    this.commits += 1;
  }

  private count(action: string): void {
    this.asked.audit[action] = (this.asked.audit[action] ?? 0) + 1;
  }

  private async submit(parts: Parts, path = `/api/deploys/${this.asked.deployId}/versions`): Promise<void> {
    const { status, body } = await this.lossy.client.post(path, { yaml: this.document(parts) });
    expect([status, body['version']]).toEqual([201, this.asked.versions + 1]);
    this.count(this.asked.versions === 0 ? 'deploy.create' : 'deploy.submit');
    this.asked.versions += 1;
    this.asked.deployId = String(body['deploy_id'] ?? this.asked.deployId);
  }

  /** Asks for a rollout, and waits until it has ended or rests. */
  private async start(what: string, body: unknown = {}): Promise<Rollout> {
    const told = await this.lossy.client.post(`/api/deploys/${this.asked.deployId}/${what}`, body);
    expect(told).toMatchObject({ status: 202 });
    const id = String(told.body['rollout_id']);
    const rollback = what.startsWith('rollback');
    this.asked.rollouts.push(id);
    this.count(rollback ? 'rollout.rollback' : 'rollout.apply');
    if (rollback) this.asked.versions += 1;
    return this.lossy.world.api.settled(id);
  }

  private async answer(rolloutId: string, verb: 'retry' | 'abort'): Promise<Rollout> {
    expect(await this.lossy.client.post(`/api/rollouts/${rolloutId}/${verb}`)).toMatchObject({ status: 200 });
    this.count(`rollout.${verb}`);
    return this.lossy.world.api.ended(rolloutId);
  }

  private made(rollout: Rollout, component: 'a' | 'b', attempt = 1, hosts: readonly string[] = ['h1', 'h2']): void {
    for (const host of hosts) this.asked.containers.push(`${host} ${rollout.rollout_id}/${String(attempt)} ${this.project}-${component}`);
  }

  private expectStates(rollout: Rollout, wanted: Record<'a' | 'b' | 'site', string>): void {
    const expected = Object.fromEntries(['h1', 'h2'].flatMap((host) => Object.entries(wanted).map(([component, state]) => [`${host}/${this.project}-${component}`, state])));
    const failures = rollout.steps.flatMap(({ step, failure, state }) => (state === 'failed' && expected[step] !== 'failed' ? [`${step}: ${failure?.message ?? ''}\n${failure?.output_tail ?? ''}`] : []));
    expect([states(rollout), ...failures]).toEqual([expected]);
  }

  private async firstApply(): Promise<void> {
    const rollout = await this.start('apply');
    this.expectStates(rollout, { a: 'succeeded', b: 'succeeded', site: 'succeeded' });
    this.made(rollout, 'a');
    this.made(rollout, 'b');
    await this.holds('one one');
  }

  private async again(site = 'unchanged'): Promise<void> {
    const { active_version: version } = await this.lossy.world.api.ok<{ active_version: number }>('GET', `/api/deploys/${this.asked.deployId}`);
    this.expectStates(await this.start('apply', { version }), { a: 'unchanged', b: 'unchanged', site });
    await this.holds('one one');
  }

  private async changeByPlan(): Promise<void> {
    await this.commit('two');
    await this.submit({ name: 'two' });
    const plan = await this.plan();
    const rollout = await this.start('apply', { plan_id: plan });
    this.expectStates(rollout, { a: 'unchanged', b: 'succeeded', site: 'succeeded' });
    this.made(rollout, 'b');
    await this.holds('two two');
  }

  /** As a person would: one that says it could not ask the repository is not the one that is wanted. */
  private async plan(): Promise<string> {
    for (let tries = 0; tries < 5; tries += 1) {
      const { plan_id: plan, hosts } = await this.lossy.world.api.diff(this.asked.deployId);
      this.asked.plans.push(plan);
      this.count('plan.create');
      if (hosts.every(({ reachable, components }) => reachable && components.every(({ reasons }) => !reasons.some((reason) => reason.includes('could not be asked'))))) return plan;
    }
    throw new Error('no plan knows all that it needs');
  }

  private async failureAndRetry(): Promise<void> {
    await this.submit({ name: 'three', image: 'demo/sick' });
    const paused = await this.start('apply');
    expect(paused.state).toBe('paused');
    this.expectStates(paused, { a: 'unchanged', b: 'failed', site: 'unchanged' });
    this.made(paused, 'b', 1);
    for (const host of this.lossy.world.fleet.hosts) await host.exec(['touch', `/srv/${this.project}/mended`]);
    const rollout = await this.answer(paused.rollout_id, 'retry');
    this.expectStates(rollout, { a: 'unchanged', b: 'succeeded', site: 'unchanged' });
    this.made(rollout, 'b', 2);
    await this.holds(null);
  }

  private async rollback(): Promise<void> {
    const rollout = await this.start('rollback/1');
    this.expectStates(rollout, { a: 'unchanged', b: 'succeeded', site: 'succeeded' });
    this.made(rollout, 'b');
    await this.holds('one one');
  }

  private async abort(): Promise<void> {
    await this.submit({ image: 'demo/broken' });
    const paused = await this.start('apply');
    expect(paused.state).toBe('paused');
    this.expectStates(paused, { a: 'unchanged', b: 'failed', site: 'succeeded' });
    this.made(paused, 'b');
    const rollout = await this.answer(paused.rollout_id, 'abort');
    expect(rollout.state).toBe('aborted');
    await this.holds(null);
  }

  /** `served`: what b and the site say, or null when b says nothing of it. */
  private async holds(served: string | null): Promise<void> {
    const { world, client } = this.lossy;
    const { deployId } = this.asked;
    const wrong = [...client.faults, ...(await wrongInRecords(this.db, this.asked)), ...(await wrongInEvents(this.db, deployId, world.events))];
    for (const host of world.fleet.hosts) wrong.push(...(await this.wrongOn(host.id, served)));
    expect(wrong).toEqual([]);
  }

  private async wrongOn(id: string, served: string | null): Promise<string[]> {
    const host = this.lossy.world.host(id);
    const made = (await containersMade(host, this.asked.deployId, this.since)).sort();
    const wanted = this.asked.containers.filter((line) => line.startsWith(`${id} `)).sort();
    const stray = await strays(host, this.project, [`${this.project}-a`, `${this.project}-b`]);
    const releases = (await host.exec(['ls', '-A', `/opt/maestro/.releases/${this.asked.deployId}/${this.project}-site`])).stdout.trim().split('\n');
    const get = async (port: number, path: string): Promise<string> => (await fetch(`http://${host.address}:${String(port)}${path}`)).text();
    const says = served === null ? null : `${/name=(\w+)/.exec(await get(this.port + 1, '/'))?.[1] ?? ''} ${(await get(this.port + 2, '/built.txt')).split(' ')[1] ?? ''}`;
    return [
      ...(JSON.stringify(made) === JSON.stringify(wanted) ? [] : [`containers made: ${made.join(', ')} in place of ${wanted.join(', ')}`]),
      ...(releases.length === this.commits ? [] : [`releases on ${id}: ${releases.join(', ')} for ${String(this.commits)} commits`]),
      ...(says === served ? [] : [`${id} serves "${String(says)}" in place of "${String(served)}"`]),
      ...stray,
    ];
  }
}

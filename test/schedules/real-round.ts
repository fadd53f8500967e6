/** One round on real hosts: three deploys change at the same time, one thing happens in the middle, and the oracle looks at everything. */
import type pg from 'pg';
import type { World } from '../rollouts/world.js';
import { differing } from './oracle.js';
import type { PatientApi } from './patient-api.js';
import type { Random } from './random.js';
import { isDamaged, repair } from './docker-damage.js';
import { RealDeploy } from './real-deploy.js';
import { changed, firstContent, isDocker, randomShape, type Kind } from './real-documents.js';
import { effectTroubles, type Change } from './real-effects.js';
import { strike, type Fault, type Strike, type Struck } from './real-faults.js';
import { feedTroubles, hostTroubles, outcomeTroubles, recordTroubles, secretTroubles, statusTroubles, stoppedTroubles } from './real-oracle.js';
import { reportOf, type HostReport } from './real-report.js';

export interface Stage { world: World; api: PatientApi; db: pg.Pool; hosts: readonly string[]; canary: string }
/** One deploy that was under way when the fault struck. */
export interface Counted { fault: Fault; kind: Kind; what: 'first' | 'good' | 'bad' }

interface Turn { deploy: RealDeploy; change: Change }
type Reports = ReadonlyMap<string, HostReport>;

export class Rounds {
  private readonly deploys = new Map<Kind, RealDeploy>();
  private lives = 0;
  /** Deploys that a killed Docker daemon could not start any more. */
  damaged = 0;
  readonly troubles: string[] = [];
  readonly counted: Counted[] = [];

  constructor(private readonly stage: Stage) {}

  async run(random: Random, kinds: readonly Kind[], plan: Strike): Promise<void> {
    const all = await Promise.all(kinds.map((kind) => this.turn(random.fork(), kind)));
    const fromMs = Date.now();
    const before = await this.reports(fromMs);
    const [struck] = await Promise.all([strike(this.stage.world, plan), ...all.map(({ deploy }) => deploy.apply())]);
    await Promise.all(all.map(async ({ deploy, change }) => {
      change.rollouts = await deploy.news();
      if (!change.wanted.bad) deploy.standing = change.wanted;
    }));
    if (plan.fault === 'dockerd' && plan.host !== null) await this.setDamagedAside(all, plan.host);
    const turns = all.filter(({ change }) => !change.damaged);
    this.counted.push(...(await Promise.all(turns.map(async (turn) => ((await this.wasUnderWay(turn, plan, struck)) ? [{ fault: plan.fault, kind: turn.change.kind, what: whatOf(turn.change) }] : [])))).flat());
    if (plan.fault === 'dockerd' && plan.host !== null) await this.startStopped(turns, plan.host, struck);
    await this.judge(all.map(({ change }) => change), before, plan, fromMs);
    if (this.troubles.length === 0) await this.nothingToDo(turns);
    if (this.troubles.length === 0 && turns.length > 0 && random.chance(0.3)) await this.tearDown(random.pick(turns).change.kind);
  }

  /** They count for nothing, and come again as new deploys. */
  private async setDamagedAside(turns: readonly Turn[], id: string): Promise<void> {
    const host = this.stage.world.host(id);
    for (const { deploy, change } of turns) {
      if (outcomeTroubles(change).length === 0 || !(await isDamaged(host, change))) continue;
      change.damaged = true;
      this.damaged += 1;
      await repair(host, change);
      for (const rollout of change.rollouts.filter(({ state }) => state === 'paused')) await this.stage.api.ok('POST', `/api/rollouts/${rollout.rollout_id}/abort`, {});
      for (const rollout of change.rollouts) await this.stage.api.settled(rollout.rollout_id);
      this.deploys.delete(change.kind);
      const { state, reason } = await deploy.tearDown();
      if (state !== 'succeeded') this.troubles.push(`the teardown of a damaged ${change.kind} is ${state}: ${reason}`);
    }
  }

  private async turn(random: Random, kind: Kind): Promise<Turn> {
    const { api, hosts } = this.stage;
    const known = this.deploys.get(kind);
    if (known === undefined) this.lives += 1;
    const deploy = known ?? new RealDeploy(api, randomShape(random, kind, `real${String(this.lives)}`, hosts));
    this.deploys.set(kind, deploy);
    const { standing } = deploy;
    const wanted = standing === null ? firstContent() : changed(random, deploy.shape, deploy.latest ?? standing, random.chance(0.25));
    await deploy.submit(wanted);
    return { deploy, change: { kind, before: standing, wanted, rollouts: [], damaged: false } };
  }

  /** On the host that it happened to, a step that it matters to had not ended. */
  private async wasUnderWay({ change }: Turn, { fault, host }: Strike, { fromMs, toMs }: Struck): Promise<boolean> {
    if (fault === 'dockerd' && !isDocker(change.kind)) return false;
    const ids = change.rollouts.map(({ rollout_id: id }) => id);
    const { rowCount } = host === null
      ? await this.stage.db.query('SELECT 1 FROM rollouts WHERE id = ANY($1) AND created_at < $2 AND ended_at > $2', [ids, new Date(fromMs)])
      : await this.stage.db.query('SELECT 1 FROM steps s JOIN rollouts r ON r.id = s.rollout_id WHERE r.id = ANY($1) AND s.host = $2 AND r.created_at < $4 AND s.ended_at > $3', [ids, host, new Date(fromMs), new Date(toMs)]);
    return (rowCount ?? 0) > 0;
  }

  /**
   * Docker takes what outlived its killed daemon for stopped by a person, and does not start it again when the policy is
   * `unless-stopped`. That has to be told, and the next apply starts it; what a step has ended with since then has to run.
   */
  private async startStopped(turns: readonly Turn[], host: string, { fromMs }: Struck): Promise<void> {
    const { api, db } = this.stage;
    for (const deploy of this.deploys.values()) {
      const { kind, restart } = deploy.shape;
      const ids = turns.filter((turn) => turn.deploy === deploy).flatMap(({ change }) => change.rollouts.map(({ rollout_id: id }) => id));
      const { rowCount } = await db.query('SELECT 1 FROM steps WHERE rollout_id = ANY($1) AND host = $2 AND ended_at > $3', [ids, host, new Date(fromMs)]);
      if (!isDocker(kind) || restart === 'always' || (rowCount ?? 0) > 0) continue;
      this.troubles.push(...(await stoppedTroubles(api, deploy, host)));
      const { steps, rollout_id: id } = await deploy.applyActive();
      this.troubles.push(...differing(`${id}, with one to start`, steps.map((step) => (step.host === host ? 'start succeeded' : 'null unchanged')), steps.map(({ action, state }) => `${String(action)} ${state}`)));
    }
  }

  private async reports(sinceMs: number): Promise<Reports> {
    return new Map(await Promise.all(this.stage.hosts.map(async (id) => [id, await reportOf(this.stage.world.host(id), sinceMs)] as const)));
  }

  private async judge(changes: readonly Change[], before: Reports, plan: Strike, fromMs: number): Promise<void> {
    const { world, api, db, hosts, canary } = this.stage;
    const deploys = [...this.deploys.values()];
    const whole = changes.filter(({ damaged }) => !damaged);
    const rollouts = whole.flatMap((change) => change.rollouts);
    this.troubles.push(...whole.flatMap(outcomeTroubles), ...(await Promise.all(whole.map((change) => recordTroubles(world, db, change.rollouts)))).flat());
    // What started by itself is there when its status says so.
    this.troubles.push(...(await Promise.all(deploys.map((deploy) => statusTroubles(api, deploy)))).flat());
    const after = await this.reports(fromMs);
    for (const host of hosts) {
      const [old, now] = [before.get(host), after.get(host)];
      if (old === undefined || now === undefined) throw new Error(`no report of ${host}`);
      this.troubles.push(...(await hostTroubles(world, host, now, deploys, canary)), ...effectTroubles({ host, before: old, after: now, changes, strike: plan }));
    }
    this.troubles.push(...(await feedTroubles(world, db)), ...(await secretTroubles(world, db, rollouts, canary)));
  }

  /** Applied once more, nothing is touched (I6). */
  private async nothingToDo(turns: readonly Turn[]): Promise<void> {
    const sinceMs = Date.now();
    const before = await this.reports(sinceMs);
    const again = await Promise.all(turns.map(({ deploy }) => deploy.applyActive()));
    const after = await this.reports(sinceMs);
    this.troubles.push(...again.flatMap(({ rollout_id: id, state, steps }) => differing(`${id}, with nothing to do`, ['succeeded', ...steps.map(() => 'unchanged')], [state, ...steps.map((step) => step.state)])));
    for (const host of this.stage.hosts) this.troubles.push(...differing(`${host} after nothing`, seenOf(before.get(host)), seenOf(after.get(host))).map((what) => what.slice(0, 2_000)));
  }

  private async tearDown(kind: Kind): Promise<void> {
    const { world, hosts, canary } = this.stage;
    const deploy = this.deploys.get(kind);
    if (deploy === undefined) return;
    const { state, reason, rollout_id: id } = await deploy.tearDown();
    if (state !== 'succeeded') this.troubles.push(`teardown ${id} is ${state}: ${reason}`);
    this.deploys.delete(kind);
    for (const [host, report] of await this.reports(Date.now())) if (hosts.includes(host)) this.troubles.push(...(await hostTroubles(world, host, report, [...this.deploys.values()], canary)).map((what) => `after the teardown of ${kind}: ${what}`));
  }
}

const whatOf = ({ before, wanted }: Change): Counted['what'] => (before === null ? 'first' : wanted.bad ? 'bad' : 'good');

/** All that a rollout could touch; what is only written down of it is not. */
const seenOf = (report: HostReport | undefined): string[] => {
  if (report === undefined) return [];
  const { containers, networks, units, files, counted, events } = report;
  return [...containers.map(({ id, started_at: at }) => `${id} ${at}`), ...networks, ...Object.entries(units).map(([name, { MainPID = '' }]) => `${name} ${MainPID}`), ...Object.entries(files).map(([path, { inode, changed: at }]) => `${path} ${String(inode)} ${String(at)}`), JSON.stringify(counted), ...events.map(({ action, name }) => `${action} ${name}`)];
};

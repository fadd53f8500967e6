/**
 * Keeps the control plane's picture of this host true: looks when Docker, the kernel or systemd say that something has
 * happened, when a health check is due, after everything that was done here, and at everything now and then. One look at a
 * time, and one report at a time; nothing here waits for a placement or holds it.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { PlacementSeen, WatchedVersion } from '../../spec/drift.js';
import { unitNames } from '../../spec/slots.js';
import type { WatchPlane } from '../control-plane/watch-client.js';
import { nextName, previousName } from '../docker/own-containers.js';
import { unitFolder, unitPath } from '../systemd/systemctl.js';
import { messageOf } from '../trouble.js';
import { followDocker } from './docker-events.js';
import { FolderWatch } from './folder-watch.js';
import { HealthMemories, look, type LookDeps, type Looked } from './look.js';
import { UnitWatch } from './unit-watch.js';

export interface WatchDeps extends LookDeps { plane: WatchPlane; log: Pick<Logger, 'info' | 'warn'> }

/** Full looks, spread so that the hosts of a fleet do not all ask at the same moment. */
const resyncMs = 25_000;
const resyncJitterMs = 10_000;
/** What happens together is looked at together. */
const settleMs = 150;
/** Work on placements comes first: looks wait for it, but not for long. */
const giveWayMs = 4_000;
const giveWayStepMs = 200;
/** At most a fifth of the time is spent looking, however much happens. */
const restFactor = 4;
const restLongestMs = 5_000;
const restShortestMs = 400;
const retryMs = 2_000;
/** Everything is told again this often, so that a picture that was lost or is wrong does not stay so. */
const tellAllEveryMs = 60_000;
const statesAtOnce = 100;
const lookTimeoutMs = 60_000;

export class Watcher {
  private versions: WatchedVersion[] = [];
  private digest: string | null = null;
  private askedAt = -Infinity;
  private toldAllAt = -Infinity;
  private readonly told = new Map<string, string>();
  private readonly stream = randomBytes(8).toString('hex');
  private sequence = 0;
  private wake: () => void = () => undefined;
  private wanted = true;
  private working = 0;
  private names: ReadonlySet<string> = new Set();
  private problem: string | null = null;
  private readonly health = new HealthMemories();
  private readonly folders = new FolderWatch(() => this.happened());
  private readonly units = new UnitWatch(() => this.happened());

  constructor(private readonly deps: WatchDeps) {}

  /** Something happened on this host: it is looked at soon. */
  happened(): void {
    this.health.askAll();
    this.wanted = true;
    this.wake();
  }

  /** Something is done here on behalf of a run, after which what shall be here may be something else. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.working += 1;
    try {
      return await work;
    } finally {
      this.working -= 1;
      this.askedAt = -Infinity;
      this.happened();
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    this.units.start(signal);
    const following = followDocker(this.deps.docker, { names: () => this.names, happened: () => this.happened() }, signal);
    while (!signal.aborted) {
      await this.wait(signal);
      if (signal.aborted) break;
      const began = performance.now();
      await this.round(signal).catch((error: unknown) => this.failed(error, signal));
      await pause(Math.min(restLongestMs, Math.max(restShortestMs, restFactor * (performance.now() - began))), signal);
    }
    this.folders.close();
    await following;
  }

  /** Until something happens or is due. */
  private async wait(signal: AbortSignal): Promise<void> {
    if (!this.wanted) {
      const woken = new AbortController();
      this.wake = () => woken.abort();
      await pause(Math.min(this.health.dueInMs() ?? Infinity, this.askedAt + this.resync() - performance.now()), AbortSignal.any([signal, woken.signal]));
      this.wake = () => undefined;
    }
    if (this.wanted) await pause(settleMs, signal);
    for (let waited = 0; this.working > 0 && waited < giveWayMs && !signal.aborted; waited += giveWayStepMs) await pause(giveWayStepMs, signal);
    this.wanted = false;
  }

  private resync(): number {
    return Math.max(0, resyncMs + resyncJitterMs * Math.random());
  }

  private async round(signal: AbortSignal): Promise<void> {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(lookTimeoutMs)]);
    if (performance.now() - this.askedAt >= resyncMs) await this.ask(bounded);
    let seen = await look(this.deps, this.versions, this.health, bounded);
    if (seen.outdated && (await this.ask(bounded))) seen = await look(this.deps, this.versions, this.health, bounded);
    this.listen(seen.placements);
    await this.tell(seen, bounded);
    if (seen.busy) this.lookSoon(signal);
    this.recovered();
  }

  /** Placements that are being changed are looked at when that has ended; this is for those that end in another way. */
  private lookSoon(signal: AbortSignal): void {
    const timer = setTimeout(() => this.happened(), retryMs);
    timer.unref();
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  /** True when it is another answer than before. */
  private async ask(signal: AbortSignal): Promise<boolean> {
    const { digest, versions } = await this.deps.plane.watched(this.digest, signal);
    this.askedAt = performance.now();
    if (versions === undefined || digest === this.digest) return false;
    this.digest = digest;
    this.versions = versions;
    return true;
  }

  /** What was told and taken is not told again, until everything is. */
  private async tell({ states, placements }: Looked, signal: AbortSignal): Promise<void> {
    const keys = new Set(placements.map(({ deploy_id, component }) => `${deploy_id}/${component}`));
    for (const key of this.told.keys()) if (!keys.has(key)) this.told.delete(key);
    const all = performance.now() - this.toldAllAt >= tellAllEveryMs;
    const news = states.filter((state) => all || this.told.get(keyOf(state)) !== JSON.stringify(state));
    for (let at = 0; at < news.length; at += statesAtOnce) {
      const batch = news.slice(at, at + statesAtOnce);
      this.sequence += 1;
      await this.deps.plane.states({ stream: this.stream, sequence: this.sequence, states: batch }, signal);
      for (const state of batch) this.told.set(keyOf(state), JSON.stringify(state));
    }
    if (all) this.toldAllAt = performance.now();
  }

  private listen(placements: readonly DesiredPlacement[]): void {
    this.names = new Set(placements.flatMap(({ run }) => (run.type === 'docker' ? [run.container_name, nextName(run.container_name), previousName(run.container_name)] : [])));
    const units = placements.flatMap(({ run }) => (run.type === 'systemd' ? unitNames(run) : []));
    // Asking for a name that systemd does not know makes it hold one for a moment: see slots/turn.ts.
    this.units.want(placements.flatMap(({ run }) => (run.type === 'systemd' ? unitNames(run).filter((name) => run.slots === undefined || name !== run.unit_name) : [])));
    this.folders.want([...placements.flatMap(pathsOf), ...units.flatMap((unit) => [unitPath(unit), `${unitFolder}/multi-user.target.wants/${unit}`])]);
  }

  private async failed(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const problem = messageOf(error);
    if (problem !== this.problem) this.deps.log.warn({ problem }, 'what runs here could not be looked at or told; trying again');
    this.problem = problem;
    this.wanted = true;
    await pause(retryMs, signal);
  }

  private recovered(): void {
    if (this.problem !== null) this.deps.log.info('what runs here is told again');
    this.problem = null;
  }
}

const keyOf = ({ deploy_id, component }: PlacementSeen): string => `${deploy_id}/${component}`;

const pathsOf = ({ files, trees, source, component_directory }: DesiredPlacement): string[] => [
  ...files.map(({ path }) => path), ...(source === null ? [] : [component_directory]),
  ...trees.flatMap(({ dest, strategy, files: inTree }) => (strategy === 'atomic_symlink' ? [`${dest}/current`, ...inTree.map(({ path }) => `${dest}/current/${path}`)] : inTree.map(({ path }) => `${dest}/${path}`))),
];

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(Math.min(ms, 2 ** 30), undefined, { signal }).catch(() => undefined);
}

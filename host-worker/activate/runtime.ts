/** What runs for a placement, whichever kind it is: whether it lives, and what it said last. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import type { DesiredPlacement } from '../../spec/desired.js';
import { answers } from '../docker/client.js';
import { lastLines } from '../docker/container-logs.js';
import { inspectContainer, listAll, servingContainer } from '../docker/own-containers.js';
import { keptUp } from '../docker/replace.js';
import { commandInContainer, commandOnHost } from '../health/commands.js';
import { type Probe, probeOf } from '../health/probe.js';
import { tellOf } from '../health/tell.js';
import type { DeathCheck } from '../health/wait-healthy.js';
import { isAlive, type MainProcess, mainProcess } from '../systemd/main-process.js';
import { showUnit } from '../systemd/systemctl.js';
import { endOf, isActive } from '../systemd/unit-status.js';
import { lastUnitLines } from '../systemd/unit.js';
import type { Publisher } from '../publish/publisher.js';
import type { Route } from '../publish/route.js';
import { servingRun } from '../slots/serving.js';
import { PassingTrouble } from '../trouble.js';

/** Whose health check it is, and what may be told of it. */
export type Checked = Pick<DesiredPlacement, 'healthcheck' | 'digest_key' | 'redact'>;

export interface Runtime { what: string; death: DeathCheck; lastLines(): Promise<string>; probe: Probe | null }

/**
 * `fresh`: this attempt started it, so every restart since is a death; otherwise only those from now on are.
 * `container`: the one to look at, when its id is known; `route` as of probeOf. null when there is nothing of this placement.
 */
export async function runtimeOf(deps: { docker: Dockerode; publisher: Publisher }, { run, ...placement }: DesiredPlacement, fresh: boolean, container: string | null = null, route: Route | null = null): Promise<Runtime | null> {
  if (run.type === 'systemd') return unitRuntime((await servingRun(deps.publisher, placement, run)).unit_name, { run, ...placement }, fresh);
  if (container !== null) return containerRuntime(deps.docker, run.container_name, container, placement, fresh, route);
  const serving = servingContainer(await listAll(deps.docker), placement, run.container_name);
  return serving === null ? null : containerRuntime(deps.docker, run.container_name, serving.id, placement, fresh);
}

export async function containerRuntime(docker: Dockerode, name: string, id: string, checked: Checked | null, fresh: boolean, route: Route | null = null): Promise<Runtime> {
  const restartsBefore = fresh ? 0 : (await inspectContainer(docker, id))?.RestartCount ?? 0;
  return {
    what: `container ${name}`,
    async death() {
      const end = await containerEnd(docker, id, restartsBefore);
      if (end === null) return null;
      const told = end === startedAgain ? await nextEnd(docker, id, restartsBefore) : end;
      // A daemon that goes down takes its containers along, and brings them back when it is there again.
      if (!(await answers(docker))) throw new PassingTrouble('Docker does not answer any more');
      if (fresh && (await isLeftStopped(docker, id))) throw new PassingTrouble('Docker has been killed and has left what it ran stopped');
      // Told as it was seen first: its restart policy may be trying it again by now.
      return (await containerEnd(docker, id, restartsBefore)) === null ? null : told;
    },
    lastLines: () => lastLines(docker, id),
    probe: checked === null || checked.healthcheck === null ? null : probeOf(checked.healthcheck, commandInContainer(docker, id), tellOf(checked), route),
  };
}

/** null while it runs; else how it ended. */
async function containerEnd(docker: Dockerode, id: string, restartsBefore: number): Promise<string | null> {
  const found = await inspectContainer(docker, id);
  if (found === null) return 'is gone';
  const { Running, Restarting, ExitCode, Error: reason, OOMKilled } = found.State;
  // A restart policy may have brought it back already; it died all the same, but Docker does not tell any more how.
  if (Running && !Restarting) return found.RestartCount <= restartsBefore ? null : startedAgain;
  return `exited with code ${String(ExitCode)}${OOMKilled ? ' (out of memory)' : ''}${reason === '' ? '' : `: ${reason}`}`;
}

/**
 * One that ended by itself is started again by its policy, and says so. Down with none of that, it outlived a daemon that was
 * killed, and the next one has put it away without a start.
 */
async function isLeftStopped(docker: Dockerode, id: string): Promise<boolean> {
  const found = await inspectContainer(docker, id);
  if (found === null) return false;
  const { Running, Restarting, ExitCode, Error: reason } = found.State;
  return !Running && !Restarting && ExitCode === 0 && reason === '' && found.RestartCount === 0 && keptUp.has(found.HostConfig.RestartPolicy?.Name ?? '');
}

const startedAgain = 'died, and was started again by its restart policy';
const looksMax = 10;
const lookMs = 100;

/** One that died dies again, as a rule, and then it can be seen with what. */
async function nextEnd(docker: Dockerode, id: string, restartsBefore: number): Promise<string> {
  for (let look = 0; look < looksMax; look += 1) {
    await sleep(lookMs);
    const end = await containerEnd(docker, id, restartsBefore);
    if (end !== null && end !== startedAgain) return end;
  }
  return startedAgain;
}

/** `checked`: whose health check it is, which runs as its user; null: nobody asks. */
export async function unitRuntime(unit: string, checked: (Checked & Pick<DesiredPlacement, 'run'>) | null, fresh: boolean, route: Route | null = null): Promise<Runtime> {
  const restartsBefore = fresh ? 0 : (await showUnit(unit)).restarts;
  let alive: MainProcess | null = null;
  return {
    what: `unit ${unit}`,
    async death() {
      if (alive !== null && isAlive(alive)) return null;
      const status = await showUnit(unit);
      const lives = (isActive(status) || (status.active_state === 'activating' && status.sub_state !== 'auto-restart')) && status.restarts <= restartsBefore;
      alive = lives ? mainProcess(status.main_pid) : null;
      return lives ? null : endOf(status);
    },
    lastLines: () => lastUnitLines(unit),
    probe: checked === null || checked.healthcheck === null || checked.run.type !== 'systemd' ? null : probeOf(checked.healthcheck, commandOnHost(checked.run), tellOf(checked), route),
  };
}

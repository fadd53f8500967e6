/** What runs for a placement, whichever kind it is: whether it lives, and what it said last. */
import type Dockerode from 'dockerode';
import type { DesiredPlacement } from '../../spec/desired.js';
import { lastLines } from '../docker/container-logs.js';
import { inspectContainer } from '../docker/own-containers.js';
import { commandInContainer, commandOnHost } from '../health/commands.js';
import { type Probe, probeOf } from '../health/probe.js';
import type { DeathCheck } from '../health/wait-healthy.js';
import { showUnit } from '../systemd/systemctl.js';
import { isActive, type UnitStatus } from '../systemd/unit-status.js';
import { lastUnitLines } from '../systemd/unit.js';

export interface Runtime { what: string; death: DeathCheck; lastLines(): Promise<string>; probe: Probe | null }

export async function containerRuntime(docker: Dockerode, name: string, id: string, healthcheck: DesiredPlacement['healthcheck']): Promise<Runtime> {
  const restartsBefore = (await inspectContainer(docker, id))?.RestartCount ?? 0;
  return {
    what: `container ${name}`,
    async death() {
      const found = await inspectContainer(docker, id);
      if (found === null) return 'is gone';
      const { Running, Restarting, ExitCode, Error: reason, OOMKilled } = found.State;
      // A restart policy may have brought it back already; it died all the same.
      if (Running && !Restarting && found.RestartCount <= restartsBefore) return null;
      return `exited with code ${String(ExitCode)}${OOMKilled ? ' (out of memory)' : ''}${reason === '' ? '' : `: ${reason}`}`;
    },
    lastLines: () => lastLines(docker, id),
    probe: healthcheck === null ? null : probeOf(healthcheck, commandInContainer(docker, id)),
  };
}

export async function unitRuntime(unit: string, healthcheck: DesiredPlacement['healthcheck']): Promise<Runtime> {
  const first = await showUnit(unit);
  return {
    what: `unit ${unit}`,
    async death() {
      const status = await showUnit(unit);
      const lives = isActive(status) || (status.active_state === 'activating' && status.sub_state !== 'auto-restart');
      return lives && status.restarts <= first.restarts && first.sub_state !== 'auto-restart' ? null : ended(status);
    },
    lastLines: () => lastUnitLines(unit),
    probe: healthcheck === null ? null : probeOf(healthcheck, commandOnHost),
  };
}

function ended({ killed, exit_code, result, active_state }: UnitStatus): string {
  if (killed) return `was ended by signal ${String(exit_code)}${result === 'oom-kill' ? ' (out of memory)' : ''}`;
  return active_state === 'active' || active_state === 'inactive' || exit_code !== 0 ? `exited with code ${String(exit_code)}` : `is ${active_state} (${result})`;
}

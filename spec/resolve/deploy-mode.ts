/** How a change of a component is brought in: beside the old one, by a reload, or – left out – by stopping the old one first. */
import type { DesiredPlacement, DockerRun, ReloadTrigger, SystemdRun } from '../desired.js';
import type { Component } from '../document/index.js';
import type { ReportProblem } from './problems.js';

/** Files, which a unit that is hot reads again in any case. */
const files: readonly ReloadTrigger[] = ['code', 'config', 'content'];
const triggers: readonly ReloadTrigger[] = [...files, 'dependencies'];

type Mode = Pick<DesiredPlacement, 'deploy_mode' | 'reload_on'>;

/** A mode or a trigger that cannot be kept is told at its key; the placement is cold then. */
export function resolveDeployMode(component: Component, run: DockerRun | SystemdRun, report: ReportProblem): Mode {
  const mode = component.deploy_mode;
  if (mode !== 'cold' && run.type === 'docker') refuseBeside(run, report);
  if (mode === 'hot' && run.type === 'systemd' && run.reload_command === undefined) {
    report({ path: ['deploy_mode'], message: 'deploy_mode hot of a unit is a reload, and run.reload_command is missing', fix: 'Add run.reload_command, for example "/bin/kill -HUP $MAINPID", or use deploy_mode: cold.' });
  }
  const asked = triggers.filter((trigger) => component.reload_triggers[trigger] === 'hot');
  if (run.reload_command === undefined) {
    for (const trigger of asked) report({ path: ['reload_triggers', trigger], message: `reload_triggers.${trigger} is hot, and run.reload_command is missing`, fix: 'Add run.reload_command, the command that makes it read its files again.' });
    return mode === 'cold' ? {} : { deploy_mode: mode };
  }
  // A unit has no other way to be changed while it runs; a container has one that brings in everything.
  const reloadOn = mode === 'hot' && run.type === 'systemd' ? triggers.filter((trigger) => files.includes(trigger) || asked.includes(trigger)) : asked;
  return { ...(mode === 'cold' ? {} : { deploy_mode: mode }), ...(reloadOn.length === 0 ? {} : { reload_on: reloadOn }) };
}

/** Both run at the same time for a while, each with an address of its own. */
function refuseBeside({ networks, ports }: DockerRun, report: ReportProblem): void {
  if (networks.includes('host')) {
    report({ path: ['deploy_mode'], code: 'unsupported_feature', message: 'two containers in the network "host" would want the same ports: deploy_mode hot and blue_green are not supported there', fix: 'Publish ports in place of the network "host", or use deploy_mode: cold.' });
  }
  if (ports.some(({ ip }) => ip.includes(':'))) {
    report({ path: ['run', 'ports'], code: 'unsupported_feature', message: 'deploy_mode hot and blue_green publish on IPv4 addresses only', fix: 'Publish on an IPv4 address, or use deploy_mode: cold.' });
  }
}

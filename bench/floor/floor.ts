/** The floor: bare commands, one shell for each host, all hosts side by side. */
import type { Fleet, FleetHost } from '../../test/fleet/fleet.js';
import { runs, type Figures } from '../report/cases.js';
import { measure, timed } from '../report/series.js';
import { expectServing, resetHosts } from '../workload/fleet.js';
import { configTarget, imageTarget, noteOf, onHost, tagOf, workload, type Component } from '../workload/workload.js';
import { changeConfig, changeImage, firstDeploy, firstDeployInOrder, noop } from './scripts.js';

const scriptTimeoutMs = 300_000;

async function onOne(host: FleetHost, script: string): Promise<void> {
  const { exitCode, stderr } = await host.exec(['bash', '-s'], { input: script, timeoutMs: scriptTimeoutMs });
  if (exitCode !== 0) throw new Error(`${host.id}: the floor's script ended with ${exitCode}\n${stderr.slice(-1000)}`);
}

export async function onAll(fleet: Fleet, script: (components: readonly Component[]) => string, components: readonly Component[]): Promise<void> {
  const placed = fleet.hosts.filter(({ id }) => onHost(components, id).length > 0);
  await Promise.all(placed.map((host) => onOne(host, script(onHost(components, host.id)))));
}

async function onTarget(fleet: Fleet, script: (component: Component) => string, components: readonly Component[], name: string): Promise<void> {
  const component = components.find((candidate) => candidate.name === name);
  if (component === undefined) throw new Error(`no component ${name} in the workload`);
  await onOne(fleet.host(component.host), script(component));
}

export async function measureFloor(fleet: Fleet): Promise<Figures> {
  const base = workload();
  const before = (): Promise<void> => resetHosts(fleet);
  const after = (): Promise<void> => expectServing(fleet, base);
  const first_ordered = await measure({ n: runs.first, before, after, work: () => timed(() => onAll(fleet, firstDeployInOrder, base)) });
  const first = await measure({ n: runs.first, before, after, work: () => timed(() => onAll(fleet, firstDeploy, base)) });
  const noops = await measure({ n: runs.small, work: () => timed(() => onAll(fleet, noop, base)) });
  const config = await measure({
    n: runs.small,
    work: (run) => timed(() => onTarget(fleet, changeConfig, workload({ note: noteOf(run) }), configTarget)),
    after: (run) => expectServing(fleet, workload({ note: noteOf(run) })),
  });
  const left = noteOf(runs.small - 1);
  const image = await measure({
    n: runs.small,
    work: (run) => timed(() => onTarget(fleet, changeImage, workload({ note: left, tag: tagOf(run) }), imageTarget)),
    after: (run) => expectServing(fleet, workload({ note: left, tag: tagOf(run) })),
  });
  return { first, first_ordered, noop: noops, config, image };
}

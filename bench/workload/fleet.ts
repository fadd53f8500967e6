/** The hosts between measurements: images there, nothing deployed; and the proof that the workload really runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Fleet, FleetHost } from '../../test/fleet/fleet.js';
import { runCommandOrThrow } from '../../test/fleet/run-command.js';
import { confPath, confText, images, onHost, type Component } from './workload.js';

const resetScript = fileURLToPath(new URL('../../test/fleet/reset.sh', import.meta.url));
const resetTimeoutMs = 120_000;
const pullTimeoutMs = 120_000;
/** What Docker and systemd still do after a reset shall not be charged to the next measurement. */
const settleMs = 1_000;

export async function pullImages(fleet: Fleet): Promise<void> {
  await Promise.all(fleet.hosts.map(async (host) => {
    for (const image of images) await succeed(host, ['docker', 'pull', '--quiet', image], pullTimeoutMs);
  }));
}

export async function resetHosts(fleet: Fleet): Promise<void> {
  await runCommandOrThrow(resetScript, [], { timeoutMs: resetTimeoutMs, env: { ...process.env, FLEET_PREFIX: fleet.prefix } });
  await sleep(settleMs);
}

async function succeed(host: FleetHost, argv: readonly string[], timeoutMs?: number): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(argv, timeoutMs === undefined ? {} : { timeoutMs });
  if (exitCode !== 0) throw new Error(`${host.id}: ${argv.join(' ')}: exit ${exitCode}\n${stderr.slice(-1000)}`);
  return stdout;
}

/** Every component answers its health check, with the image and the config it shall have. A tool that did less did not win. */
export async function expectServing(fleet: Fleet, components: readonly Component[]): Promise<void> {
  await Promise.all(fleet.hosts.map(async (host) => {
    for (const component of onHost(components, host.id)) await expectOne(host, component);
  }));
}

async function expectOne(host: FleetHost, component: Component): Promise<void> {
  const url = `http://127.0.0.1:${component.port}`;
  const get = (path: string): Promise<string> => succeed(host, ['curl', '-fsS', '-m', '5', `${url}${path}`]);
  await get(component.health);
  const served = await get(component.kind === 'docker' ? '/' : confPath(component).replace('/etc/demo', ''));
  const wanted = [confText(component), ...(component.kind === 'docker' ? [`version=${component.image.split(':')[1] ?? ''} `] : [])];
  const missing = wanted.find((text) => !served.includes(text.trimEnd()));
  if (missing !== undefined) throw new Error(`${host.id}: ${component.name} does not serve ${JSON.stringify(missing)} but ${JSON.stringify(served)}`);
}

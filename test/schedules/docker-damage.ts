/**
 * What a dockerd that is killed in the middle of starting a container does to itself, without any Maestro (seen with Docker
 * 20.10). containerd keeps the id, and Docker can never start that container again ("id already in
 * use"); or its own proxy keeps the port, and nothing can be published there until Docker is restarted. A step that meets
 * this fails rightly; that it was this is shown here by Docker alone.
 */
import type { FleetHost } from '../fleet/fleet.js';
import type { Change } from './real-effects.js';
import { containerOf, portOf } from './real-documents.js';
import { succeed } from './real-report.js';

const said = /port is already allocated|id already in use|address already in use/;

/** A step of it failed by this on the host, and Docker says the same to anybody. */
export async function isDamaged(host: FleetHost, { kind, rollouts }: Change): Promise<boolean> {
  const failed = rollouts.flatMap(({ steps }) => steps).filter((step) => step.host === host.id && step.failure !== null);
  return failed.some(({ failure }) => said.test(failure?.message ?? '')) && ((await refusesToStart(host, containerOf(kind))) || (await keepsPort(host, portOf(kind))));
}

async function refusesToStart(host: FleetHost, name: string): Promise<boolean> {
  const { exitCode, stderr } = await host.exec(['docker', 'start', name], { timeoutMs: 60_000 });
  return exitCode !== 0 && said.test(stderr);
}

/** No container has it, and still nobody gets it. */
async function keepsPort(host: FleetHost, port: number): Promise<boolean> {
  if ((await succeed(host, ['docker', 'ps', '--quiet', '--filter', `publish=${String(port)}`])).trim() !== '') return false;
  const { exitCode, stderr } = await host.exec(['docker', 'run', '--detach', '--name', 'probe', '--publish', `${String(port)}:8080`, '--env', 'CONFIG=/server', 'demo/web:1'], { timeoutMs: 60_000 });
  await host.exec(['docker', 'rm', '--force', 'probe'], { timeoutMs: 60_000 });
  return exitCode !== 0 && said.test(stderr);
}

/** Whatever of it is left goes, and Docker begins anew. Its other containers come back, or are started. */
export async function repair(host: FleetHost, { kind }: Change): Promise<void> {
  const names = (await succeed(host, ['docker', 'ps', '--all', '--quiet', '--filter', `name=^${containerOf(kind)}`])).trim().split('\n').filter((id) => id !== '');
  const running = (await succeed(host, ['docker', 'ps', '--quiet'])).trim().split('\n').filter((id) => id !== '' && !names.includes(id));
  await succeed(host, ['docker', 'rm', '--force', ...names]);
  await succeed(host, ['systemctl', 'reset-failed', 'docker.service', 'docker.socket']);
  await succeed(host, ['systemctl', 'restart', 'docker']);
  if (running.length > 0) await succeed(host, ['docker', 'start', ...running]);
}

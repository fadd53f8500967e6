/** Puts a Docker proxy on a host, as a unit of its own. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { FleetHost } from '../fleet/fleet.js';
import type { Count } from './chance.js';

export const proxiedSocket = '/run/lossy-docker.sock';
const program = '/root/docker-proxy.cjs';

async function bundle(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'maestro-docker-proxy-'));
  try {
    const outfile = join(folder, 'proxy.cjs');
    await build({ entryPoints: [fileURLToPath(new URL('docker-proxy-main.ts', import.meta.url))], outfile, bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'error' });
    return await readFile(outfile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function succeed(host: FleetHost, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(argv);
  if (exitCode !== 0) throw new Error(`${host.id}: ${argv.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

/** What host workers of these hosts are told to use. */
export async function startDockerLines(hosts: readonly FleetHost[], seed: number, rate: number): Promise<void> {
  const code = await bundle();
  await Promise.all(hosts.map(async (host, index) => {
    await host.writeFile(program, code);
    await succeed(host, ['systemd-run', '--quiet', '--unit=lossy-docker', '--property=Restart=always', 'node', program, String(seed + index), String(rate), proxiedSocket]);
    await succeed(host, ['sh', '-c', `for i in $(seq 100); do [ -S ${proxiedSocket} ] && exit 0; sleep 0.1; done; exit 1`]);
  }));
}

export async function dockerCounts(host: FleetHost): Promise<Record<string, Count>> {
  return JSON.parse(await succeed(host, ['curl', '-sS', '--max-time', '5', '--unix-socket', proxiedSocket, 'http://docker/_lost'])) as Record<string, Count>;
}

/** A control plane that hands out host bundles, hosts that have never heard of it, and a man in the middle. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReleaseKey } from '../../control/host-bundles/index.js';
import { startStack, type RunningStack } from '../../scripts/dev-stack.js';
import { startFleet, type CommandResult, type Fleet } from '../fleet/fleet.js';
import { ApiClient } from '../rollouts/api-client.js';

const installTimeoutMs = 180_000;

/** MAESTRO_BUNDLE_STEPS=all: every step and every case, instead of a few. */
export const thorough = process.env['MAESTRO_BUNDLE_STEPS'] === 'all';

/** Evenly spaced ones of them; when it is to be thorough, all. */
export const few = <T>(all: readonly T[], count: number): T[] =>
  thorough ? [...all] : all.filter((_, index) => Math.floor((index * count) / all.length) !== Math.floor(((index - 1) * count) / all.length));

/** What the man in the middle answers for a path; null: what the control plane answers. */
export type Meddle = (path: string, original: Buffer) => Buffer | null;

export class InstallLab {
  meddle: Meddle = () => null;

  private constructor(readonly fleet: Fleet, readonly stack: RunningStack, readonly api: ApiClient, readonly downloads: string, private readonly dataDir: string, private readonly middle: Server, readonly key: ReleaseKey) {}

  static async start(hosts: readonly string[]): Promise<InstallLab> {
    const [dataDir, downloads] = [await mkdtemp(join(tmpdir(), 'maestro-install-')), await mkdtemp(join(tmpdir(), 'maestro-download-'))];
    const fleet = await startFleet({ hosts });
    const stack = await startStack({ dataDir, bind: fleet.gatewayAddress, say: () => undefined, env: { MAESTRO_DOWNLOADS: downloads, MAESTRO_WEB: '0' } }).catch(async (error: unknown) => {
      await fleet.stop();
      throw error;
    });
    return InstallLab.over(fleet, stack, downloads, dataDir).catch(async (error: unknown) => {
      await stack.stop();
      await fleet.stop();
      throw error;
    });
  }

  private static async over(fleet: Fleet, stack: RunningStack, downloads: string, dataDir: string): Promise<InstallLab> {
    const api = new ApiClient(stack.url);
    await api.setupAdmin(stack.dataDir);
    const key = ReleaseKey.fromSeed((await readFile(join(stack.dataDir, 'keys/host-release.key'), 'utf8')).trim());
    const middle = createServer();
    const lab = new InstallLab(fleet, stack, api, downloads, dataDir, middle, key);
    middle.on('request', (request, response) => {
      lab.answer(request.url ?? '/').then((body) => (body === null ? response.writeHead(404).end() : response.end(body)), () => response.destroy());
    });
    middle.listen(0, fleet.gatewayAddress);
    await once(middle, 'listening');
    return lab;
  }

  private async answer(path: string): Promise<Buffer | null> {
    const original = await fetch(`${this.stack.url}${path}`, { signal: AbortSignal.timeout(60_000) });
    const body = Buffer.from(await original.arrayBuffer());
    return this.meddle(path, body) ?? (original.ok ? body : null);
  }

  get url(): string {
    return `http://${this.fleet.gatewayAddress}:${new URL(this.stack.url).port}`;
  }

  get middleUrl(): string {
    return `http://${this.fleet.gatewayAddress}:${String((this.middle.address() as AddressInfo).port)}`;
  }

  /** A token for one host, which is good once. */
  async enrollment(host: string): Promise<{ token: string; ca_digest: string }> {
    return this.api.ok<{ token: string; ca_digest: string }>('POST', '/api/enrollments', { host });
  }

  /** The command that a person copies, run as it is. */
  async install(host: string, { url = this.url, fault, token }: { url?: string; fault?: string; token?: string | null } = {}): Promise<CommandResult> {
    const { token: fresh, ca_digest: digest } = token === null ? { token: '', ca_digest: `sha256:${'0'.repeat(64)}` } : await this.enrollment(host);
    const given = token === null ? '' : `MAESTRO_ENROLL_TOKEN=${token ?? fresh}`;
    const gateway = `https://${this.fleet.gatewayAddress}:${new URL(this.stack.gatewayUrl).port}`;
    const command = `curl -fsSL ${url}/install.sh | ${given} sh -s -- --name ${host} --gateway ${gateway} --ca-digest ${digest} --url ${url}`;
    return this.run(host, ['sh', '-c', command], fault);
  }

  /** `maestro-host` of the version that is current. */
  command(host: string, argv: readonly string[], fault?: string): Promise<CommandResult> {
    return this.run(host, ['maestro-host', ...argv], fault);
  }

  private run(host: string, argv: readonly string[], fault: string | undefined): Promise<CommandResult> {
    const faults = fault === undefined ? [] : ['env', 'MAESTRO_TEST_FAULTS=1', `MAESTRO_FAULT=${fault}:kill`];
    return this.fleet.host(host).exec([...faults, ...argv], { timeoutMs: installTimeoutMs });
  }

  async succeed(host: string, argv: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.fleet.host(host).exec(argv, { timeoutMs: 60_000 });
    if (exitCode !== 0) throw new Error(`${argv.join(' ')}: exit ${String(exitCode)}: ${stderr}${stdout}`);
    return stdout;
  }

  /** The folder that `current` leads to; empty when there is none. */
  async current(host: string): Promise<string> {
    const { stdout } = await this.fleet.host(host).exec(['readlink', '/opt/maestro-host/current']);
    return stdout.trim().split('/').pop() ?? '';
  }

  async workerPid(host: string): Promise<number> {
    return Number((await this.succeed(host, ['systemctl', 'show', '--property=MainPID', '--value', 'maestro-host'])).trim());
  }

  async stop(): Promise<void> {
    this.middle.close();
    this.middle.closeAllConnections();
    await this.stack.stop();
    await this.fleet.stop();
    await Promise.all([this.dataDir, this.downloads].map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

/** A real `npm start` in a folder of its own, on free ports, with what a test wants to know about it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findRoot } from '../../scripts/supervisor/files.js';
import { freePort } from '../../scripts/supervisor/ports.js';

export interface Place {
  readonly dataDir: string;
  readonly port: number;
  readonly uiPort: number;
  readonly gatewayPort: number;
  readonly url: string;
}

export async function newPlace(): Promise<Place> {
  const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'maestro-start-')));
  const port = await freePort();
  return { dataDir, port, uiPort: await freePort(), gatewayPort: await freePort(), url: `http://127.0.0.1:${port}` };
}

export function clearPlace(place: Place): void {
  rmSync(place.dataDir, { recursive: true, force: true });
}

/** Processes that belong to a data folder, as the kernel sees them: pid → command line. */
export function processesOf(dataDir: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
      if (environment.includes(`:${dataDir}\0`) && environment.includes('MAESTRO_SUPERVISED=')) found.set(Number(name), readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      // ended meanwhile
    }
  }
  return found;
}

export function pidOf(dataDir: string, part: string): number {
  const found = [...processesOf(dataDir)].find(([, command]) => command.includes(part));
  if (!found) throw new Error(`no process with "${part}" among ${[...processesOf(dataDir).values()].join(', ')}`);
  return found[0];
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    if (await isSo()) return;
    await wait(50);
  }
  throw new Error(`not within ${ms} ms: ${what}`);
}

/** How much longer work takes here right now than on an idle machine: wall time over the processor time of a busy loop. */
export function contention(): number {
  const busyMs = 300;
  const begin = performance.now();
  const before = process.cpuUsage();
  for (let used = 0; used < busyMs; ) {
    const { user, system } = process.cpuUsage(before);
    used = (user + system) / 1000;
  }
  return Math.max(1, (performance.now() - begin) / busyMs);
}

export class Supervisor {
  private text = '';
  private code: number | null | undefined;
  private readonly child: ChildProcess;
  private readonly startedAt = Date.now();

  constructor(place: Place, env: Readonly<Record<string, string>> = {}) {
    const own = { MAESTRO_DATA: place.dataDir, MAESTRO_PORT: String(place.port), MAESTRO_TEMPORAL_UI_PORT: String(place.uiPort), MAESTRO_GATEWAY_PORT: String(place.gatewayPort), MAESTRO_HOST: '127.0.0.1' };
    const { DATABASE_URL: _database, MAESTRO_TEMPORAL_ADDRESS: _temporal, ...inherited } = process.env;
    this.child = spawn(process.execPath, [join(findRoot(), 'dist', 'supervisor.mjs')], { env: { ...inherited, ...own, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    this.child.once('exit', (code) => (this.code = code));
  }

  get output(): string {
    return this.text;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Waits for the block at the end of a start; how long it took, in seconds. */
  async ready(ms = 90_000): Promise<number> {
    await until(`a start\n${this.text}`, () => this.code !== undefined || this.text.includes('Ctrl-C stops everything'), ms);
    if (this.code !== undefined) throw new Error(`the supervisor ended with ${this.code}\n${this.text}`);
    return (Date.now() - this.startedAt) / 1000;
  }

  async exitCode(ms = 60_000): Promise<number | null> {
    await until(`an exit\n${this.text}`, () => this.code !== undefined, ms);
    return this.code ?? null;
  }

  /** For the end of a test, however it went. */
  async end(): Promise<void> {
    if (this.code !== undefined) return;
    this.signal('SIGTERM');
    await this.exitCode().catch(() => this.signal('SIGKILL'));
  }
}

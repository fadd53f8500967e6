/** The same workload by pyinfra over ssh, as it comes: all hosts side by side, its own connection each run. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fleet } from '../../test/fleet/fleet.js';
import { runCommandOrThrow } from '../../test/fleet/run-command.js';
import { runs, type Figures } from '../report/cases.js';
import { measure, timed } from '../report/series.js';
import { expectServing, resetHosts } from '../workload/fleet.js';
import { noteOf, onHost, serveCommand, tagOf, workload, type Component } from '../workload/workload.js';
import { ensurePyinfra } from './venv.js';

const deployTimeoutMs = 300_000;
const keyTimeoutMs = 30_000;
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export class Pyinfra {
  private constructor(private readonly program: string, private readonly fleet: Fleet, private readonly folder: string) {}

  /** With a key of its own, which lives as long as the run. */
  static async prepare(fleet: Fleet): Promise<Pyinfra> {
    const program = await ensurePyinfra();
    const folder = await mkdtemp(join(tmpdir(), 'maestro-bench-'));
    await runCommandOrThrow('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', join(folder, 'key')], { timeoutMs: keyTimeoutMs });
    const key = await readFile(join(folder, 'key.pub'), 'utf8');
    await Promise.all(fleet.hosts.map(async (host) => {
      await host.exec(['tee', '--append', '/root/.ssh/authorized_keys'], { input: key });
      await host.exec(['systemctl', 'start', 'ssh']);
    }));
    return new Pyinfra(program, fleet, folder);
  }

  async deploy(components: readonly Component[], ...flags: string[]): Promise<number> {
    const inventory = join(this.folder, 'inventory.json');
    await writeFile(inventory, JSON.stringify({ ssh_key: join(this.folder, 'key'), hosts: this.fleet.hosts.map(({ id, address }) => ({ address, components: onHost(components, id).map(described) })).filter((host) => host.components.length > 0) }));
    return timed(() => runCommandOrThrow(this.program, ['-y', ...flags, here('inventory.py'), here('deploy.py')], {
      timeoutMs: deployTimeoutMs, env: { ...process.env, BENCH_INVENTORY: inventory },
    }));
  }

  end(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

const described = (component: Component): object => ({ ...component, command: serveCommand(component.port) });

export async function measurePyinfra(fleet: Fleet): Promise<Figures> {
  const pyinfra = await Pyinfra.prepare(fleet);
  try {
    return await measureCases(fleet, pyinfra);
  } finally {
    await pyinfra.end();
  }
}

async function measureCases(fleet: Fleet, pyinfra: Pyinfra): Promise<Figures> {
  const n = runs.small_pyinfra;
  const base = workload();
  const first = await measure({ n: runs.first, before: () => resetHosts(fleet), work: () => pyinfra.deploy(base), after: () => expectServing(fleet, base) });
  const noop = await measure({ n, work: () => pyinfra.deploy(base) });
  const dry_run = await measure({ n, work: () => pyinfra.deploy(base, '--dry') });
  const config = await measure({
    n,
    work: (run) => pyinfra.deploy(workload({ note: noteOf(run) })),
    after: (run) => expectServing(fleet, workload({ note: noteOf(run) })),
  });
  const note = noteOf(n - 1);
  const image = await measure({
    n,
    before: async (run) => { if (run === 0) await pyinfra.deploy(workload({ note })); },
    work: (run) => pyinfra.deploy(workload({ note, tag: tagOf(run) })),
    after: (run) => expectServing(fleet, workload({ note, tag: tagOf(run) })),
  });
  return { first, noop, config, image, dry_run };
}

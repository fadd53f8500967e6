/** The same workload by pyinfra over ssh, as it comes: all hosts side by side, its own connection each run. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandOrThrow } from '../../test/fleet/run-command.js';
import { sharesOf, type MakePeer } from '../peers/peer.js';
import { ensureProgram, pyinfra } from '../peers/venv.js';
import { timed } from '../report/series.js';

const deployTimeoutMs = 300_000;
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export const makePyinfra: MakePeer = async (fleet, { folder, key }) => {
  const program = await ensureProgram(pyinfra);
  const inventory = join(folder, 'inventory.json');
  return {
    deploy: async (components, { dry } = { dry: false }) => {
      await writeFile(inventory, JSON.stringify({ ssh_key: key, hosts: sharesOf(fleet, components) }));
      return timed(() => runCommandOrThrow(program, ['-y', ...(dry ? ['--dry'] : []), here('inventory.py'), here('deploy.py')], {
        timeoutMs: deployTimeoutMs, env: { ...process.env, BENCH_INVENTORY: inventory },
      }));
    },
  };
};

/** The same workload by Ansible over ssh, set up for speed: pipelining, kept connections, all hosts side by side, no facts. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandOrThrow } from '../../test/fleet/run-command.js';
import { sharesOf, type HostShare, type MakePeer } from '../peers/peer.js';
import { ansible, ensureProgram } from '../peers/venv.js';
import { timed } from '../report/series.js';

const deployTimeoutMs = 900_000;
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export const makeAnsible: MakePeer = async (fleet, { folder, key }) => {
  const program = await ensureProgram(ansible);
  const inventory = join(folder, 'inventory.json');
  const env = { ...process.env, ANSIBLE_CONFIG: here('ansible.cfg'), ANSIBLE_HOME: join(folder, 'home'), ANSIBLE_PRIVATE_KEY_FILE: key, PATH: `${dirname(program)}:${process.env['PATH'] ?? ''}` };
  return {
    deploy: async (components, { dry } = { dry: false }) => {
      await writeFile(inventory, JSON.stringify({ all: { hosts: Object.fromEntries(sharesOf(fleet, components).map(asHost)) } }));
      return timed(() => runCommandOrThrow(program, ['--inventory', inventory, ...(dry ? ['--check', '--diff'] : []), here('site.yml')], { timeoutMs: deployTimeoutMs, env }));
    },
  };
};

const asHost = ({ address, components }: HostShare): [string, object] => [address, {
  ansible_user: 'root',
  containers: components.filter(({ kind }) => kind === 'docker'),
  units: components.filter(({ kind }) => kind === 'systemd'),
}];

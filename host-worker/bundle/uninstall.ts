/** Takes the host worker off this host. What it manages keeps running, and is named. */
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { placementRecord, type PlacementRecord } from '../journal/records.js';
import { readDurable } from '../journal/durable-file.js';
import { labels } from '../docker/labels.js';
import { runProgram } from '../run-program.js';
import { alone, type BundleContext } from './context.js';
import type { Layout } from './layout.js';
import { removeUnits } from './service.js';
import { dropUpgrade, linkedFolder } from './settings.js';

const dockerTimeoutMs = 20_000;

export interface UninstallOptions { /** Removes the identity and the journal, too. */ purge: boolean }

export function uninstall(context: BundleContext, { purge }: UninstallOptions): Promise<void> {
  return alone(context, async () => {
    const { layout, say, fault } = context;
    const left = await managed(layout);
    await removeUnits(layout);
    await dropUpgrade(layout);
    await fault('uninstall.units');
    if ((await linkedFolder(layout.command)) === 'maestro-host') await rm(layout.command, { force: true });
    await fault('uninstall.command');
    // This program's own folder is among them; what is running stays open until it ends.
    await rm(layout.bundles, { recursive: true, force: true });
    await fault('uninstall.folders');
    if (purge) {
      await rm(layout.state, { recursive: true, force: true });
      await rm(layout.environmentFile, { force: true });
    }
    say(left.length === 0 ? 'nothing was managed here' : 'these keep running, and nobody looks after them any more:');
    for (const line of left) say(`  ${line}`);
    say(purge ? 'maestro-host is gone, with its identity and its journal' : `maestro-host is gone; its identity and its journal are still in ${layout.state} (--purge removes them)`);
    if (left.length > 0) say('ports that are published without Docker (deploy_mode hot, blue_green) do not survive the next boot without it');
  });
}

async function managed(layout: Layout): Promise<string[]> {
  const records = await placements(layout);
  const units = records.flatMap(({ units: names, component }) => names.map((name) => `unit ${name} (${component})`));
  return [...(await containers()), ...units].sort();
}

async function containers(): Promise<string[]> {
  const argv = ['ps', '--all', '--filter', `label=${labels.component}`, '--format', `container {{.Names}} ({{.Label "${labels.component}"}}, {{.State}})`];
  const { exit_code: code, stdout } = await runProgram('docker', argv, { timeoutMs: dockerTimeoutMs }).catch(() => ({ exit_code: -1, stdout: '' }));
  return code === 0 ? stdout.split('\n').filter((line) => line !== '') : [];
}

async function placements({ state }: Layout): Promise<PlacementRecord[]> {
  const root = join(state, 'journal', 'placements');
  const paths = (await readdir(root, { recursive: true }).catch(() => [])).filter((name) => name.endsWith('.json') && dirname(name) !== '.');
  const read = await Promise.all(paths.map((name) => readDurable(join(root, name), placementRecord).catch(() => null)));
  return read.filter((record) => record !== null);
}

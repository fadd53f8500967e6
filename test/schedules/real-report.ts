/** What a host has and what has happened in its Docker, seen from beside the product: by Docker, systemd and the disk themselves. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { FleetHost } from '../fleet/fleet.js';
import { ledgerFolder } from './real-documents.js';

const report = z.object({
  containers: z.array(z.object({ id: z.string(), name: z.string(), image: z.string(), env: z.array(z.string()), running: z.boolean(), started_at: z.string(), labels: z.record(z.string(), z.string()), networks: z.array(z.string()) })),
  networks: z.array(z.string()),
  events: z.array(z.object({ id: z.string(), action: z.string(), name: z.string(), attempt: z.string() })),
  units: z.record(z.string(), z.record(z.string(), z.string())),
  files: z.record(z.string(), z.object({ mode: z.string(), uid: z.number(), inode: z.number(), changed: z.number(), link: z.string().optional(), sha256: z.string().optional(), text: z.string().optional() })),
  journal: z.object({ placements: z.array(z.object({ deploy_id: z.string(), component: z.string(), attempt: z.string().nullable() })), paths: z.array(z.string()) }),
  counted: z.object({ unit: z.array(z.string()), built: z.array(z.string()), builds: z.array(z.string()) }),
  build_processes: z.array(z.string()),
});
export type HostReport = z.infer<typeof report>;

const timeoutMs = 90_000;

/** Docker's events since then are in it. */
export async function reportOf(host: FleetHost, sinceMs: number): Promise<HostReport> {
  const script = await readFile(new URL('host-report.py', import.meta.url));
  return report.parse(JSON.parse(await succeed(host, ['python3', '-', String(sinceMs / 1000)], script)));
}

/** A daemon that is killed forgets its events: a process of the host's own writes them down as they come. */
const follower = `[Service]
ExecStart=/bin/sh -c 'while :; do docker events --since %s --filter type=container --format "{{json .}}" >> ${ledgerFolder}/docker; sleep 0.1; done'
`;

/** The build user is not made yet, and everybody may write to what it is to append to. */
export async function openLedger(host: FleetHost): Promise<void> {
  for (const name of ['unit', 'built', 'builds', 'docker']) await host.writeFile(`${ledgerFolder}/${name}`, '', { mode: '0666' });
  await host.writeFile('/etc/systemd/system/test-ledger.service', follower.replace('%s', String(Math.floor(Date.now() / 1000))));
  await succeed(host, ['systemctl', 'daemon-reload']);
  await succeed(host, ['systemctl', 'start', 'test-ledger']);
}

export async function succeed(host: FleetHost, argv: readonly string[], input?: Buffer): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(argv, { timeoutMs, ...(input === undefined ? {} : { input }) });
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} on ${host.id}: ${stderr.slice(-2000)}`);
  return stdout;
}

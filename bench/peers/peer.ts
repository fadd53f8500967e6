/** A tool that works over ssh from here: how it gets in, and what is measured of it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fleet } from '../../test/fleet/fleet.js';
import { runCommandOrThrow } from '../../test/fleet/run-command.js';
import type { Figures } from '../report/cases.js';
import { measure } from '../report/series.js';
import { expectServing, resetHosts } from '../workload/fleet.js';
import { noteOf, onHost, serveCommand, tagOf, workload, type Component } from '../workload/workload.js';

const keyTimeoutMs = 30_000;

/** A folder for what it is given, with a key that every host takes. */
export interface Access { folder: string; key: string }

export interface Peer {
  /** Resolves with the milliseconds it took. `dry`: says what it would do. */
  deploy(components: readonly Component[], how?: { dry: boolean }): Promise<number>;
}

export type MakePeer = (fleet: Fleet, access: Access) => Promise<Peer>;

/** Components as a peer is told them. */
export type Described = Component & { command: string };
export interface HostShare { address: string; components: Described[] }

export const sharesOf = (fleet: Fleet, components: readonly Component[]): HostShare[] => fleet.hosts
  .map(({ id, address }) => ({ address, components: onHost(components, id).map((component) => ({ ...component, command: serveCommand(component.port) })) }))
  .filter((share) => share.components.length > 0);

/** The key lives as long as the work. */
export async function withPeer<T>(fleet: Fleet, make: MakePeer, work: (peer: Peer) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'maestro-bench-'));
  try {
    const key = join(folder, 'key');
    await runCommandOrThrow('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', key], { timeoutMs: keyTimeoutMs });
    const open = await readFile(`${key}.pub`, 'utf8');
    await Promise.all(fleet.hosts.map(async (host) => {
      await host.exec(['tee', '--append', '/root/.ssh/authorized_keys'], { input: open });
      await host.exec(['systemctl', 'start', 'ssh']);
    }));
    return await work(await make(fleet, { folder, key }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Runs { first: number; small: number }

export const measurePeer = (fleet: Fleet, make: MakePeer, runs: Runs): Promise<Figures> => withPeer(fleet, make, (peer) => measureCases(fleet, peer, runs));

async function measureCases(fleet: Fleet, peer: Peer, { first: firsts, small: n }: Runs): Promise<Figures> {
  const base = workload();
  const first = await measure({ n: firsts, before: () => resetHosts(fleet), work: () => peer.deploy(base), after: () => expectServing(fleet, base) });
  const noop = await measure({ n, work: () => peer.deploy(base) });
  const dry_run = await measure({ n, work: () => peer.deploy(base, { dry: true }) });
  const config = await measure({
    n,
    work: (run) => peer.deploy(workload({ note: noteOf(run) })),
    after: (run) => expectServing(fleet, workload({ note: noteOf(run) })),
  });
  const note = noteOf(n - 1);
  const image = await measure({
    n,
    before: async (run) => { if (run === 0) await peer.deploy(workload({ note })); },
    work: (run) => peer.deploy(workload({ note, tag: tagOf(run) })),
    after: (run) => expectServing(fleet, workload({ note, tag: tagOf(run) })),
  });
  return { first, noop, config, image, dry_run };
}

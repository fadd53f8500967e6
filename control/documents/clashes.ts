/** What two placements of one deploy on the same host may not share: ports, names, places for files. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { everyAddress } from '../../spec/resolve/ports.js';

export interface Clash { component: string; section: 'run' | 'config'; message: string; fix: string }

/** Something on a host that only one can have. `at` tells apart those that share a `thing` without harm: addresses of a port. */
interface Claim { thing: string; at: string; section: Clash['section']; what: string; fix: string }

/** More are not told: the first say enough. */
const maxClashes = 500;

export function clashes(placements: readonly DesiredPlacement[]): Clash[] {
  const taken = new Map<string, Map<string, string>>();
  const found: Clash[] = [];
  for (const placement of placements) {
    for (const claim of claimsOf(placement)) {
      const holder = take(taken, placement, claim);
      if (holder !== undefined) found.push(clash(placement, claim, holder));
      if (found.length === maxClashes) return found;
    }
  }
  return found;
}

/** The component that had it first, if any. */
function take(taken: Map<string, Map<string, string>>, { host, component }: DesiredPlacement, { thing, at }: Claim): string | undefined {
  const key = `${host} ${thing}`;
  const holders = taken.get(key) ?? new Map<string, string>();
  taken.set(key, holders);
  const holder = at === everyAddress ? firstOf(holders) : holders.get(at) ?? holders.get(everyAddress);
  if (!holders.has(at)) holders.set(at, component);
  return holder;
}

const firstOf = (holders: ReadonlyMap<string, string>): string | undefined => holders.values().next().value;

const clash = ({ host, component }: DesiredPlacement, { section, what, fix }: Claim, holder: string): Clash =>
  ({ component, section, fix, message: `${what} on ${host} is ${holder === component ? 'used twice' : `also used by ${holder}`}` });

function claimsOf({ run, files, trees }: DesiredPlacement): Claim[] {
  const only = (section: Clash['section'], what: string, fix: string): Claim => ({ thing: what, at: everyAddress, section, what, fix });
  const name = run.type === 'docker' ? `the container ${run.container_name}` : `the unit ${run.unit_name}`;
  // Every file by its place; of a folder that is flipped as a whole, the folder.
  const paths = [...files.map(({ path }) => path), ...trees.flatMap((tree) => (tree.strategy === 'atomic_symlink' ? [tree.dest] : tree.files.map(({ path }) => `${tree.dest}/${path}`)))];
  const ports = run.type === 'docker' ? run.ports : [];
  return [
    only('run', name, 'Give it another name.'),
    ...ports.map(({ ip, host_port, protocol }): Claim => ({
      thing: `port ${host_port}/${protocol}`, at: ip === '0.0.0.0' || ip === '::' ? everyAddress : ip, section: 'run', what: `port ${host_port}/${protocol}`, fix: 'Publish another host port.',
    })),
    ...paths.map((path) => only('config', path, 'Write to another path.')),
  ];
}

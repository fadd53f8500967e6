/** What two placements of one deploy on the same host may not share: ports, names, places for files. */
import type { DesiredPlacement, PortMapping } from '../../spec/desired.js';
import { portsCollide } from '../../spec/resolve/ports.js';

export interface Clash { component: string; section: 'run' | 'config'; message: string; fix: string }

export function clashes(placements: readonly DesiredPlacement[]): Clash[] {
  return placements.flatMap((placement, index) => {
    const earlier = placements.slice(0, index).filter(({ host }) => host === placement.host);
    return [...ownClashes(placement), ...earlier.flatMap((other) => [...portClashes(placement, other), ...nameClashes(placement, other), ...pathClashes(placement, other)])];
  });
}

/** What one component says twice. */
function ownClashes(placement: DesiredPlacement): Clash[] {
  const again = ports(placement).filter((port, index, all) => all.slice(0, index).some((taken) => portsCollide(port, taken)));
  const twice = paths(placement).filter((path, index, all) => all.indexOf(path) < index);
  return [
    ...again.map((port) => ({ component: placement.component, section: 'run' as const, message: `port ${port.host_port}/${port.protocol} on ${placement.host} is published twice`, fix: 'Publish another host port.' })),
    ...twice.map((path) => ({ component: placement.component, section: 'config' as const, message: `${path} on ${placement.host} is written twice`, fix: 'Write to another path.' })),
  ];
}

const ports = ({ run }: DesiredPlacement): PortMapping[] => (run.type === 'docker' ? run.ports : []);
const unitName = ({ run }: DesiredPlacement): string => (run.type === 'docker' ? `container ${run.container_name}` : `unit ${run.unit_name}`);
/** Every file by its place; of a folder that is flipped as a whole, the folder. */
const paths = ({ files, trees }: DesiredPlacement): string[] => [
  ...files.map(({ path }) => path),
  ...trees.flatMap((tree) => (tree.strategy === 'atomic_symlink' ? [tree.dest] : tree.files.map(({ path }) => `${tree.dest}/${path}`))),
];

function portClashes(placement: DesiredPlacement, other: DesiredPlacement): Clash[] {
  return ports(placement).filter((port) => ports(other).some((taken) => portsCollide(port, taken))).map((port) => ({
    component: placement.component, section: 'run' as const,
    message: `port ${port.host_port}/${port.protocol} on ${placement.host} is also published by ${other.component}`, fix: 'Publish another host port.',
  }));
}

function nameClashes(placement: DesiredPlacement, other: DesiredPlacement): Clash[] {
  return unitName(placement) !== unitName(other) ? [] : [{
    component: placement.component, section: 'run', message: `the ${unitName(placement)} on ${placement.host} is also used by ${other.component}`, fix: 'Give it another name.',
  }];
}

function pathClashes(placement: DesiredPlacement, other: DesiredPlacement): Clash[] {
  return paths(placement).filter((path) => paths(other).includes(path)).map((path) => ({
    component: placement.component, section: 'config' as const, message: `${path} on ${placement.host} is also written by ${other.component}`, fix: 'Write to another path.',
  }));
}

/** What a placement asks of its host beyond what every deploy may have. Made of the rendered placement, on both sides. */
import type { DesiredPlacement } from '../desired.js';
import { unitNames } from '../slots.js';
import type { Demand, Permission } from './permissions.js';
import { destNeeds, mountNeeds, unitNeeds } from './places.js';

/** Ways to attach to a network that are another's. */
const foreignNetwork = /^(host|container:.*|ns:.*)$/;
const fileUrl = /^file:\/\/(?:localhost)?(\/.*)$/;
const specialBits = 0o6000;

type Asking = Pick<DesiredPlacement, 'run' | 'files' | 'trees' | 'source' | 'component_directory'>;

const demand = (needs: Permission | 'never' | null, what: string, at: Demand['at']): Demand[] => (needs === null ? [] : [{ needs, what, at }]);

export function demandsOf(placement: Asking): Demand[] {
  return [...runDemands(placement.run), ...fileDemands(placement), ...directoryDemands(placement), ...sourceDemands(placement)];
}

function runDemands(run: DesiredPlacement['run']): Demand[] {
  if (run.type === 'systemd') return unitNames(run).flatMap((name) => demand(unitNeeds(name), `the unit ${name}`, { kind: 'unit' }));
  return [
    ...run.networks.filter((name) => foreignNetwork.test(name)).flatMap((name) => demand('host_network', name === 'host' ? 'the network of the host' : `the network ${name}`, { kind: 'network', name })),
    ...run.volumes.filter(({ kind }) => kind === 'bind').flatMap(({ source }) => demand(mountNeeds(source), `a mount of ${source}`, { kind: 'volume', source })),
  ];
}

/** Variables of a unit are in a file of Maestro's own, which no document names. */
function fileDemands({ files, trees }: Asking): Demand[] {
  const written = [
    ...files.filter(({ origin }) => origin !== 'environment').map(({ path, mode }) => ({ dest: path, path, mode })),
    ...trees.flatMap(({ dest, files: parts }) => [{ dest, path: dest, mode: 0 }, ...parts.map(({ path, mode }) => ({ dest, path: `${dest}/${path}`, mode }))]),
  ];
  return written.flatMap(({ dest, path, mode }) => [
    ...demand(destNeeds(path), `the file ${path}`, { kind: 'dest', path: dest }),
    ...demand((mode & specialBits) === 0 ? null : 'setuid_files', `the file ${path} with the mode ${mode.toString(8).padStart(4, '0')}`, { kind: 'dest', path: dest }),
  ]);
}

/** What is read from the host itself, and may be shown by the component. */
function sourceDemands({ source }: Asking): Demand[] {
  const path = source === null ? null : source.type === 'git' ? fileUrl.exec(source.repo)?.[1] ?? null : source.at.kind === 'host' ? source.at.path : null;
  return path === null ? [] : demand(mountNeeds(path), `what is in ${path}`, { kind: 'source' });
}

/** It becomes a link to the release of the source. */
const directoryDemands = ({ source, component_directory: directory }: Asking): Demand[] =>
  (source === null ? [] : demand(destNeeds(directory), `the folder ${directory}`, { kind: 'directory' }));

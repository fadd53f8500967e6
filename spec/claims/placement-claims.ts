/** The claims of one placement, each with its place in the component, which is where a clash is told. */
import type { DesiredPlacement, DesiredTree } from '../desired.js';
import type { Component } from '../document/index.js';
import type { Path } from '../document/path.js';
import { bundlePath, resolveDest } from '../resolve/paths.js';
import { withoutSlash, type BundleEntry } from '../resolve/placement.js';
import { parsePorts } from '../resolve/ports.js';
import { unitNames } from '../slots.js';
import { canonicalAddress } from './address.js';
import type { Claim } from './claim.js';

/** `path` is relative to the component. */
export interface PlacedClaim { claim: Claim; path: Path }
export interface PlacementClaims { host: string; component: string; claims: PlacedClaim[] }

/** `component` is rendered, and `placement` made of it. What could not be resolved claims nothing; it is an error of its own. */
export function placementClaims(component: Component, bundle: readonly BundleEntry[], placement: DesiredPlacement): PlacementClaims {
  const claims = [...nameClaims(component, placement), ...sourceClaims(component, placement), ...portClaims(component), ...slotClaims(component, placement), ...volumeClaims(component, placement), ...pathClaims(component, bundle, placement)];
  return { host: placement.host, component: placement.component, claims };
}

/** A name that is not written is told at the run section, from which it follows. */
function nameClaims({ run: written }: Component, { run }: DesiredPlacement): PlacedClaim[] {
  const [key, claims]: [string, Claim[]] = run.type === 'docker' ? ['container_name', [{ kind: 'container', name: run.container_name }]] : ['unit_name', unitNames(run).map((name) => ({ kind: 'unit', name }))];
  return at(Object.hasOwn(written, key) ? ['run', key] : ['run'], claims);
}

/** The port that leads to whichever of two units serves. */
function slotClaims({ healthcheck }: Component, { run }: DesiredPlacement): PlacedClaim[] {
  if (run.type !== 'systemd' || run.slots === undefined) return [];
  const { port } = run.slots;
  return [{ claim: { kind: 'port', protocol: 'tcp', address: canonicalAddress(''), from: port, to: port }, path: ['healthcheck', healthcheck?.type === 'tcp' ? 'port' : 'url'] }];
}

/** The component directory, which is flipped from release to release. */
function sourceClaims({ run }: Component, { source, component_directory: path }: DesiredPlacement): PlacedClaim[] {
  if (source === null || resolveDest(path, path) === null) return [];
  return [{ claim: { kind: 'folder', path }, path: run.type === 'systemd' && run.working_directory !== undefined ? ['run', 'working_directory'] : ['source'] }];
}

/** A container in the host's network publishes nothing: Docker leaves its ports aside. */
function portClaims({ run }: Component): PlacedClaim[] {
  if (run.type !== 'docker' || run.networks.includes('host')) return [];
  return run.ports.flatMap((text, index) => {
    const mappings = parsePorts(text) ?? [];
    const [first, last] = [mappings[0], mappings.at(-1)];
    if (first === undefined || last === undefined) return [];
    return [{ claim: { kind: 'port', protocol: first.protocol, address: canonicalAddress(first.ip), from: first.host_port, to: last.host_port }, path: ['run', 'ports', index] }];
  });
}

/** Named volumes alone: a folder of the host is mounted into many containers on purpose. */
function volumeClaims({ run: written }: Component, { run }: DesiredPlacement): PlacedClaim[] {
  if (run.type !== 'docker' || written.type !== 'docker') return [];
  const names = new Set(run.volumes.filter(({ kind }) => kind === 'volume').map(({ source }) => source));
  return [...names].map((name) => ({ claim: { kind: 'volume', name }, path: ['run', 'volumes', written.volumes.findIndex((text) => text.startsWith(`${name}:`))] }));
}

function pathClaims({ config }: Component, bundle: readonly BundleEntry[], { component_directory: directory, trees }: DesiredPlacement): PlacedClaim[] {
  const isFile = (source: string): boolean => bundle.some(({ path }) => path === bundlePath(source));
  const templates = config.templates.flatMap(({ dest }, index) => at(['config', 'templates', index, 'dest'], fileClaim(dest, directory)));
  const files = config.files.flatMap(({ source, dest }, index) => {
    const claims = isFile(source) ? fileClaim(dest, directory) : treeClaims(trees, resolveDest(withoutSlash(dest), directory));
    return at(['config', 'files', index, 'dest'], claims);
  });
  return [...templates, ...files];
}

const at = (path: Path, claims: readonly Claim[]): PlacedClaim[] => claims.map((claim) => ({ claim, path }));

function fileClaim(dest: string, directory: string): Claim[] {
  const path = resolveDest(dest, directory);
  return path === null ? [] : [{ kind: 'file', path }];
}

/** Of a folder that is flipped, the folder; of any other, its files: others may put theirs beside them. */
function treeClaims(trees: readonly DesiredTree[], dest: string | null): Claim[] {
  const tree = trees.find((one) => one.dest === dest);
  if (tree === undefined) return [];
  return tree.strategy === 'atomic_symlink' ? [{ kind: 'folder', path: tree.dest }] : tree.files.map(({ path }) => ({ kind: 'file', path: `${tree.dest}/${path}` }));
}

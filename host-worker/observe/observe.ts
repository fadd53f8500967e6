/**
 * What is really there of a deploy's placements on this host: Docker, systemd, files and health, read side by
 * side in one pass. Reads only.
 */
import type Dockerode from 'dockerode';
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { HostFacts, ObservedHealth, ObservedPlacement } from '../../spec/observed.js';
import { readTree } from '../files/read-tree.js';
import { refuseUnsafePath, unsafeTreePath } from '../files/safe-path.js';
import { commandInContainer, commandOnHost } from '../health/commands.js';
import { probeOf } from '../health/probe.js';
import { patientFacts } from '../facts.js';
import type { Journal } from '../journal/journal.js';
import type { PlacementRecord } from '../journal/records.js';
import { type ContainerFound, type DockerPlacement, type ImageCache, observeContainers } from './containers.js';
import { observeFiles } from './files.js';
import { observeUnits, type SystemdPlacement } from './units.js';

export interface ObserveDeps {
  journal: Journal;
  stateFolder: string;
  docker: Dockerode;
  images: ImageCache;
}

const probeTimeoutMs = 2_000;

export async function observePlacements(deps: ObserveDeps, desired: readonly DesiredPlacement[], signal: AbortSignal): Promise<{ facts: HostFacts; observed: ObservedPlacement[] }> {
  for (const placement of desired) refuseUnsafePlacement(placement, deps.stateFolder);
  const [facts, records] = await Promise.all([patientFacts(deps.docker, desired.some(isDocker), signal), Promise.all(desired.map((placement) => deps.journal.placement(placement)))]);
  const recordOf = new Map(desired.map((placement, index) => [placement, records[index]]));
  const observed = await Promise.all([
    observeAllContainers(deps, facts, desired.filter(isDocker)),
    observeAllUnits(facts, desired.filter(isSystemd), recordOf),
  ]).then((found) => new Map(found.flat()));
  const placements = await Promise.all(desired.map((placement) => observePlacement(deps, placement, recordOf.get(placement), observed.get(placement.component), signal)));
  return { facts, observed: placements };
}

const isDocker = (placement: DesiredPlacement): placement is DockerPlacement => placement.run.type === 'docker';
const isSystemd = (placement: DesiredPlacement): placement is SystemdPlacement => placement.run.type === 'systemd';

type RunFound = Pick<ObservedPlacement, 'container' | 'unit' | 'image_present'>;

async function observeAllContainers({ docker, images }: ObserveDeps, facts: HostFacts, placements: readonly DockerPlacement[]): Promise<[string, RunFound][]> {
  const nothing: ContainerFound = { container: null, image_present: false };
  const found = facts.docker ? await observeContainers(docker, images, placements) : [];
  return placements.map(({ component }, index) => [component, { ...(found[index] ?? nothing), unit: null }]);
}

async function observeAllUnits(facts: HostFacts, placements: readonly SystemdPlacement[], recordOf: ReadonlyMap<DesiredPlacement, PlacementRecord | undefined>): Promise<[string, RunFound][]> {
  const owned = placements.map((placement) => new Set(recordOf.get(placement)?.units ?? []));
  const found = facts.systemd ? await observeUnits(placements, owned) : [];
  return placements.map(({ component }, index) => [component, { unit: found[index] ?? null, container: null, image_present: false }]);
}

async function observePlacement(deps: ObserveDeps, desired: DesiredPlacement, record: PlacementRecord | undefined, run: RunFound | undefined, signal: AbortSignal): Promise<ObservedPlacement> {
  const found = run ?? { container: null, unit: null, image_present: false };
  const [files, trees, health] = await Promise.all([
    observeFiles(desired.files, new Set(record?.files ?? [])),
    Promise.all(desired.trees.map((tree) => readTree(tree, record?.trees.find(({ dest }) => dest === tree.dest) ?? null))),
    observeHealth(deps, desired, found, signal),
  ]);
  const applied = record?.applied ?? null;
  return { component: desired.component, applied_hash: applied?.hash ?? null, applied_version: applied?.version ?? null, ...found, files, trees, health };
}

/** One quick look at what runs; null when there is nothing to look at. */
async function observeHealth({ docker }: ObserveDeps, { healthcheck }: DesiredPlacement, { container, unit }: RunFound, signal: AbortSignal): Promise<ObservedHealth | null> {
  if (healthcheck === null) return null;
  const timeoutMs = Math.min(healthcheck.timeout_ms, probeTimeoutMs);
  if (container?.status === 'running') return probeOf(healthcheck, commandInContainer(docker, container.id))(timeoutMs, signal);
  return unit?.active_state === 'active' ? probeOf(healthcheck, commandOnHost)(timeoutMs, signal) : null;
}

function refuseUnsafePlacement({ files, trees }: DesiredPlacement, stateFolder: string): void {
  for (const { path } of files) refuseUnsafePath(path, stateFolder);
  for (const { dest, files: inTree } of trees) {
    refuseUnsafePath(dest, stateFolder);
    for (const { path } of inTree) {
      const why = unsafeTreePath(path);
      if (why !== null) throw new MaestroError('config_error', `${JSON.stringify(path.slice(0, 200))} in ${dest} is not a safe path: ${why}`, { fix: 'Use paths inside the folder.', details: { dest } });
    }
  }
}

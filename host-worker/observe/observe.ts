/**
 * What is really there of a deploy's placements on this host: Docker, systemd, files and health, read side by
 * side in one pass. Reads only.
 */
import type Dockerode from 'dockerode';
import type { DesiredPlacement } from '../../spec/desired.js';
import { MaestroError } from '../../spec/errors.js';
import type { HostFacts, ObservedHealth, ObservedPlacement } from '../../spec/observed.js';
import type { LoginOf } from '../credentials/logins.js';
import { readTree } from '../files/read-tree.js';
import { isInside, refuseUnsafePath, unitVariables, unsafeTreePath } from '../files/safe-path.js';
import { commandInContainer, commandOnHost } from '../health/commands.js';
import { probeOf } from '../health/probe.js';
import { tellOf } from '../health/tell.js';
import { patientFacts } from '../facts.js';
import type { Journal } from '../journal/journal.js';
import type { PlacementRecord } from '../journal/records.js';
import type { Publisher } from '../publish/publisher.js';
import { type AskRegistry, type DockerPlacement, type ImageCache, observeContainers } from './containers.js';
import { isBooted } from '../systemd/systemctl.js';
import { observeSource } from '../source/observe-source.js';
import { hasSource } from '../source/releases.js';
import { refuseUnsafeSource } from '../source/safe-source.js';
import { observeFiles } from './files.js';
import { observeServing } from './slots.js';
import type { SystemdPlacement } from './units.js';

export interface ObserveDeps {
  journal: Journal;
  stateFolder: string;
  docker: Dockerode;
  images: ImageCache;
  publisher: Publisher;
}

const probeTimeoutMs = 2_000;

/** `loginOf`: without it no source that asks for a login is asked. */
export async function observePlacements(deps: ObserveDeps, desired: readonly DesiredPlacement[], signal: AbortSignal, ask: AskRegistry = 'never', loginOf: LoginOf | null = null): Promise<{ facts: HostFacts; observed: ObservedPlacement[] }> {
  for (const placement of desired) refuseUnsafePlacement(placement, deps.stateFolder);
  const factsSeen = guarded(patientFacts(deps.docker, desired.some(isDocker), signal));
  const records = await Promise.all(desired.map((placement) => deps.journal.placement(placement)));
  // Nothing waits for anything it does not need: units and files are read while Docker answers, health as soon as its runtime is known.
  const containers = guarded(factsSeen.then((facts) => observeAllContainers(deps, facts, desired.filter(isDocker), ask, loginOf)));
  const units = guarded(observeAllUnits(deps, desired, records));
  const observed = Promise.all(desired.map((placement, index) => observePlacement(deps, placement, records[index], (isDocker(placement) ? containers : units).then((found) => found.get(placement.component) ?? nothing), signal, loginOf)));
  const [facts, placements] = await Promise.all([factsSeen, observed]);
  return { facts, observed: placements };
}

/** Whoever awaits it hears of its failure; that nobody does, because another one failed first, is no failure of the process. */
function guarded<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

const isDocker = (placement: DesiredPlacement): placement is DockerPlacement => placement.run.type === 'docker';
const isSystemd = (placement: DesiredPlacement): placement is SystemdPlacement => placement.run.type === 'systemd';

type RunFound = Pick<ObservedPlacement, 'container' | 'unit' | 'image_present' | 'wanted_image_id' | 'image_digest'>;
const nothing: RunFound = { container: null, unit: null, image_present: false };

async function observeAllContainers({ docker, images, publisher }: ObserveDeps, facts: HostFacts, placements: readonly DockerPlacement[], ask: AskRegistry, loginOf: LoginOf | null): Promise<Map<string, RunFound>> {
  const found = facts.docker ? await observeContainers(docker, images, placements, { published: placements.length === 0 ? null : await publisher.live(), ask, loginOf }) : [];
  return new Map(placements.map(({ component }, index) => [component, { ...nothing, ...found[index] }]));
}

async function observeAllUnits({ publisher }: ObserveDeps, desired: readonly DesiredPlacement[], records: readonly PlacementRecord[]): Promise<Map<string, RunFound>> {
  const placements = desired.filter(isSystemd);
  const owned = desired.flatMap((placement, index) => (isSystemd(placement) ? [new Set(records[index]?.units ?? [])] : []));
  const found = isBooted() ? await observeServing(publisher, placements, owned) : [];
  return new Map(placements.map(({ component }, index) => [component, { ...nothing, unit: found[index] ?? null }]));
}

async function observePlacement(deps: ObserveDeps, desired: DesiredPlacement, record: PlacementRecord | undefined, run: Promise<RunFound>, signal: AbortSignal, loginOf: LoginOf | null): Promise<ObservedPlacement> {
  const [found, health, files, trees, source] = await Promise.all([
    run,
    run.then((seen) => observeHealth(deps, desired, seen, signal)),
    observeFiles(desired.files, new Set(record?.files ?? []), desired.digest_key),
    Promise.all(desired.trees.map((tree) => readTree(tree, record?.trees.find(({ dest }) => dest === tree.dest) ?? null))),
    hasSource(desired) ? observeSource(deps.journal, desired, record, signal, loginOf) : null,
  ]);
  const applied = record?.applied ?? null;
  return { component: desired.component, applied_hash: applied?.hash ?? null, applied_version: applied?.version ?? null, applied_follows: applied?.follows ?? null, ...found, files, trees, source, health };
}

/** One quick look at what runs; null when there is nothing to look at. */
async function observeHealth({ docker }: ObserveDeps, { healthcheck, run, ...secrets }: DesiredPlacement, { container, unit }: RunFound, signal: AbortSignal): Promise<ObservedHealth | null> {
  if (healthcheck === null) return null;
  const timeoutMs = Math.min(healthcheck.timeout_ms, probeTimeoutMs);
  if (container?.status === 'running') return probeOf(healthcheck, commandInContainer(docker, container.id), tellOf(secrets))(timeoutMs, signal);
  return unit?.active_state === 'active' && run.type === 'systemd' ? probeOf(healthcheck, commandOnHost(run), tellOf(secrets))(timeoutMs, signal) : null;
}

function refuseUnsafePlacement(placement: DesiredPlacement, stateFolder: string): void {
  const { files, trees } = placement;
  if (hasSource(placement)) refuseUnsafeSource(placement, stateFolder);
  for (const { path, origin } of files) {
    refuseUnsafePath(path, stateFolder);
    if (isInside(path, unitVariables) && origin !== 'environment') throw new MaestroError('config_error', `${JSON.stringify(path.slice(0, 200))} is not a safe path: ${unitVariables} is reserved`, { fix: 'Use another path.', details: { path: path.slice(0, 200) } });
  }
  for (const { dest, files: inTree } of trees) {
    refuseUnsafePath(dest, stateFolder);
    for (const { path } of inTree) {
      const why = unsafeTreePath(path);
      if (why === null) refuseUnsafePath(`${dest}/${path}`, stateFolder);
      else throw new MaestroError('config_error', `${JSON.stringify(path.slice(0, 200))} in ${dest} is not a safe path: ${why}`, { fix: 'Use paths inside the folder.', details: { dest } });
    }
  }
}

/** Finding the containers of a placement, by their mark and by the names that a replacement uses. */
import type Dockerode from 'dockerode';
import { MaestroError } from '../../spec/errors.js';
import { attemptLabel, type AttemptKey, type PlacementKey } from '../journal/journal.js';
import { call, orNull } from './docker-call.js';
import { isOf, labels, ownershipOf } from './labels.js';

export const nextName = (name: string): string => `${name}.maestro-next`;
export const previousName = (name: string): string => `${name}.maestro-previous`;
export const isTransitional = (name: string): boolean => name.endsWith('.maestro-next') || name.endsWith('.maestro-previous');

export interface Listed { id: string; name: string; running: boolean; labels: Record<string, string> }

/** A container's own name; others come from legacy links and have a second slash. */
export const nameOf = (names: readonly string[]): string => (names.find((name) => name.lastIndexOf('/') === 0) ?? names[0] ?? '').slice(1);

export async function listAll(docker: Dockerode): Promise<Listed[]> {
  const found = await call('list containers', () => docker.listContainers({ all: true }));
  return found.map(({ Id, Names, State, Labels }) => ({ id: Id, name: nameOf(Names), running: State === 'running', labels: Labels ?? {} }));
}

export const inspectContainer = (docker: Dockerode, id: string): Promise<Dockerode.ContainerInspectInfo | null> =>
  call('inspect a container', () => orNull(docker.getContainer(id).inspect()));

/** The container that stands for the placement: under its name, under an earlier name, or put aside by a replacement. */
export function servingContainer(all: readonly Listed[], placement: PlacementKey, name: string): Listed | null {
  const own = all.filter((container) => isOf(container.labels, placement));
  const rank = (container: Listed): number =>
    container.name === name ? 0 : !isTransitional(container.name) ? 1 : container.name.endsWith('.maestro-previous') ? 2 : 3;
  // One that was made and never took over serves nobody.
  return own.filter((container) => rank(container) < 3).sort((a, b) => rank(a) - rank(b) || Number(b.running) - Number(a.running))[0] ?? null;
}

export const createdBy = (all: readonly Listed[], key: AttemptKey): Listed | null =>
  all.find((container) => isOf(container.labels, key) && container.labels[labels.attempt] === attemptLabel(key)) ?? null;

/** Throws conflict when one of the names we are going to use is somebody else's. */
export function refuseForeign(all: readonly Listed[], placement: PlacementKey, names: readonly string[]): void {
  const foreign = all.find((container) => names.includes(container.name) && !isOf(container.labels, placement));
  if (foreign === undefined) return;
  const owner = ownershipOf(foreign.labels);
  const whose = owner === null ? 'was not made by Maestro' : `belongs to ${owner.component} of the deploy ${owner.deploy_id}`;
  throw new MaestroError('conflict', `a container named ${foreign.name} exists and ${whose}`, {
    fix: `Remove or rename it, or give this component another container_name.`, details: { container: foreign.name, id: foreign.id.slice(0, 12) },
  });
}

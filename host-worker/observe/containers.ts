/** All placements' containers in one pass: one list, then only the inspects that matter, side by side. */
import type Dockerode from 'dockerode';
import type { DesiredPlacement, DockerRun } from '../../spec/desired.js';
import type { ObservedContainer } from '../../spec/observed.js';
import { call, orNull } from '../docker/docker-call.js';
import { inspectContainer, type Listed, listAll, servingContainer } from '../docker/own-containers.js';
import type { LivePorts } from '../publish/publisher.js';
import { type ImageDefaults, normaliseContainer, withPublished } from './normalise-container.js';

export interface ContainerFound { container: ObservedContainer | null; image_present: boolean }
export type DockerPlacement = DesiredPlacement & { run: DockerRun };

interface Image extends ImageDefaults { id: string }

/** Images are immutable: what is known by id stays true. References are asked for anew. */
export class ImageCache {
  private readonly byId = new Map<string, Image>();
  private static readonly sizeMax = 500;

  constructor(private readonly docker: Dockerode) {}

  async named(reference: string): Promise<Image | null> {
    const found = await call('inspect an image', () => orNull(this.docker.getImage(reference).inspect()));
    if (found === null) return null;
    const image = { id: found.Id, env: found.Config?.Env ?? [], command: found.Config?.Cmd ?? null };
    if (this.byId.size >= ImageCache.sizeMax) this.byId.clear();
    this.byId.set(image.id, image);
    return image;
  }

  async withId(id: string): Promise<Image | null> {
    return this.byId.get(id) ?? (await this.named(id));
  }
}

/** In the order of `placements`. `published`: what the host's own rules publish. */
export async function observeContainers(docker: Dockerode, images: ImageCache, placements: readonly DockerPlacement[], published: LivePorts | null = null): Promise<ContainerFound[]> {
  if (placements.length === 0) return [];
  const references = [...new Set(placements.map(({ run }) => run.image))];
  const [all, ...found] = await Promise.all([listAll(docker), ...references.map((reference) => images.named(reference))]);
  const byReference = new Map(references.map((reference, index) => [reference, found[index] ?? null]));
  return Promise.all(placements.map((placement) => observeContainer(docker, images, placement, { all, published, wanted: byReference.get(placement.run.image) ?? null })));
}

async function observeContainer(docker: Dockerode, images: ImageCache, placement: DockerPlacement, { all, published, wanted }: { all: readonly Listed[]; published: LivePorts | null; wanted: Image | null }): Promise<ContainerFound> {
  // Whoever has the name is looked at, so that somebody else's shows as foreign.
  const listed = all.find(({ name }) => name === placement.run.container_name) ?? servingContainer(all, placement, placement.run.container_name);
  const found = listed === null || listed === undefined ? null : await inspectContainer(docker, listed.id);
  if (found === null) return { container: null, image_present: wanted !== null };
  const image = await images.withId(found.Image);
  const container = normaliseContainer(found, placement.run, { wanted_image_id: wanted?.id ?? null, image }, placement.digest_key);
  return { container: withPublished(container, placement.run, published === null ? null : await published(found.Id)), image_present: wanted !== null };
}

/** All placements' containers in one pass: one list, then only the inspects that matter, side by side. */
import type Dockerode from 'dockerode';
import type { DesiredPlacement, DockerRun } from '../../spec/desired.js';
import { atDigest, digestAmong, isFixed } from '../../spec/image-reference.js';
import type { ObservedContainer } from '../../spec/observed.js';
import { call, orNull } from '../docker/docker-call.js';
import type { LoginOf } from '../credentials/logins.js';
import { registryLogin } from '../credentials/registry-login.js';
import { registryDigest } from '../docker/registry-digest.js';
import { inspectContainer, type Listed, listAll, servingContainer } from '../docker/own-containers.js';
import type { LivePorts } from '../publish/publisher.js';
import { type ImageDefaults, normaliseContainer, withPublished } from './normalise-container.js';

export interface ContainerFound { container: ObservedContainer | null; image_present: boolean; wanted_image_id: string | null; image_digest: string | null }
export type DockerPlacement = DesiredPlacement & { run: DockerRun };

interface Image extends ImageDefaults { id: string; digests: readonly string[] }

/** Whether a registry is asked what the names of images mean that are not pinned yet, and are not here or pulled whatever is here. */
export type AskRegistry = 'never' | 'unless_here';

/** The image that a placement is to run, as far as it is known. `digest`: of the registry, when it is not pinned yet. */
interface Wanted { image: Image | null; digest: string | null }

/** Images are immutable: what is known by id stays true. References are asked for anew. */
export class ImageCache {
  private readonly byId = new Map<string, Image>();
  private static readonly sizeMax = 500;

  constructor(private readonly docker: Dockerode) {}

  async named(reference: string): Promise<Image | null> {
    const found = await call('inspect an image', () => orNull(this.docker.getImage(reference).inspect()));
    if (found === null) return null;
    const image = { id: found.Id, env: found.Config?.Env ?? [], command: found.Config?.Cmd ?? null, digests: found.RepoDigests ?? [] };
    if (this.byId.size >= ImageCache.sizeMax) this.byId.clear();
    this.byId.set(image.id, image);
    return image;
  }

  async withId(id: string): Promise<Image | null> {
    return this.byId.get(id) ?? (await this.named(id));
  }
}

/** In the order of `placements`. `published`: what the host's own rules publish. */
export async function observeContainers(docker: Dockerode, images: ImageCache, placements: readonly DockerPlacement[], { published = null, ask = 'never', loginOf = null }: { published?: LivePorts | null; ask?: AskRegistry; loginOf?: LoginOf | null } = {}): Promise<ContainerFound[]> {
  if (placements.length === 0) return [];
  const runs = new Map(placements.map((placement) => [wantedKey(placement), placement]));
  const [all, ...found] = await Promise.all([listAll(docker), ...[...runs].map(async ([key, placement]): Promise<[string, Wanted]> => [key, await wantedImage(docker, images, placement, ask, loginOf)])]);
  const wanted = new Map(found);
  return Promise.all(placements.map((placement) => observeContainer(docker, images, placement, { all, published, wanted: wanted.get(wantedKey(placement)) ?? { image: null, digest: null } })));
}

const wantedKey = ({ run: { image, pinned = '', pull_policy }, credential }: DockerPlacement): string => `${image} ${pinned} ${pull_policy} ${credential?.digest ?? ''}`;

async function wantedImage(docker: Dockerode, images: ImageCache, placement: DockerPlacement, ask: AskRegistry, loginOf: LoginOf | null): Promise<Wanted> {
  const { image, pinned, pull_policy: policy } = placement.run;
  if (pinned !== undefined || isFixed(image)) return { image: await images.named(pinned ?? image), digest: null };
  const here = await images.named(image);
  const asks = ask === 'unless_here' && (policy === 'always' || (policy === 'if_not_present' && here === null));
  const told = asks ? await registryDigest(docker, image, await registryLogin(loginOf, placement)) : null;
  if (told !== null) return { image: await images.named(atDigest(image, told)), digest: told };
  // What is pulled whatever is here may be another one than this.
  return { image: here, digest: here === null || policy !== 'if_not_present' ? null : digestAmong(here.digests, image) };
}

async function observeContainer(docker: Dockerode, images: ImageCache, placement: DockerPlacement, { all, published, wanted }: { all: readonly Listed[]; published: LivePorts | null; wanted: Wanted }): Promise<ContainerFound> {
  // Whoever has the name is looked at, so that somebody else's shows as foreign.
  const listed = all.find(({ name }) => name === placement.run.container_name) ?? servingContainer(all, placement, placement.run.container_name);
  const found = listed === null || listed === undefined ? null : await inspectContainer(docker, listed.id);
  const image_facts = { image_present: wanted.image !== null, wanted_image_id: wanted.image?.id ?? null, image_digest: wanted.digest };
  if (found === null) return { container: null, ...image_facts };
  const image = await images.withId(found.Image);
  const container = normaliseContainer(found, placement.run, { wanted_image_id: wanted.image?.id ?? null, image }, placement.digest_key);
  return { container: withPublished(container, placement.run, published === null ? null : await published(found.Id)), ...image_facts };
}

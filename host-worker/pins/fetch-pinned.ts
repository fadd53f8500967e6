/**
 * Fetching an image in the bytes that its version is pinned to. Where the registry could not say what a name means, it
 * is pulled by its name, and what came is pinned, unless another host was first: then it is fetched as that one has said.
 */
import { atDigest, digestAmong } from '../../spec/image-reference.js';
import { pinKey } from '../../spec/pins.js';
import { isRolloutId } from '../../spec/words.js';
import type { ControlPlane } from '../control-plane/client.js';
import { call } from '../docker/docker-call.js';
import { type BringContext, bringImage } from '../images/bring-image.js';
import { type ImageDeps, noteImage } from '../images/kept-images.js';
import type { DockerPlacement, ImageCache } from '../observe/containers.js';

type Deps = ImageDeps & { images: ImageCache; control: Pick<ControlPlane, 'pin'> };

/** The placement as it is pinned then; as it was, when there is nothing that could be pinned. */
export async function fetchPinned(deps: Deps, runId: string, desired: DockerPlacement, context: BringContext): Promise<DockerPlacement> {
  const { run } = desired;
  // One that is built afterwards is pinned when it is there.
  if (run.pinned !== undefined || pinKey(desired, 'image') === null || desired.build.length > 0 || !isRolloutId(runId)) {
    await bringImage(deps, desired, context);
    return desired;
  }
  const before = new Set((await call('list images', () => deps.docker.listImages())).map(({ Id }) => Id));
  await bringImage(deps, desired, context);
  const here = await deps.images.named(run.image);
  const digest = here === null ? null : digestAmong(here.digests, run.image);
  if (digest === null) return desired;
  const [standing] = await deps.control.pin(runId, [{ component: desired.component, kind: 'image', value: digest }], context.signal);
  const pinned = { ...desired, run: { ...run, pinned: atDigest(run.image, standing?.value ?? digest) } };
  if (standing?.value === digest && here !== null && !before.has(here.id)) await noteImage(deps, pinned, context.signal, true);
  await bringImage(deps, pinned, context);
  return pinned;
}

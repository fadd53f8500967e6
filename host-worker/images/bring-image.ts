/** Getting a placement's image onto the host, in the bytes that its version is pinned to. Touches nothing that runs. */
import type Dockerode from 'dockerode';
import type { DesiredPlacement } from '../../spec/desired.js';
import { nameOf, tagOf } from '../../spec/image-reference.js';
import { call } from '../docker/docker-call.js';
import type { LoginOf } from '../credentials/logins.js';
import { registryLogin } from '../credentials/registry-login.js';
import { ensureImage, imageId, type PullContext } from '../docker/pull.js';
import { messageOf } from '../trouble.js';
import { type ImageDeps, noteImage, registryReference } from './kept-images.js';

export type BringContext = Omit<PullContext, 'login'> & { loginOf: LoginOf };

export async function bringImage(deps: ImageDeps, placement: DesiredPlacement, context: BringContext): Promise<void> {
  const { run } = placement;
  if (run.type !== 'docker') return;
  await noteImage(deps, placement, context.signal);
  await ensureImage(deps.docker, run, { ...context, login: () => registryLogin(context.loginOf, placement) });
  const reference = registryReference(placement);
  if (reference !== null) await tagFor(deps, placement, reference, run.image).catch((error: unknown) => context.tell(`the image could not be given its tag: ${messageOf(error)}`));
}

/** So that people see the tag, as after a pull by it. One that names an image which we did not bring is left to whoever gave it. */
async function tagFor({ docker, journal }: ImageDeps, placement: DesiredPlacement, reference: string, image: string): Promise<void> {
  const { images } = await journal.images(placement);
  const brought = images.filter((entry) => entry.brought).map((entry) => entry.reference);
  if (!brought.includes(reference)) return;
  const [holder, id] = await Promise.all([imageId(docker, image), imageId(docker, reference)]);
  if (id === null || holder === id) return;
  if (holder !== null && !(await idsOf(docker, brought)).includes(holder)) return;
  await call('tag an image', () => docker.getImage(id).tag({ repo: nameOf(image), tag: tagOf(image) }));
}

const idsOf = (docker: Dockerode, references: readonly string[]): Promise<(string | null)[]> => Promise.all(references.map((reference) => imageId(docker, reference)));

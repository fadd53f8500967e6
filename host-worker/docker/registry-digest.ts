import type Dockerode from 'dockerode';
import type { SourceLogin } from '../credentials/logins.js';
import { authOf } from '../credentials/registry-login.js';
import { isImageDigest } from '../../spec/image-reference.js';
import { call } from './docker-call.js';

/** A look has to be quick; a registry that takes longer counts as one that cannot be asked. */
const askTimeoutMs = 8_000;

/** Which digest a name has in its registry at this moment; null: it could not be told, a pull by the name says why. */
export async function registryDigest(docker: Dockerode, image: string, login: SourceLogin | null = null): Promise<string | null> {
  const told = await call('ask a registry', () => docker.getImage(image).distribution(authOf(login)), askTimeoutMs).catch(() => null);
  const digest: unknown = told?.Descriptor?.digest;
  return typeof digest === 'string' && isImageDigest(digest) ? digest : null;
}

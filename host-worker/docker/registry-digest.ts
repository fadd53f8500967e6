import type Dockerode from 'dockerode';
import { isImageDigest } from '../../spec/image-reference.js';
import { call } from './docker-call.js';

/** A look has to be quick; a registry that takes longer counts as one that cannot be asked. */
const askTimeoutMs = 8_000;

/** Which digest a name has in its registry at this moment; null: it could not be told, a pull by the name says why. */
export async function registryDigest(docker: Dockerode, image: string): Promise<string | null> {
  const told = await call('ask a registry', () => docker.getImage(image).distribution(), askTimeoutMs).catch(() => null);
  const digest: unknown = told?.Descriptor?.digest;
  return typeof digest === 'string' && isImageDigest(digest) ? digest : null;
}

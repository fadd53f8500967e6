/** Docker follows links, and a source or a build may have made some: where a mount leads counts as much as what it is called. */
import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { DesiredPlacement, DockerRun } from '../../spec/desired.js';
import { bodyRefusal } from '../../spec/host-policy/check-body.js';
import { isInside } from '../files/safe-path.js';
import { isMissing } from '../trouble.js';

/** As many as the kernel follows. */
const linksMax = 40;

/** Why the binds may not be mounted; null: they may. */
export async function linkRefusal({ component_directory: directory, allowed = [] }: Pick<DesiredPlacement, 'component_directory' | 'allowed'>, { volumes }: DockerRun): Promise<string | null> {
  const binds = volumes.filter(({ kind }) => kind === 'bind');
  if (binds.length === 0) return null;
  // The component directory is itself a link, to the release of its source.
  const own = await realPath(directory);
  for (const { source } of binds) {
    const real = await realPath(source);
    if (isInside(source, directory) && isInside(real, own)) continue;
    const refusal = bodyRefusal({ HostConfig: { Binds: [`${real}:/x`] } }, allowed);
    if (refusal !== null) return real === source ? refusal : `${source} leads to ${real}, and ${refusal}`;
  }
  return null;
}

/** What is not there yet, Docker makes as a folder; of that, the parts that are there count. */
async function realPath(path: string, linksLeft = linksMax): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error) || path === '/' || linksLeft === 0) throw error;
    const parent = await realPath(dirname(path), linksLeft);
    // A link to what is not there yet.
    const target = await readlink(join(parent, basename(path))).catch(() => null);
    return target === null ? join(parent, basename(path)) : realPath(resolve(parent, target), linksLeft - 1);
  }
}

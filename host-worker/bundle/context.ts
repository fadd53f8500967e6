/** What the commands of the bundle work with. */
import { mkdir } from 'node:fs/promises';
import { arch } from 'node:process';
import { MaestroError } from '../../spec/errors.js';
import { platforms, type Platform } from '../../spec/host-bundle/shapes.js';
import type { Fault } from '../faults.js';
import { lockState } from '../state-lock.js';
import type { Layout } from './layout.js';

export interface BundleContext {
  layout: Layout;
  /** The folder that this program is in. */
  folder: string;
  say(line: string): void;
  /** Names of steps; crash tests stop there. */
  fault: Fault;
}

export function thisPlatform(): Platform {
  const found = platforms.find((platform) => platform === `${process.platform}-${arch}`);
  if (found !== undefined) return found;
  throw new MaestroError('unsupported_feature', `there is no host bundle for ${process.platform}-${arch}`, { fix: `Use a host of ${platforms.join(' or ')}.` });
}

const lockPatienceMs = 2_000;

/** One command that changes the bundle at a time; the kernel lets go of it with the process. */
export async function alone<T>({ layout }: BundleContext, work: () => Promise<T>): Promise<T> {
  await mkdir(layout.settings, { recursive: true, mode: 0o700 });
  const lock = await lockState(layout.settings, lockPatienceMs).catch((error: unknown) => {
    throw new MaestroError('conflict', 'another maestro-host command is changing this host', { fix: 'Wait for it, then run this again.', cause: error });
  });
  try {
    return await work();
  } finally {
    lock.close();
  }
}

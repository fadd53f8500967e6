/** A version's bundle as validation and rendering want it: what is there, and the texts that templates may use. */
import type { LoadedBundle } from '../deploys/load-bundle.js';
import type { BundleContents } from './validate.js';

/** Larger files and files that are not UTF-8 text are no templates. */
const maxTextBytes = 256 * 1024;

export async function bundleContents(bundle: Pick<LoadedBundle, 'files' | 'read'>): Promise<BundleContents> {
  const texts = await Promise.all(bundle.files.filter(({ size }) => size <= maxTextBytes).map(async ({ path }): Promise<[string, string][]> => {
    const text = decode(await bundle.read(path));
    return text === null ? [] : [[path, text]];
  }));
  return { entries: bundle.files, texts: Object.fromEntries(texts.flat()) };
}

export function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

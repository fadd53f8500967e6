/** Brings a checked folder to its place among the versions. Each step can be repeated by whoever comes after a kill. */
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderName, isFolderName, type BundleManifest } from '../../spec/host-bundle/shapes.js';
import { syncFolder } from '../journal/durable-file.js';
import { incomingPrefix, upgradePrefix, type Layout } from './layout.js';
import { setModes, verifyFolder } from './release.js';
import { linkedFolder } from './settings.js';

/** Of downloads that nobody goes on with. */
const abandonedMs = 3_600_000;

/** Answers with the folder's name. One that is there already and whole stays; a damaged one is replaced. */
export async function place(layout: Layout, folder: string, manifest: BundleManifest): Promise<string> {
  const name = folderName(manifest);
  const target = join(layout.bundles, name);
  if (folder === target) return name;
  await mkdir(layout.bundles, { recursive: true, mode: 0o755 });
  await chmod(layout.bundles, 0o755);
  if (await verifyFolder(target).then(({ build }) => build === manifest.build, () => false)) return name;
  await setModes(folder, manifest);
  await rm(target, { recursive: true, force: true });
  await rename(folder, target);
  await syncFolder(layout.bundles);
  return name;
}

/** Downloads of upgrades that were ended. Only for whoever is alone (context.ts). */
export async function removeUnfinished({ bundles }: Layout): Promise<void> {
  const left = (await readdir(bundles)).filter((name) => name.startsWith(upgradePrefix));
  await Promise.all(left.map((name) => rm(join(bundles, name), { recursive: true, force: true })));
}

/** Versions that are neither current nor previous, and downloads that were left behind. */
export async function removeOthers(layout: Layout, nowMs: number): Promise<void> {
  const kept = [await linkedFolder(layout.current), await linkedFolder(layout.previous)];
  for (const name of await readdir(layout.bundles)) {
    const path = join(layout.bundles, name);
    const abandoned = name.startsWith(incomingPrefix) && (await stat(path).then(({ mtimeMs }) => nowMs - mtimeMs > abandonedMs, () => false));
    if (abandoned || (isFolderName(name) && !kept.includes(name))) await rm(path, { recursive: true, force: true });
  }
}

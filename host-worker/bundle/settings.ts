/** What a host remembers of its bundle, in small files that are replaced as a whole. */
import { readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { bundleManifest, trustedKey, type BundleManifest, type TrustedKey } from '../../spec/host-bundle/shapes.js';
import { readDurable, syncFolder, writeDurably } from '../journal/durable-file.js';
import { isMissing, systemCode } from '../trouble.js';
import type { Layout } from './layout.js';

const hostSettings = z.strictObject({ /** Where new versions are asked for. */ url: z.url(), keys: z.array(trustedKey).min(1) });
export type HostSettings = z.infer<typeof hostSettings>;

export const upgradeMark = z.strictObject({
  id: z.string(),
  /** Names of folders. */
  from: z.string(), to: z.string(),
  /** `switched`: `current` is, or is about to be, the new one. `returning`: decided to go back. */
  state: z.enum(['prepared', 'switched', 'returning']),
  /** How often the watch had to be started again. */
  starts: z.number(),
  patience_ms: z.number(),
  /** Why it goes back. */
  reason: z.string().nullable(),
});
export type UpgradeMark = z.infer<typeof upgradeMark>;

const upgradeOutcome = z.strictObject({ id: z.string(), from: z.string(), to: z.string(), result: z.enum(['upgraded', 'returned']), reason: z.string().nullable(), ended_at: z.string() });
export type UpgradeOutcome = z.infer<typeof upgradeOutcome>;

const at = ({ settings }: Layout, name: string): string => join(settings, name);

export const readSettings = (layout: Layout): Promise<HostSettings | null> => readDurable(at(layout, 'settings.json'), hostSettings);
export const saveSettings = (layout: Layout, settings: { url: string; keys: TrustedKey[] }): Promise<void> => writeDurably(at(layout, 'settings.json'), settings);
export const readUpgrade = (layout: Layout): Promise<UpgradeMark | null> => readDurable(at(layout, 'upgrade.json'), upgradeMark);
export const saveUpgrade = (layout: Layout, mark: UpgradeMark): Promise<void> => writeDurably(at(layout, 'upgrade.json'), mark);
export const readOutcome = (layout: Layout): Promise<UpgradeOutcome | null> => readDurable(at(layout, 'upgrade-outcome.json'), upgradeOutcome);

/** Nobody is going to carry it out any more. */
export const dropUpgrade = (layout: Layout): Promise<void> => rm(at(layout, 'upgrade.json'), { force: true });

/** The outcome first: a mark without one would be gone on with. */
export async function endUpgrade(layout: Layout, outcome: UpgradeOutcome): Promise<void> {
  await writeDurably(at(layout, 'upgrade-outcome.json'), outcome);
  await rm(at(layout, 'upgrade.json'), { force: true });
  await syncFolder(layout.settings);
}

/** The name of the folder that a link of ours leads to; null: there is none. */
export async function linkedFolder(path: string): Promise<string | null> {
  try {
    return basename(await readlink(path));
  } catch (error) {
    // EINVAL: there is something, and it is no link.
    if (isMissing(error) || systemCode(error) === 'EINVAL') return null;
    throw error;
  }
}

/** The old target or the new one, at any moment. */
export async function pointTo(path: string, folder: string): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  await symlink(folder, draft);
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** The manifest of what is installed; null: nothing is. */
export async function installed(layout: Layout): Promise<BundleManifest | null> {
  const folder = await linkedFolder(layout.current);
  return folder === null ? null : readDurable(join(layout.bundles, folder, 'manifest.json'), bundleManifest);
}

/**
 * Which version of each secret a deploy's version uses: the latest ones until it is rolled out first, and from then on
 * those, so that a rollback brings back what was there. A changed secret is used by the next version that is submitted.
 */
import { z } from 'zod';
import type { Reader, Tx } from '../database.js';
import type { SecretSources } from '../rendering/credentials.js';
import type { SecretVersions } from '../rendering/secret-texts.js';
import type { Vault } from './vault.js';

/** Path → number of the version. */
export type SecretPins = Readonly<Record<string, number>>;

const pins = z.record(z.string(), z.int().min(1));

/** The first call for a version counts. */
export async function pinSecrets(tx: Tx, deployId: string, version: number, secrets: SecretPins): Promise<void> {
  if (Object.keys(secrets).length === 0) return;
  await tx.versionSecrets.createMany({ data: [{ deploy_id: deployId, version, secrets }], skipDuplicates: true });
}

async function pinsOf(db: Reader, deployId: string, version: number): Promise<SecretPins> {
  const row = await db.versionSecrets.findUnique({ where: { deploy_id_version: { deploy_id: deployId, version } } });
  return row === null ? {} : pins.parse(row.secrets);
}

/** What a document that belongs to no version yet would use. */
export const latestSecrets = async (vault: Vault): Promise<SecretSources> => ({ vault: await chosen(vault, {}), openFile: (text) => vault.openFile(text) });

export async function secretsOfVersion(db: Reader, vault: Vault, deployId: string, version: number): Promise<SecretSources> {
  return { vault: await chosen(vault, await pinsOf(db, deployId, version)), openFile: (text) => vault.openFile(text) };
}

async function chosen(vault: Vault, pinned: SecretPins): Promise<SecretVersions> {
  const found = [...(await vault.read())].flatMap(([path, { versions }]) => {
    const wanted = pinned[path];
    const one = wanted === undefined ? versions.at(-1) : versions.find(({ version }) => version === wanted);
    return one === undefined ? [] : [[path, { version: one.version, value: one.value }] as const];
  });
  return new Map(found);
}

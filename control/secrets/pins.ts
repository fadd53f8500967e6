/**
 * Which version of each secret a deploy's version uses: the latest ones until it is rolled out first, and from then on
 * those, so that a rollback brings back what was there. A changed secret is used by the next version that is submitted.
 */
import { z } from 'zod';
import type { Reader, Tx } from '../database.js';
import type { Content } from '../deploys/content.js';
import type { SecretSources } from '../rendering/credentials.js';
import type { SecretVersions } from '../rendering/secret-texts.js';
import type { Vault } from './vault.js';

/** Path → number of the version. */
export type SecretPins = Readonly<Record<string, number>>;

const pins = z.record(z.string(), z.int().min(1));
const pinsByComponent = z.record(z.string(), pins);

/** `own`: those of components that were taken back alone, each with all that it uses. */
export interface ContentPins { common: SecretPins; own: Readonly<Record<string, SecretPins>> }

/** The first call for a version counts. */
export async function pinSecrets(tx: Tx, deployId: string, version: number, secrets: SecretPins, own: ContentPins['own'] = {}): Promise<void> {
  const components = Object.keys(own).length === 0 ? {} : { components: { ...own } };
  if (Object.keys(secrets).length === 0 && components.components === undefined) return;
  await tx.versionSecrets.createMany({ data: [{ deploy_id: deployId, version, secrets, ...components }], skipDuplicates: true });
}

/** Of a version, or of one with a component as it was: that one has its own, and what only it uses is common, too. */
export async function pinsOfContent(db: Reader, deployId: string, content: Content): Promise<ContentPins> {
  if (typeof content === 'number') {
    const row = await db.versionSecrets.findUnique({ where: { deploy_id_version: { deploy_id: deployId, version: content } } });
    return { common: row === null ? {} : pins.parse(row.secrets), own: row?.components == null ? {} : pinsByComponent.parse(row.components) };
  }
  const [base, from] = [await pinsOfContent(db, deployId, content.base), await pinsOfContent(db, deployId, content.from)];
  // A component may be called constructor, which every object has without being asked.
  const then = (Object.hasOwn(from.own, content.component) ? from.own[content.component] : undefined) ?? from.common;
  return { common: { ...then, ...base.common }, own: { ...base.own, [content.component]: { ...base.common, ...then } } };
}

/** What a document that belongs to no version yet would use. */
export const latestSecrets = async (vault: Vault): Promise<SecretSources> => ({ vault: chosen(await vault.read(), {}), openFile: (text) => vault.openFile(text) });

export async function secretsOfContent(db: Reader, vault: Vault, deployId: string, content: Content): Promise<SecretSources> {
  const { common, own } = await pinsOfContent(db, deployId, content);
  const kept = await vault.read();
  return { vault: chosen(kept, common), own: new Map(Object.entries(own).map(([component, wanted]) => [component, chosen(kept, wanted)])), openFile: (text) => vault.openFile(text) };
}

function chosen(kept: Awaited<ReturnType<Vault['read']>>, pinned: SecretPins): SecretVersions {
  const found = [...kept].flatMap(([path, { versions }]) => {
    const wanted = pinned[path];
    const one = wanted === undefined ? versions.at(-1) : versions.find(({ version }) => version === wanted);
    return one === undefined ? [] : [[path, { version: one.version, value: one.value }] as const];
  });
  return new Map(found);
}

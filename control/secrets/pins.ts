/**
 * Which version of each secret a deploy's version uses: the latest ones until it is rolled out first, and from then on
 * those, so that a rollback brings back what was there. A changed secret is used by the next version that is submitted.
 */
import { z } from 'zod';
import type { Reader, Tx } from '../database.js';
import type { Content } from '../deploys/content.js';
import type { SecretSources } from '../rendering/credentials.js';
import type { SecretVersions } from '../rendering/secret-texts.js';
import type { Secret, Vault } from './vault.js';

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

/** Versions of a deploy that are looked at for what they used: the newest. */
const lookedAtMax = 100;
const newestMax = 3;

/** `former`: by path, all values that versions of this deploy have been rolled out with; `versions`: the newest of those that used any. */
export async function usedValues(db: Reader, vault: Vault, deployId: string): Promise<{ versions: number[]; former: ReadonlyMap<string, readonly string[]> }> {
  const rows = await db.versionSecrets.findMany({ where: { deploy_id: deployId }, orderBy: { version: 'desc' }, take: lookedAtMax });
  const all = rows.flatMap(({ secrets, components }) => [pins.parse(secrets), ...Object.values(components === null ? {} : pinsByComponent.parse(components))]);
  const kept = rows.length === 0 ? new Map<string, Secret>() : await vault.read();
  const former = new Map([...kept].map(([path, { versions }]) => [path, versions.filter(({ version }) => all.some((used) => Object.hasOwn(used, path) && used[path] === version)).map(({ value }) => value)]));
  return { versions: rows.slice(0, newestMax).map(({ version }) => version), former };
}

function chosen(kept: Awaited<ReturnType<Vault['read']>>, pinned: SecretPins): SecretVersions {
  const found = [...kept].flatMap(([path, { versions }]) => {
    const wanted = pinned[path];
    const one = wanted === undefined ? versions.at(-1) : versions.find(({ version }) => version === wanted);
    return one === undefined ? [] : [[path, { version: one.version, value: one.value }] as const];
  });
  return new Map(found);
}

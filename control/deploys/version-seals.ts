/**
 * That a version is what was submitted: the digest of all it is, and an HMAC of that under a key that is not in the
 * database. Whoever can write the database alone can change a version, and cannot make its seal fit.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { access, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { MaestroError } from '../../spec/errors.js';
import { canonicalJson, sha256Hex } from '../../spec/hash.js';
import { inTransaction, takeLock, type Db, type Reader, type Tx } from '../database.js';
import { existingKeyFile, keyFile } from '../key-file.js';

export interface SealedEntry { path: string; sha256: string; mode: number }
export interface SealedContent {
  deploy_id: string; number: number; kind: string; parent: number | null; component: string | null; component_from: number | null;
  yaml: string; submitted_by_id: string; files: readonly SealedEntry[];
}
export interface Seal { digest: string; mac: string }

const keyName = 'version.key';
const begunName = 'version-seals-begun';
const keyFix = `Restore it from a backup. Without one delete keys/${begunName}: versions are then sealed as they are at the next start.`;

/** One per process, like the database it belongs to: versions are made deep inside of transactions of many services. */
let held: Buffer | null = null;
export function sealVersionsWith(hex: string): void { held = Buffer.from(hex, 'hex'); }
function sealKey(): Buffer {
  if (held === null) throw new Error('the key of the versions was not opened: call openVersionSeals when the process starts');
  return held;
}

const digestOf = ({ deploy_id, number, kind, parent, component, component_from, yaml, submitted_by_id, files }: SealedContent): string => {
  const entries = files.map(({ path, sha256, mode }) => [path, sha256, mode] as const).sort(([one], [other]) => (one < other ? -1 : 1));
  return sha256Hex(canonicalJson({ deploy_id, number, kind, parent, component, component_from, yaml, submitted_by_id, files: entries }));
};
const macOf = (digest: string): Buffer => createHmac('sha256', sealKey()).update('maestro-version-v1').update(digest).digest();

export function sealOf(content: SealedContent): Seal {
  const digest = digestOf(content);
  return { digest, mac: macOf(digest).toString('hex') };
}

/** Why it is not what was submitted; null: it is. */
export function flawOf(content: SealedContent, seal: Seal | null): string | null {
  if (seal === null) return 'it has no seal: it was put in past Maestro';
  const [given, wanted] = [Buffer.from(seal.mac, 'hex'), macOf(seal.digest)];
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return 'its seal is not of this Maestro';
  return digestOf(content) === seal.digest ? null : 'its content is not what was submitted';
}

export const altered = (what: string, flaw: string, details: Record<string, unknown>): MaestroError =>
  new MaestroError('conflict', `${what} is not used: ${flaw}`, { fix: 'Ask GET /api/audit/verify for all that was altered, find out who can write the database, and submit what is right as a new version.', details: { ...details, altered: true } });

const fields = {
  id: true, deploy_id: true, number: true, kind: true, parent: true, component: true, component_from: true, yaml: true, submitted_by_id: true,
  files: { orderBy: { path: 'asc' }, select: { path: true, sha256: true, mode: true } }, seal: { select: { digest: true, mac: true } },
} as const;

export interface VersionFlaw { deploy_id: string; version: number | null; reason: string }
const batch = 200;
const flawsMax = 100;

/** Every version and every stored file. The first hundred that are not what they were. */
export async function verifyVersions(db: Reader): Promise<{ checked: number; altered: VersionFlaw[] }> {
  const found: VersionFlaw[] = [];
  let checked = 0;
  for (let after = ''; ;) {
    const rows = await db.version.findMany({ where: { id: { gt: after } }, orderBy: { id: 'asc' }, take: batch, select: fields });
    for (const row of rows) {
      const reason = flawOf(row, row.seal);
      if (reason !== null) found.push({ deploy_id: row.deploy_id, version: row.number, reason });
    }
    checked += rows.length;
    after = rows.at(-1)?.id ?? after;
    if (rows.length < batch) break;
  }
  const blobs = await db.$queryRaw<{ deploy_id: string; number: number; path: string }[]>`
    SELECT v.deploy_id, v.number, f.path FROM version_files f JOIN versions v ON v.id = f.version_id JOIN bundle_blobs b ON b.sha256 = f.sha256
    WHERE encode(sha256(b.bytes), 'hex') <> b.sha256 ORDER BY v.id, f.path LIMIT ${flawsMax}`;
  for (const { deploy_id, number, path } of blobs) found.push({ deploy_id, version: number, reason: `the content of ${path} is not what was submitted` });
  return { checked, altered: found.slice(0, flawsMax) };
}

/** Those that were there before seals were: taken as they are, once. */
async function sealExisting(tx: Tx): Promise<number> {
  await takeLock(tx, 'seals');
  let sealed = 0;
  for (;;) {
    const rows = await tx.version.findMany({ where: { seal: null }, take: batch, select: fields });
    if (rows.length === 0) return sealed;
    await tx.versionSeal.createMany({ data: rows.map((row) => ({ version_id: row.id, ...sealOf(row) })), skipDuplicates: true });
    sealed += rows.length;
  }
}

const sealingMs = 120_000;

/** For a process that comes after one that has called openVersionSeals; it needs no database. Throws config_error when the key is gone. */
export async function loadVersionKey(dataDir: string): Promise<{ hasBegun: boolean }> {
  const hasBegun = await access(join(dataDir, 'keys', begunName)).then(() => true, () => false);
  sealVersionsWith(hasBegun ? await existingKeyFile(dataDir, keyName, keyFix) : await keyFile(dataDir, keyName, keyFix));
  return { hasBegun };
}

/** Call it before anything reads or makes versions. The answer: how many were sealed as they were, which happens at the first start alone. Throws config_error when the key is gone. */
export async function openVersionSeals(db: Db, dataDir: string): Promise<number> {
  const { hasBegun } = await loadVersionKey(dataDir);
  if (hasBegun) return 0;
  const sealed = await inTransaction(db, sealExisting, sealingMs);
  const begun = join(dataDir, 'keys', begunName);
  // Only now: a kill before this line seals again what has no seal yet.
  const draft = `${begun}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${new Date().toISOString()}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, begun);
  return sealed;
}

/** Artifacts: uploaded once per content, kept for a while, and for as long as a version of a living deploy names them. */
import { systemActor, type Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import { inTransaction, notFound, type Db, type Reader, type Tx } from '../database.js';
import { storableText } from '../json.js';
import { pageLimit, readCursor, timeOfCursor, toPage, type Page, type PageRequest } from '../paging.js';
import { MaestroError } from '../../spec/errors.js';
import type { ArtifactStore } from './store.js';

export interface ArtifactView { artifact_id: string; sha256: string; size: number; name: string; created_by: string; created_at: string; expires_at: string }
export interface Upload { bytes: AsyncIterable<Uint8Array>; name: string; maxBytes: number; ttlMs: number }

type Row = Awaited<ReturnType<Tx['artifact']['findUniqueOrThrow']>>;

const viewOf = ({ sha256, size, name, created_by, created_at, expires_at }: Row): ArtifactView =>
  ({ artifact_id: sha256, sha256, size: Number(size), name, created_by, created_at: created_at.toISOString(), expires_at: expires_at.toISOString() });

/** The same content again is the same artifact, which expires later then. */
export async function uploadArtifact(db: Db, store: ArtifactStore, actor: Actor, { bytes, name, maxBytes, ttlMs }: Upload): Promise<ArtifactView> {
  const received = await store.receive(bytes, maxBytes);
  const { sha256, size } = received;
  try {
    return await inTransaction(db, async (tx) => {
      await lockArtifact(tx, sha256);
      // Also when it is there already: a file that was lost comes back.
      await received.keep();
      const expires_at = new Date(Date.now() + ttlMs);
      const row = await tx.artifact.upsert({ where: { sha256 }, create: { sha256, size, name: storableText(name), created_by: actor.name, expires_at }, update: { expires_at } });
      await appendAudit(tx, { actor, action: 'artifact.upload', target: sha256, result: 'ok', details: { size } });
      return viewOf(row);
    });
  } finally {
    await received.drop();
  }
}

/** Throws conflict while a version of a living deploy names it. */
export async function deleteArtifact(db: Db, store: ArtifactStore, actor: Actor, sha256: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    await lockArtifact(tx, sha256);
    if ((await tx.artifact.findFirst({ where: { sha256, ...ownOf(actor) } })) === null) throw notFound('artifact', sha256);
    const [use] = await usesOf(tx, sha256);
    if (use !== undefined) throw new MaestroError('conflict', `The artifact is used by version ${String(use.number)} of ${use.name}`, { fix: 'Delete the deploy first; an artifact that nothing uses goes by itself when it expires.', details: use });
    await removeLocked(tx, store, sha256);
    await appendAudit(tx, { actor, action: 'artifact.delete', target: sha256, result: 'ok' });
  });
}

/** Newest first. Who is narrowed sees their own: others' may be of any deploy. */
export async function listArtifacts(db: Reader, request: PageRequest = {}, actor: Pick<Actor, 'scope' | 'name'> = systemActor): Promise<Page<ArtifactView>> {
  const limit = pageLimit(request.limit);
  const [time, id = ''] = readCursor(request.cursor, 2) ?? [];
  const before = time === undefined ? {} : { OR: [{ created_at: { lt: timeOfCursor(time) } }, { created_at: timeOfCursor(time), sha256: { gt: id } }] };
  const rows = await db.artifact.findMany({ where: { ...before, ...ownOf(actor) }, orderBy: [{ created_at: 'desc' }, { sha256: 'asc' }], take: limit + 1 });
  return toPage(rows, limit, viewOf, (row) => [row.created_at.toISOString(), row.sha256]);
}

const ownOf = ({ scope, name }: Pick<Actor, 'scope' | 'name'>): { created_by?: string } => (scope === undefined ? {} : { created_by: name });

export async function getArtifact(db: Reader, sha256: string): Promise<ArtifactView> {
  const row = await db.artifact.findUnique({ where: { sha256 } });
  if (row === null) throw notFound('artifact', sha256);
  return viewOf(row);
}

/** Those of `sha256s` that are there, with their sizes. */
export async function artifactSizes(db: Reader, sha256s: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (sha256s.length === 0) return new Map();
  const rows = await db.artifact.findMany({ where: { sha256: { in: [...sha256s] } }, select: { sha256: true, size: true } });
  return new Map(rows.map(({ sha256, size }) => [sha256, Number(size)]));
}

const sweptAtOnce = 100;
const incomingKeptMs = 24 * 3600 * 1000;

/** Removes what has expired and nothing names. Answers with how many. */
export async function sweepArtifacts(db: Db, store: ArtifactStore, now = new Date()): Promise<number> {
  await store.sweepIncoming(incomingKeptMs);
  let removed = 0;
  for (let after = ''; ;) {
    const expired = await db.artifact.findMany({ where: { expires_at: { lt: now }, sha256: { gt: after } }, orderBy: { sha256: 'asc' }, take: sweptAtOnce, select: { sha256: true } });
    for (const { sha256 } of expired) if (await sweepOne(db, store, sha256, now)) removed += 1;
    const last = expired.at(-1);
    if (last === undefined || expired.length < sweptAtOnce) return removed;
    after = last.sha256;
  }
}

const sweepOne = (db: Db, store: ArtifactStore, sha256: string, now: Date): Promise<boolean> =>
  inTransaction(db, async (tx) => {
    await lockArtifact(tx, sha256);
    const row = await tx.artifact.findUnique({ where: { sha256 } });
    if (row === null || row.expires_at >= now || (await usesOf(tx, sha256)).length > 0) return false;
    await removeLocked(tx, store, sha256);
    return true;
  });

/** The file first: a row without one expires again, a file without a row would stay for ever. */
async function removeLocked(tx: Tx, store: ArtifactStore, sha256: string): Promise<void> {
  await store.remove(sha256);
  await tx.artifact.delete({ where: { sha256 } });
}

/** Against uploads of the same content at the same moment, until the end of the transaction. */
async function lockArtifact(tx: Tx, sha256: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`artifact ${sha256}`}, 0))`;
}

/** A document has to name its artifacts as they are, in whatever key, so that its text tells. */
const usesOf = (tx: Tx, sha256: string): Promise<{ name: string; number: number }[]> =>
  tx.$queryRaw<{ name: string; number: number }[]>`SELECT deploys.name, versions.number FROM versions JOIN deploys ON deploys.id = versions.deploy_id WHERE deploys.deleted_at IS NULL AND position(${sha256} in versions.yaml) > 0 ORDER BY versions.number DESC LIMIT 1`;

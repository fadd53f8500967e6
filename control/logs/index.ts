/**
 * Log lines on their way from a host to whoever asked for them. Hosts are reached by nobody, so a question is a row, the
 * host answers it in batches, and whoever asked reads them as they come. Nothing of it is kept for longer than minutes.
 */
import { MaestroError } from '../../spec/errors.js';
import { inTransaction, type Db, type Reader } from '../database.js';
import { newId } from '../ids.js';
import { storable, stored } from '../json.js';

export interface LogLine { stream: 'stdout' | 'stderr' | 'info'; /** ISO time, when it is known. */ ts: string | null; text: string }
export interface LogQuestion { deployId: string; version: number; host: string; component: string }
export interface LogBatchRead { position: number; lines: LogLine[] }

/** A question is answered for this long; following included. */
export const logRequestMs = 12 * 60_000;
/** All that one question may bring. */
export const logBytesMax = 8 << 20;
const batchesAtOnce = 20;

export async function askForLogs(db: Db, { deployId, version, host, component }: LogQuestion): Promise<string> {
  const id = newId('log');
  await db.logRequest.create({ data: { id, deploy_id: deployId, version, host, component } });
  return id;
}

/** Nobody listens any more. */
export async function endLogs(db: Db, id: string): Promise<void> {
  await db.logRequest.updateMany({ where: { id, ended_at: null }, data: { ended_at: new Date() } });
}

/** Null unless it is still open. */
export async function openLogRequest(db: Reader, id: string): Promise<{ deploy_id: string; version: number; host: string; component: string } | null> {
  return db.logRequest.findFirst({
    where: { id, ended_at: null, created_at: { gt: new Date(Date.now() - logRequestMs) } }, select: { deploy_id: true, version: true, host: true, component: true },
  });
}

/** Throws not_found for what is not asked of this host, not any more, or is more than anybody reads. The same batch again changes nothing. */
export async function addLogs(db: Db, host: string, { request: id, position, lines }: { request: string; position: number; lines: readonly LogLine[] }): Promise<void> {
  const bytes = lines.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 60, 0);
  await inTransaction(db, async (tx) => {
    await tx.$executeRaw`SELECT 1 FROM log_requests WHERE id = ${id} FOR UPDATE`;
    const request = await openLogRequest(tx, id);
    if (request?.host !== host) throw nobodyAsks();
    const { count } = await tx.logBatch.createMany({ data: [{ request_id: id, position, lines: storable(lines) ?? [] }], skipDuplicates: true });
    if (count === 0) return;
    const { bytes: total } = await tx.logRequest.update({ where: { id }, data: { bytes: { increment: bytes } }, select: { bytes: true } });
    if (total > logBytesMax) throw nobodyAsks();
  });
}

const nobodyAsks = (): MaestroError => new MaestroError('not_found', 'Nobody asks this host for these lines', { fix: 'Nothing is to be sent; whoever asked has gone, or has enough.' });

/** Batches behind `after`, in order; what was read is not kept. */
export async function takeLogs(db: Db, id: string, after: number): Promise<LogBatchRead[]> {
  const rows = await db.logBatch.findMany({ where: { request_id: id, position: { gt: after } }, orderBy: { position: 'asc' }, take: batchesAtOnce });
  // A batch that overtook another waits for it.
  const inOrder = rows.filter(({ position }, index) => position === after + 1 + index);
  const last = inOrder.at(-1);
  if (last !== undefined) await db.logBatch.deleteMany({ where: { request_id: id, position: { lt: last.position } } });
  return inOrder.map(({ position, lines }) => ({ position, lines: stored<LogLine[]>(lines) }));
}

/** Questions that are over. */
export async function forgetLogs(db: Db): Promise<void> {
  await db.logRequest.deleteMany({ where: { created_at: { lt: new Date(Date.now() - 2 * logRequestMs) } } });
}

/** The archive of a placement, for its host alone and while the run is open: from a byte on, as it is read. */
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { readBlob } from '../control/deploys/load-bundle.js';
import { MaestroError } from '../spec/errors.js';
import type { ArchiveQuery } from './messages.js';
import { noSuchWork, type WorkDeps, workOf } from './open-work.js';

/** `bytes=5-`; nothing else is asked for by a host. */
const fromOf = (range: string | undefined): number => Number(/^bytes=(\d{1,15})-$/.exec(range ?? '')?.[1] ?? 0);

export async function sendArchive(deps: WorkDeps, host: string, { run, component, sha256 }: ArchiveQuery, request: Request, response: Response): Promise<void> {
  const { placements } = await workOf(deps, host, run, { component });
  const source = placements.find((placement) => placement.component === component)?.source;
  if (source == null || source.type === 'git' || source.at.kind !== 'stored' || source.at.sha256 !== sha256) throw noSuchWork();
  const { size } = source.at;
  const from = fromOf(request.headers.range);
  if (from > size) throw new MaestroError('validation_error', 'the archive is not as long as that', { fix: 'Begin anew.' });
  const bytes = source.type === 'artifact' ? deps.artifacts.read(sha256, from) : readBlob(deps.db, sha256, from, size);
  if (source.type === 'artifact' && !(await deps.artifacts.has(sha256))) throw noSuchWork();
  response.status(206).set({ 'Content-Type': 'application/octet-stream', 'Content-Length': String(size - from), 'Content-Range': `bytes ${String(from)}-${String(Math.max(from, size - 1))}/${String(size)}` });
  // A host that goes away comes again and goes on where it was.
  await pipeline(bytes, response).catch((error: unknown) => { if (!response.destroyed) throw error; });
}

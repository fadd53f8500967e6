/**
 * What a host has to look after: the active version of every deploy that is placed on it, and the one that is being rolled
 * out; nothing of a deploy that is being taken down. Without a secret in it: what is secret is compared by its digests.
 */
import { createHash } from 'node:crypto';
import type { WatchedVersion } from '../../spec/drift.js';
import { MaestroError } from '../../spec/errors.js';
import type { Reader } from '../database.js';
import type { Renderer } from '../rendering/desired.js';

interface Row { deploy_id: string; version: number; active_version: number | null; current_version: number | null }

/** `digest`: of the versions, so that a host that knows them already need not be told again. */
export interface Watched { digest: string; versions: WatchedVersion[] }

/** `troubled`: called for a version that cannot be rendered any more, of which a host is told nothing. */
export async function watchedOn({ db, renderer }: { db: Reader; renderer: Renderer }, host: string, troubled: (error: unknown) => void = () => undefined): Promise<Watched> {
  const found = await Promise.all((await rowsOf(db, host)).map((row) => rendered(renderer, host, row, troubled)));
  const versions = found.filter((version) => version !== null);
  return { digest: createHash('sha256').update(JSON.stringify(versions)).digest('hex'), versions };
}

function rowsOf(db: Reader, host: string): Promise<Row[]> {
  return db.$queryRaw<Row[]>`
    SELECT d.id AS deploy_id, c.version, d.active_version, d.current_version
    FROM version_claims c JOIN deploys d ON d.id = c.deploy_id
    WHERE d.deleted_at IS NULL AND ${host} = ANY(c.hosts) AND (c.version IN (d.active_version, d.current_version) OR d.active_version IS NULL)
      AND NOT EXISTS (SELECT 1 FROM rollouts r WHERE r.deploy_id = d.id AND r.kind = 'teardown' AND r.ended_at IS NULL)
    ORDER BY d.id, c.version`;
}

async function rendered(renderer: Renderer, host: string, { deploy_id, version, active_version, current_version }: Row, troubled: (error: unknown) => void): Promise<WatchedVersion | null> {
  try {
    const placements = await renderer.desired(deploy_id, version, host);
    const role = version === current_version ? 'rolling' : version === active_version ? 'active' : 'last';
    return { deploy_id, version, role, placements };
  } catch (error) {
    if (!(error instanceof MaestroError)) throw error;
    troubled(error);
    return null;
  }
}

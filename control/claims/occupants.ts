/**
 * What deploys occupy on hosts. A living deploy occupies what its active version claims and, while a rollout is open,
 * also what the version that is being rolled out claims: until the end of it either may be what runs. A deploy that was
 * never applied occupies nothing, nor does one that was deleted: its hosts are left alone, and what is still there is
 * found by the host itself, which never touches what it does not own.
 *
 * Claims are kept as they were rendered when the rollout was opened, so that looking at them renders nothing.
 */
import type { Reader, Tx } from '../database.js';
import { storable } from '../json.js';
import type { Occupant } from './foreign-clashes.js';
import { keptGroups, type DeployClaims, type KeptGroup } from './groups.js';

/** `claims`: null for the version that asks itself. */
interface Row { deploy_id: string; name: string; version: number; digest: string; claims: KeptGroup[] | null }
export interface Occupied { others: Occupant[]; /** Of the asking version, when its claims are kept already. */ digest: string | null }

/** Everybody else on these hosts. `deployId` is empty for a document that belongs to no deploy yet. */
export async function readOccupants(db: Reader, { deployId, version, hosts }: { deployId: string; version: number; hosts: readonly string[] }): Promise<Occupied> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT d.id AS deploy_id, d.name, c.version, c.digest, CASE WHEN d.id = ${deployId} THEN NULL ELSE c.claims END AS claims
    FROM version_claims c JOIN deploys d ON d.id = c.deploy_id
    WHERE (d.id = ${deployId} AND c.version = ${version})
      OR (d.id <> ${deployId} AND d.deleted_at IS NULL AND c.version IN (d.active_version, d.current_version) AND c.hosts && ${hosts}::text[])
    ORDER BY d.name, c.version`;
  const others = rows.flatMap(({ deploy_id, name, version: number, claims }) => (claims === null ? [] : [{ deploy_id, name, version: number, groups: claims }]));
  return { others, digest: rows.find(({ deploy_id }) => deploy_id === deployId)?.digest ?? null };
}

/** Instead of those of the deploy's versions that are on no host any more. */
export async function keepClaims(tx: Tx, deployId: string, version: number, { hosts, groups, digest }: DeployClaims): Promise<void> {
  await tx.$executeRaw`
    WITH gone AS (
      DELETE FROM version_claims c USING deploys d
      WHERE d.id = ${deployId} AND c.deploy_id = d.id AND c.version <> ${version}
        AND c.version IS DISTINCT FROM d.active_version AND c.version IS DISTINCT FROM d.current_version
    )
    INSERT INTO version_claims (deploy_id, version, hosts, digest, claims)
    VALUES (${deployId}, ${version}, ${hosts}::text[], ${digest}, ${JSON.stringify(storable(keptGroups(groups)))}::jsonb)
    ON CONFLICT (deploy_id, version) DO UPDATE SET hosts = EXCLUDED.hosts, digest = EXCLUDED.digest, claims = EXCLUDED.claims`;
}

/** Versions that occupy hosts, but whose claims are not kept: they were rolled out before claims were. */
export function unkeptVersions(db: Reader): Promise<{ deploy_id: string; version: number }[]> {
  return db.$queryRaw<{ deploy_id: string; version: number }[]>`
    SELECT DISTINCT d.id AS deploy_id, v.number AS version
    FROM deploys d CROSS JOIN LATERAL (VALUES (d.active_version), (d.current_version)) AS v(number)
    WHERE d.deleted_at IS NULL AND v.number IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM version_claims c WHERE c.deploy_id = d.id AND c.version = v.number)`;
}

/** What deploys take on their hosts, and who was there first. Flow: groups → occupants → foreign clashes → words. */
import { parseDocument } from '../../spec/document/index.js';
import type { Diagnostic } from '../../spec/errors.js';
import { takeLock, type Db, type Reader, type Tx } from '../database.js';
import type { Renderer } from '../rendering/desired.js';
import type { Scope } from '../access/index.js';
import { foreignClashes } from './foreign-clashes.js';
import { deployClaims, exclusive, type DeployClaims } from './groups.js';
import { keepClaims, readOccupants, unkeptVersions } from './occupants.js';
import { asSeen, foreignConflict, foreignFindings } from './tell.js';

export { deployClaims, type DeployClaims } from './groups.js';

/** For validation: what is taken, and what would be shared. */
export async function foreignWarnings(db: Reader, { deployId = '', yaml, claims, scope }: { deployId?: string | undefined; yaml: string; claims: DeployClaims; scope?: Scope | undefined }): Promise<Diagnostic[]> {
  const { others } = await readOccupants(db, { deployId, version: 0, hosts: claims.hosts });
  const clashes = foreignClashes(claims.groups, others);
  return clashes.length === 0 ? [] : foreignFindings(asSeen(clashes, scope), parseDocument(yaml).locate);
}

/**
 * From the end of this transaction on, the version occupies its hosts; throws `conflict` when something of it is taken.
 * The lock is held until then, so that of two deploys that race for one port the second sees the first.
 */
export async function occupy(tx: Tx, { deployId, version, yaml, claims, scope }: { deployId: string; version: number; yaml: string; claims: DeployClaims; scope?: Scope | undefined }): Promise<void> {
  await takeLock(tx, 'claims');
  const { others, digest } = await readOccupants(tx, { deployId, version, hosts: claims.hosts });
  const clashes = others.length === 0 ? [] : foreignClashes(exclusive(claims.groups), others);
  if (clashes.length > 0) throw foreignConflict(asSeen(clashes, scope), parseDocument(yaml).locate);
  if (digest !== claims.digest) await keepClaims(tx, deployId, version, claims);
}

/** Versions rolled out before claims were kept are rendered, once; from then on this asks one small question. */
export async function keepMissingClaims(db: Db, renderer: Renderer): Promise<void> {
  for (const { deploy_id: deployId, version } of await unkeptVersions(db)) {
    const { rendered } = await renderer.version(deployId, version);
    await keepClaims(db, deployId, version, deployClaims(rendered?.claims ?? []));
  }
}

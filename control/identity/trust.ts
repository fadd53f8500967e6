/** Which root a host's certificate comes from, and which ones it trusts: what tells when an old root may go. */
import type { Db } from '../database.js';
import type { HostIdentity } from './hosts.js';

/** Digests. `trusts`: by the host's own account. */
export interface Trust { shown: string; trusts: readonly string[] }

/** For the generation that was seen, and no later one. */
export async function noteTrust(db: Db, { name, generation }: HostIdentity, { shown, trusts }: Trust): Promise<void> {
  await db.node.updateMany({ where: { name, generation, revoked_at: null }, data: { certificate_root: shown, trusted_roots: [...trusts] } });
}

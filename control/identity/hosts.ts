/**
 * Which key a host's name is bound to. The first key that comes with a good token binds it; the name is given another
 * key only after a revocation, or by an enrollment that may replace. Every change grows the generation, and everything
 * that was certified for an earlier one is worth nothing from then on.
 */
import type { Node } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import { matchesHost } from '../../spec/host-names.js';
import { requireRight, type Actor } from '../actor.js';
import { appendAudit, recordAudit } from '../audit/index.js';
import { inTransaction, notFound, type Db, type Reader, type Tx } from '../database.js';
import { appendEvents } from '../events/index.js';
import { newId } from '../ids.js';
import type { Authorities } from './authority.js';
import { recordRefusal } from './enrollment-progress.js';
import { type CertifiedHost, type HostRequest, makeHostCertificate, readHostRequest } from './certificates.js';

/** Somebody's identity has changed: whoever holds connections looks again. */
export const hostsChannel = 'maestro_hosts';

/** Every gateway looks again when the transaction is through: at the authority, and at whoever holds connections. */
export const tellGateways = async (tx: Tx): Promise<void> => void (await tx.$executeRaw`SELECT pg_notify(${hostsChannel}, '')`);

export interface Credentials {
  node: string;
  /** PEM: the host's certificate, then the intermediate that signed it, and what leads on to an older root. */
  certificate: string;
  /** PEM, newest first: whom to trust as a gateway. */
  ca: string;
  expires_at: string;
}

export interface EnrollRequest { token: string; name: string; csr: string }

/** `hostCertificateMs`: how long their certificates are good, when it is not the standard. */
export type IssuingAuthorities = Authorities & { hostCertificateMs?: number };

interface Taken { id: string; host_pattern: string; replace: boolean; created_by: string }

const badToken = (): MaestroError => new MaestroError('auth_error', 'The enrollment token is not valid: unknown, used up, expired or revoked', { fix: 'Make a new enrollment and use its command.' });

/** One statement decides, so that a token is never used more often than it may be. */
async function take(tx: Tx, token: string): Promise<Taken> {
  const [taken] = await tx.$queryRaw<Taken[]>`
    UPDATE enrollments SET uses = uses + 1
    WHERE token_hash = ${sha256Hex(token)} AND revoked_at IS NULL AND expires_at > now() AND uses < uses_max
    RETURNING id, host_pattern, replace, created_by`;
  if (taken === undefined) throw badToken();
  return taken;
}

/** A host that has not heard the answer comes again with the same token, name and key: it is told the same and uses nothing. */
async function answered(db: Reader, { token, name }: EnrollRequest, key: HostRequest): Promise<Node | null> {
  const enrollment = await db.enrollment.findFirst({ where: { token_hash: sha256Hex(token), revoked_at: null, expires_at: { gt: new Date() } }, select: { id: true } });
  return enrollment === null ? null : db.node.findFirst({ where: { name, enrollment_id: enrollment.id, key_digest: key.digest, revoked_at: null } });
}

async function lockedNode(tx: Tx, name: string): Promise<Pick<Node, 'id' | 'generation' | 'key_digest' | 'revoked_at'>> {
  await tx.$executeRaw`INSERT INTO nodes (id, name, facts, version) VALUES (${newId('node')}, ${name}, '{}', '') ON CONFLICT (name) DO NOTHING`;
  const [row] = await tx.$queryRaw<Pick<Node, 'id' | 'generation' | 'key_digest' | 'revoked_at'>[]>`
    SELECT id, generation, key_digest, revoked_at FROM nodes WHERE name = ${name} FOR NO KEY UPDATE`;
  if (row === undefined) throw new Error(`node ${name} vanished while it was being enrolled`);
  return row;
}

async function bind(tx: Tx, { name }: EnrollRequest, key: HostRequest, taken: Taken): Promise<CertifiedHost> {
  const before = await lockedNode(tx, name);
  const living = before.key_digest !== null && before.revoked_at === null;
  if (living && !taken.replace) {
    throw new MaestroError('conflict', `There is a host ${name} already`, { fix: 'Give this one another name, revoke the other one, or enroll with "replace".', details: { node: name } });
  }
  const generation = before.generation + 1;
  await tx.node.update({ where: { id: before.id }, data: { generation, key_digest: key.digest, enrollment_id: taken.id, enrolled_at: new Date(), revoked_at: null, certificate_root: null, trusted_roots: [] } });
  await tx.$executeRaw`SELECT pg_notify(${hostsChannel}, ${name})`;
  await appendAudit(tx, {
    actor: { kind: 'system', id: taken.id, name: `enrollment of ${taken.created_by}` }, action: 'node.enroll', target: before.id, result: 'ok',
    details: { node: name, generation, replaced: living, key_digest: key.digest },
  });
  return { name, generation };
}

export async function issue({ intermediate, chain, roots, hostCertificateMs }: IssuingAuthorities, key: HostRequest, host: CertifiedHost): Promise<Credentials> {
  const { certificate, expiresAt } = await makeHostCertificate(intermediate, key.publicKey, host, new Date(), hostCertificateMs);
  return { node: host.name, certificate: `${certificate}\n${chain}\n`, ca: `${roots.join('\n')}\n`, expires_at: expiresAt.toISOString() };
}

/** Nothing was heard from this key yet, whatever an earlier one has said. */
async function cameIn(tx: Tx, { id: enrollment_id }: Taken, credentials: Credentials): Promise<Credentials> {
  const { id } = await tx.node.update({ where: { name: credentials.node }, data: { certificate_expires_at: credentials.expires_at, online: false, last_seen_at: null }, select: { id: true } });
  await appendEvents(tx, [{ type: 'node.state', host: credentials.node, data: { node_id: id, enrollment_id, enrolled: true } }]);
  return credentials;
}

/** For people to see. */
async function noted(db: Reader, credentials: Credentials): Promise<Credentials> {
  await db.node.updateMany({ where: { name: credentials.node }, data: { certificate_expires_at: credentials.expires_at } });
  return credentials;
}

/**
 * A certificate for a token and a key, or nothing has changed. Throws auth_error for the token, permission_denied for a
 * name that it is not for, conflict for one that is taken; every refusal is in the audit.
 */
export async function enrollHost(db: Db, authorities: IssuingAuthorities, request: EnrollRequest, from: string): Promise<Credentials> {
  try {
    const key = await readHostRequest(request.csr);
    const known = await answered(db, request, key);
    if (known !== null) return await noted(db, await issue(authorities, key, known));
    return await inTransaction(db, async (tx) => {
      const taken = await take(tx, request.token);
      if (!matchesHost(taken.host_pattern, request.name)) {
        throw new MaestroError('permission_denied', `The enrollment is not for a host named "${request.name}"`, { fix: `Name the host after ${taken.host_pattern}.`, details: { pattern: taken.host_pattern } });
      }
      return cameIn(tx, taken, await issue(authorities, key, await bind(tx, request, key, taken)));
    });
  } catch (error) {
    if (error instanceof MaestroError) await recordRefusal(db, request, from, error);
    throw error;
  }
}

/** Who holds which key, as the database has it. */
export interface HostIdentity { name: string; generation: number; keyDigest: string }

const isCurrent = (node: Pick<Node, 'generation' | 'key_digest' | 'revoked_at'>, { generation, keyDigest }: HostIdentity): boolean =>
  node.revoked_at === null && node.generation === generation && node.key_digest === keyDigest;

/** Those of `hosts` whose certificates are still worth something. */
export async function currentHosts(db: Reader, hosts: readonly HostIdentity[]): Promise<Set<HostIdentity>> {
  const rows = await db.node.findMany({ where: { name: { in: hosts.map(({ name }) => name) } }, select: { name: true, generation: true, key_digest: true, revoked_at: true } });
  const byName = new Map(rows.map((row) => [row.name, row]));
  return new Set(hosts.filter((host) => {
    const row = byName.get(host.name);
    return row !== undefined && isCurrent(row, host);
  }));
}

/** A new certificate for the same key, name and generation. Throws permission_denied for another key, auth_error for one that is revoked. */
export async function renewHost(db: Db, authorities: IssuingAuthorities, host: HostIdentity, csr: string): Promise<Credentials> {
  const key = await readHostRequest(csr);
  const refuse = (): MaestroError => (key.digest === host.keyDigest
    ? new MaestroError('auth_error', 'The host is revoked or replaced', { fix: 'Enroll it again.' })
    : new MaestroError('permission_denied', 'A certificate is renewed for the same key only', { fix: 'Enroll the host again to give it another key.' }));
  const current = key.digest === host.keyDigest && (await currentHosts(db, [host])).has(host);
  await recordAudit(db, { actor: { kind: 'system', id: 'gateway', name: `host ${host.name}` }, action: 'node.renew', target: host.name, result: current ? 'ok' : 'refused', details: { generation: host.generation } });
  if (!current) throw refuse();
  return noted(db, await issue(authorities, key, host));
}

/** At once for what comes, and within moments for what is open. The name is free again. */
export async function revokeNode(db: Db, actor: Actor, nodeId: string): Promise<void> {
  requireRight(actor, 'node.revoke');
  await inTransaction(db, async (tx) => {
    const [node] = await tx.$queryRaw<{ name: string; online: boolean; generation: number }[]>`
      SELECT name, online, generation FROM nodes WHERE id = ${nodeId} AND revoked_at IS NULL FOR NO KEY UPDATE`;
    if (node === undefined) throw notFound('node', nodeId);
    await tx.node.update({ where: { id: nodeId }, data: { generation: node.generation + 1, revoked_at: new Date(), allow: [], online: false, last_seen_at: null } });
    await tx.$executeRaw`SELECT pg_notify(${hostsChannel}, ${node.name})`;
    await appendAudit(tx, { actor, action: 'node.revoke', target: nodeId, result: 'ok', details: { node: node.name, generation: node.generation + 1 } });
    if (node.online) await appendEvents(tx, [{ type: 'node.state', host: node.name, data: { node_id: nodeId, online: false } }]);
  });
}


/**
 * Another root in place of the one there is, while everything goes on.
 *
 * `rotateRoot` is one transaction: a new root, the same signed by the old one (the cross certificate), and an intermediate. From
 * then on everything is signed by the new one. A gateway shows a way to both roots, so that a host comes in with
 * either; it tells hosts that do not trust both, or that still have a certificate of the old one, to renew.
 * `retireRoot` ends the old one, when no host needs it or whoever needs it is named. Its key is erased.
 */
import type { AuthorityKey, Node } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import { requireRight, type Actor } from '../actor.js';
import { appendAudit } from '../audit/index.js';
import type { Db, Reader, Tx } from '../database.js';
import { effectOnce } from '../idempotency/index.js';
import type { VaultKeys } from '../secrets/vault-key.js';
import { authorityOf, authorityRows, isSettled, living, pemOf, settleMs, store } from './authority.js';
import { certificateDigest, crossSign, hostCertificateMs, isIssuedBy, makeIntermediate, makeRoot, renewableMs } from './certificates.js';
import { tellGateways } from './hosts.js';
import { type TaskKeyView, taskKeyViews } from './task-keys.js';

export interface RootView { digest: string; created_at: string; /** signs: all that is new comes from it. trusted: what came from it still counts. */ state: 'signs' | 'trusted' }
/** What stands in the way of retiring the old root. */
export interface Waiting { kind: 'host' | 'enrollment'; id: string; name: string; reason: string }

export interface AuthorityView {
  stage: 'settled' | 'rotating';
  roots: RootView[];
  /** What enrollments tell hosts at the moment. */
  ca_digest: string;
  waiting: Waiting[];
  task_keys: TaskKeyView[];
}

const digestOf = (row: Pick<AuthorityKey, 'certificate'>): string => certificateDigest(pemOf(row));

type Candidate = Pick<Node, 'id' | 'name' | 'certificate_root' | 'trusted_roots' | 'last_seen_at' | 'enrolled_at'>;

/** Why the host could not come in any more without the old root; null: it could, or it cannot anyway. */
export function needsOldRoot({ certificate_root: shown, trusted_roots: trusts, last_seen_at: seen, enrolled_at: enrolled }: Candidate, newest: string, now: number): string | null {
  const last = Math.max(seen?.getTime() ?? 0, enrolled?.getTime() ?? 0);
  // Its certificate was made by then at the latest, and is over for renewal, too.
  if (now - last > hostCertificateMs + renewableMs) return null;
  if (shown === null) return 'has not been heard since it was enrolled';
  if (shown !== newest) return 'has a certificate of the old root';
  return trusts.includes(newest) ? null : 'does not trust the new root';
}

async function waitingFor(db: Reader, newest: AuthorityKey): Promise<Waiting[]> {
  const [nodes, enrollments] = await Promise.all([
    db.node.findMany({ where: { key_digest: { not: null }, revoked_at: null }, select: { id: true, name: true, certificate_root: true, trusted_roots: true, last_seen_at: true, enrolled_at: true }, orderBy: { name: 'asc' } }),
    db.enrollment.findMany({ where: { revoked_at: null, expires_at: { gt: new Date() }, created_at: { lt: new Date(newest.created_at.getTime() + settleMs) } }, select: { id: true, host_pattern: true, uses: true, uses_max: true }, orderBy: { id: 'asc' } }),
  ]);
  const digest = digestOf(newest);
  const now = Date.now();
  const hosts = nodes.flatMap((node): Waiting[] => {
    const reason = needsOldRoot(node, digest, now);
    return reason === null ? [] : [{ kind: 'host', id: node.id, name: node.name, reason }];
  });
  const open = enrollments.filter(({ uses, uses_max: most }) => uses < most);
  return [...hosts, ...open.map(({ id, host_pattern: name }): Waiting => ({ kind: 'enrollment', id, name, reason: 'its command names the old root' }))];
}

function viewOf(rows: readonly AuthorityKey[], waiting: Waiting[]): AuthorityView {
  const roots = living(rows, 'root');
  const told = roots.find((row) => isSettled(row)) ?? roots.at(-1);
  return {
    stage: roots.length > 1 ? 'rotating' : 'settled',
    roots: roots.map((row, index) => ({ digest: digestOf(row), created_at: row.created_at.toISOString(), state: index === 0 ? 'signs' : 'trusted' })),
    ca_digest: told === undefined ? '' : digestOf(told), waiting, task_keys: taskKeyViews(rows),
  };
}

/** Where the authority stands, and who is in the way. */
export async function viewAuthority(db: Reader): Promise<AuthorityView> {
  const rows = await db.authorityKey.findMany();
  const [newest, old] = living(rows, 'root');
  return viewOf(rows, newest === undefined || old === undefined ? [] : await waitingFor(db, newest));
}

/** Throws `conflict` while the last one is not at its end. */
export function rotateRoot(db: Db, keys: VaultKeys, actor: Actor): Promise<AuthorityView> {
  requireRight(actor, 'node.revoke');
  return effectOnce(db, async (tx) => {
    const rows = await authorityRows(tx, keys);
    const [before, older] = living(rows, 'root');
    if (before === undefined) throw new Error('the certificate authority is not whole');
    if (older !== undefined) throw new MaestroError('conflict', 'The authority is being rotated already: two roots are trusted', { fix: 'See who still needs the old one, and retire it.', details: { roots: [digestOf(before), digestOf(older)] } });
    const now = new Date();
    const root = await makeRoot(now);
    const number = Math.max(...rows.filter(({ kind }) => kind === 'intermediate').map((row) => row.number)) + 1;
    const intermediate = await makeIntermediate(root, number, now);
    await store(tx, keys, [
      { kind: 'root', number: before.number + 1, certificate: root.certificate, secret: Buffer.from(root.key) },
      { kind: 'cross', number: before.number + 1, certificate: await crossSign(await authorityOf(before, keys), root, now), secret: null },
      { kind: 'intermediate', number, certificate: intermediate.certificate, secret: Buffer.from(intermediate.key) },
    ]);
    await tellGateways(tx);
    await appendAudit(tx, { actor, action: 'authority.rotate', target: 'authority', result: 'ok', details: { root: certificateDigest(root.certificate), before: digestOf(before) } });
    return viewAuthority(tx);
  });
}

/** `cut`: names of hosts and ids of enrollments that may be left behind. */
export interface RetireRequest { cut: readonly string[] }

/** Throws `conflict` when there is nothing to retire, or with everybody who is in the way and not named. */
export function retireRoot(db: Db, keys: VaultKeys, actor: Actor, { cut }: RetireRequest): Promise<AuthorityView> {
  requireRight(actor, 'node.revoke');
  return effectOnce(db, async (tx) => {
    const rows = await authorityRows(tx, keys);
    const [newest, old] = living(rows, 'root');
    if (newest === undefined || old === undefined) throw new MaestroError('conflict', 'There is no old root to retire', { fix: 'Rotate the authority first.' });
    if (!isSettled(newest)) throw new MaestroError('conflict', 'The new root is not at every gateway yet', { fix: 'Wait half a minute.', details: { retry_after_seconds: settleMs / 1000 } });
    const waiting = await waitingFor(tx, newest);
    const inTheWay = waiting.filter(({ kind, id, name }) => !cut.includes(kind === 'host' ? name : id));
    if (inTheWay.length > 0) throw stillNeeded(inTheWay);
    await forget(tx, rows, old);
    const enrollments = waiting.flatMap(({ kind, id }) => (kind === 'enrollment' ? [id] : []));
    await tx.enrollment.updateMany({ where: { id: { in: enrollments } }, data: { revoked_at: new Date() } });
    await tellGateways(tx);
    const hosts = waiting.flatMap(({ kind, name }) => (kind === 'host' ? [name] : []));
    await appendAudit(tx, { actor, action: 'authority.retire', target: 'authority', result: 'ok', details: { root: digestOf(old), cut_hosts: hosts, cut_enrollments: enrollments } });
    return viewAuthority(tx);
  });
}

function stillNeeded(waiting: readonly Waiting[]): MaestroError {
  const named = waiting.slice(0, 3).map(({ kind, id, name, reason }) => `${kind === 'host' ? name : id} ${reason}`).join('; ');
  const more = waiting.length > 3 ? `; and ${String(waiting.length - 3)} more` : '';
  return new MaestroError('conflict', `The old root is still needed: ${named}${more}`, { fix: 'Wait for them, or name them in "cut": such a host has to be enrolled again, and such an enrollment ends.', details: { waiting: waiting.slice(0, 1000) } });
}

/** The certificates stay, as a record; their keys go. */
async function forget(tx: Tx, rows: readonly AuthorityKey[], old: AuthorityKey): Promise<void> {
  const below = living(rows, 'intermediate').filter((row) => isIssuedBy(pemOf(row), pemOf(old)));
  const gone = [old, ...below, ...living(rows, 'cross')];
  await tx.authorityKey.updateMany({ where: { id: { in: gone.map(({ id }) => id) } }, data: { sealed: null, retired_at: new Date() } });
}

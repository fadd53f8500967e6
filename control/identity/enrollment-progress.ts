/** How far an enrollment has come: which hosts came in by it, what they have said since, and what was refused last. */
import type { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import type { HostFacts } from '../../spec/observed.js';
import { recordAudit } from '../audit/index.js';
import { notFound, type Db, type Reader } from '../database.js';
import { appendEvents } from '../events/index.js';
import { stored } from '../json.js';
import { factsOf, onlineMs } from '../nodes/index.js';
import { enrollmentView, type EnrollmentView } from './enrollments.js';

/** `heard`: it has said hello with the certificate that this enrollment gave it. */
export interface EnrolledHost { node_id: string; name: string; enrolled_at: string; heard: boolean; online: boolean; facts: HostFacts; version: string; address: string | null }
export interface RefusedHost { at: string; host: string; code: string; message: string; suggested_fix: string }
export interface EnrollmentProgress extends EnrollmentView { hosts: EnrolledHost[]; refused: RefusedHost | null }

const mostHosts = 200;

/** Hosts that are revoked or were enrolled anew since are not among them. */
export async function enrollmentProgress(db: Reader, id: string): Promise<EnrollmentProgress> {
  const row = await db.enrollment.findUnique({ where: { id } });
  if (row === null) throw notFound('enrollment', id);
  const [nodes, refused] = await Promise.all([
    db.node.findMany({ where: { enrollment_id: id, revoked_at: null }, orderBy: [{ enrolled_at: 'desc' }, { name: 'asc' }], take: mostHosts }),
    db.auditEntry.findFirst({ where: { action: 'node.enroll', result: 'refused', ts: { gte: row.created_at }, details: { path: ['enrollment_id'], equals: id } }, orderBy: { id: 'desc' } }),
  ]);
  const now = Date.now();
  const hosts = nodes.map(({ id: node_id, name, enrolled_at, last_seen_at, facts, version, address }): EnrolledHost => {
    const heard = last_seen_at !== null && enrolled_at !== null && last_seen_at >= enrolled_at;
    return { node_id, name, enrolled_at: (enrolled_at ?? row.created_at).toISOString(), heard, online: heard && now - last_seen_at.getTime() < onlineMs, facts: factsOf(heard ? facts : {}), version: heard ? version : '', address: heard ? address : null };
  });
  return { ...enrollmentView(row), hosts, refused: refused === null ? null : refusedHost(refused.ts, refused.target, stored<Partial<RefusedHost>>(refused.details)) };
}

const refusedHost = (at: Date, host: string, { code = '', message = '', suggested_fix = '' }: Partial<RefusedHost>): RefusedHost => ({ at: at.toISOString(), host, code, message, suggested_fix });

/** In the audit; and told to those who wait for the host, when the token is one that there is or was. */
export async function recordRefusal(db: Db, { token, name }: { token: string; name: string }, from: string, { code, message, fix }: MaestroError): Promise<void> {
  const enrollment = await db.enrollment.findUnique({ where: { token_hash: sha256Hex(token) }, select: { id: true } });
  const known = enrollment === null ? {} : { enrollment_id: enrollment.id, message, suggested_fix: fix };
  await recordAudit(db, { actor: { kind: 'system', id: 'anonymous', name: 'anonymous' }, action: 'node.enroll', target: name, result: 'refused', details: { code, from, ...known } });
  if (enrollment !== null) await appendEvents(db, [{ type: 'node.state', host: name, data: { enrollment_id: enrollment.id, enrolled: false, code } }]);
}

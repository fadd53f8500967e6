/** The audit trail: who did what, and who was refused; and whether it is still what was written. */
import { z } from 'zod';
import { verifyVersions } from '../../control/deploys/index.js';
import { listAudit } from '../../control/audit/index.js';
import { route } from '../route.js';
import { idOf, named, pageOf, pageQuery, timestamp } from '../schemas/common.js';

const entry = named('AuditEntry', z.object({
  id: z.int(), ts: timestamp, actor: z.object({ kind: z.string(), id: z.string(), name: z.string() }), action: z.string(), target: z.string(),
  result: z.string(), details: z.unknown(), hash: z.string().describe('Over this entry and the hash of the one before'),
}));
const anchor = z.object({ entries: z.int(), id: z.int(), at: timestamp, since: timestamp }).nullable();
const verdict = named('AuditVerdict', z.object({
  ok: z.boolean().describe('The trail and all versions are what was written'), entries: z.int().describe('How many are good, from the first on'), bad_id: z.int().optional().describe('The first that is not'), reason: z.string().optional(),
  versions: z.object({
    checked: z.int(), altered: z.array(z.object({ deploy_id: z.string(), version: z.int().nullable(), reason: z.string() })).describe('The first hundred that are not what was submitted'),
  }),
  anchor: anchor.describe('What was written down outside of the database last; null: nothing yet'),
}));
const text = z.string().min(1).max(200).optional();
const time = timestamp.transform((value) => new Date(value)).optional();

const query = z.strictObject({
  ...pageQuery,
  actor: text.describe('Id or name'), action: text.describe('An action, or all of a noun: rollout.*'), target: text, deploy_id: idOf('dpl').optional(),
  result: z.enum(['ok', 'refused', 'failed']).optional(), since: time.describe('From this time on'), until: time.describe('Before this time'),
});

export const auditRoutes = [
  route({
    method: 'get', path: '/api/audit', operationId: 'listAudit', tag: 'audit', summary: 'Who did what, and who was refused; newest first', right: 'audit.read', narrowed: 'query',
    query, response: named('AuditPage', pageOf(entry)),
    handler: ({ actor, context: { db }, query: { deploy_id: deployId, ...filter } }) => listAudit(db, { ...filter, deployId }, actor),
  }),
  route({
    method: 'get', path: '/api/audit/verify', operationId: 'verifyAudit', tag: 'audit', summary: 'Whether no entry was changed, taken out, put in or cut off, and whether all versions are what was submitted', right: 'audit.read', errors: ['config_error'], response: verdict,
    async handler({ context: { db, auditAnchor } }) {
      const [trail, versions] = await Promise.all([auditAnchor.verify(db), verifyVersions(db)]);
      return { ...trail, ok: trail.ok && versions.altered.length === 0, versions };
    },
  }),
];

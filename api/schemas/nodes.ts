import { z } from 'zod';
import { permissions } from '../../spec/host-policy/permissions.js';
import { named, timestamp } from './common.js';
import { placementState } from './observed.js';

const facts = z.object({ docker: z.boolean(), systemd: z.boolean(), missing: z.array(z.string()) });

const node = z.object({
  node_id: z.string(),
  name: z.string(),
  online: z.boolean(),
  last_seen_at: timestamp.nullable(),
  facts,
  version: z.string(),
  address: z.string().nullable(),
  allow: z.array(z.enum(permissions)).describe('What documents may ask of it beyond the ordinary'),
});

export const nodeItem = named('Node', node);

export const nodeDetail = named('NodeDetail', node.extend({
  enrolled_at: timestamp.nullable().describe('null: it has no certificate of this control plane'),
  generation: z.int().describe('Grows with every key that the name was given, and with every revocation'),
  certificate_expires_at: timestamp.nullable().describe('Of the certificate that it was given last; it renews it by itself'),
  tags: z.array(z.string()),
  components: z.array(placementState.omit({ fields: true }).extend({ deploy_id: z.string(), deploy: z.string() })).describe('Of all deploys in sight, as the host sees them'),
}));

const enrollment = z.object({
  enrollment_id: z.string(),
  host: z.string().describe('The names it is good for: exact, or with `*`'),
  uses: z.int(),
  uses_max: z.int(),
  replace: z.boolean(),
  state: z.enum(['open', 'used', 'expired', 'revoked']),
  created_by: z.string(),
  created_at: timestamp,
  expires_at: timestamp,
});

export const enrollmentDetail = named('EnrollmentDetail', enrollment.extend({
  gateway_url: z.string(),
  hosts: z.array(z.object({
    node_id: z.string(), name: z.string(), enrolled_at: timestamp, heard: z.boolean().describe('It has said hello with the certificate that this enrollment gave it'), online: z.boolean(), facts, version: z.string(), address: z.string().nullable(),
  })).describe('Who came in by it, the latest first'),
  refused: z.object({ at: timestamp, host: z.string(), code: z.string(), message: z.string(), suggested_fix: z.string() }).nullable().describe('The last host that came with its token and was not let in'),
}));

export const enrollmentItem = named('Enrollment', enrollment);

export const enrollmentCreated = named('EnrollmentCreated', enrollment.extend({
  token: z.string().describe('Shown this once'),
  gateway_url: z.string(),
  ca_digest: z.string().describe('What the host worker checks the gateway by, before it sends the token'),
  command: z.string().describe('To be run on the host'),
}));

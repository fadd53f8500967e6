import { z } from 'zod';
import { permissions } from '../../spec/host-policy/permissions.js';
import { named, timestamp } from './common.js';

export const nodeItem = named('Node', z.object({
  node_id: z.string(),
  name: z.string(),
  online: z.boolean(),
  last_seen_at: timestamp.nullable(),
  facts: z.object({ docker: z.boolean(), systemd: z.boolean(), missing: z.array(z.string()) }),
  version: z.string(),
  address: z.string().nullable(),
  allow: z.array(z.enum(permissions)).describe('What documents may ask of it beyond the ordinary'),
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

export const enrollmentItem = named('Enrollment', enrollment);

export const enrollmentCreated = named('EnrollmentCreated', enrollment.extend({
  token: z.string().describe('Shown this once'),
  gateway_url: z.string(),
  ca_digest: z.string().describe('What the host worker checks the gateway by, before it sends the token'),
  command: z.string().describe('To be run on the host'),
}));

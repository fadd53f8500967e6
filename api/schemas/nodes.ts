import { z } from 'zod';
import { named, timestamp } from './common.js';

export const nodeItem = named('Node', z.object({
  node_id: z.string(),
  name: z.string(),
  online: z.boolean(),
  last_seen_at: timestamp.nullable(),
  facts: z.object({ docker: z.boolean(), systemd: z.boolean(), missing: z.array(z.string()) }),
  version: z.string(),
  address: z.string().nullable(),
}));

/** Users, sessions and keys as they are answered; nothing secret but a new key, once. */
import { z } from 'zod';
import { rights, roles } from '../../spec/words.js';
import { named, timestamp, wordOf } from './common.js';

export const right = named('Right', z.enum(rights));

export const credentialsBody = named('Credentials', z.strictObject({
  username: z.string().trim().min(1).max(64),
  password: z.string().min(1).max(1024),
}));

export const user = named('User', z.object({ user_id: z.string(), username: z.string(), role: z.enum(roles), rights: z.array(right).readonly(), created_at: timestamp }));
export const signedIn = named('SignedIn', z.object({ user }));
export const me = named('Me', z.object({ kind: z.enum(['user', 'key']), id: z.string(), name: z.string(), role: z.enum(roles).nullable(), rights: z.array(right) }));

export const keyItem = named('Key', z.object({
  key_id: z.string(),
  name: z.string(),
  prefix: z.string(),
  rights: z.array(wordOf(rights)),
  owner: z.string(),
  created_at: timestamp,
  expires_at: timestamp.nullable(),
  last_used_at: timestamp.nullable(),
}));
export const keyCreated = named('KeyCreated', keyItem.extend({ key: z.string().describe('Shown this once') }));

/** Users, sessions and keys as they are answered; nothing secret but a new key, once. */
import { z } from 'zod';
import { grantsSchema, limitsSchema } from '../../control/access/index.js';
import { rights, roles } from '../../spec/words.js';
import { named, timestamp, wordOf } from './common.js';

export const right = named('Right', z.enum(rights));

export const credentialsBody = named('Credentials', z.strictObject({
  username: z.string().trim().min(1).max(64),
  password: z.string().min(1).max(1024),
}));

export const user = named('User', z.object({
  user_id: z.string(), username: z.string(), role: z.enum(roles), rights: z.array(right).readonly(),
  grants: grantsSchema.describe('What narrows the role'), disabled: z.boolean(), must_change_password: z.boolean(), created_at: timestamp,
}));
export const setupBody = named('SetupRequest', credentialsBody.extend({ setup_code: z.string().min(1).max(128).describe('The code that the server has printed at its start') }));
export const oneTimePassword = named('OneTimePassword', z.object({ user, password: z.string().describe('For one sign-in, at which it has to be changed; shown this once'), expires_at: timestamp }));
export const session = named('Session', z.object({
  session_id: z.string(), user_id: z.string(), username: z.string(), address: z.string(), agent: z.string(), created_at: timestamp, last_seen_at: timestamp, expires_at: timestamp,
  current: z.boolean().describe('It is the one that asks'),
}));
export const signedIn = named('SignedIn', z.object({ user }));
export const me = named('Me', z.object({ kind: z.enum(['user', 'key']), id: z.string(), name: z.string(), role: z.enum(roles).nullable(), rights: z.array(right), must_change_password: z.boolean(), narrowed: z.boolean().describe('Not every deploy and host is theirs to see') }));

export const keyItem = named('Key', z.object({
  key_id: z.string(),
  name: z.string(),
  prefix: z.string(),
  rights: z.array(wordOf(rights)),
  limits: limitsSchema,
  owner: z.string(),
  created_at: timestamp,
  expires_at: timestamp.nullable(),
  last_used_at: timestamp.nullable(),
}));
export const keyCreated = named('KeyCreated', keyItem.extend({ key: z.string().describe('Shown this once') }));

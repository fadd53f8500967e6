/** The authority behind hosts: where it stands, another root in place of the one there is, another key for task tokens. */
import { z } from 'zod';
import { retireRoot, rotateRoot, rotateTaskKey, viewAuthority } from '../../control/identity/index.js';
import { jsonBody } from '../http/body.js';
import { route } from '../route.js';
import { named, timestamp } from '../schemas/common.js';

const taskKey = z.object({ number: z.int(), created_at: timestamp, state: z.enum(['wraps', 'unwraps']) });
const authority = named('Authority', z.object({
  stage: z.enum(['settled', 'rotating']).describe('rotating: two roots are trusted, until the old one is retired'),
  roots: z.array(z.object({ digest: z.string(), created_at: timestamp, state: z.enum(['signs', 'trusted']) })).describe('Newest first'),
  ca_digest: z.string().describe('What new enrollments tell hosts'),
  waiting: z.array(z.object({ kind: z.enum(['host', 'enrollment']), id: z.string(), name: z.string(), reason: z.string() })).describe('Who still needs the old root'),
  task_keys: z.array(taskKey).describe('Newest first'),
}));

const retire = z.strictObject({ cut: z.array(z.string().min(1).max(80)).max(1000).default([]).describe('Names of hosts and ids of enrollments that may be left behind: the hosts have to be enrolled again, the enrollments end') });
const rotateKey = z.strictObject({ force: z.boolean().default(false).describe('Also when tasks may still run under the key that stops counting') });

export const authorityRoutes = [
  route({
    method: 'get', path: '/api/authority', operationId: 'getAuthority', tag: 'nodes', summary: 'The roots that hosts trust, and who still needs an old one', right: 'node.revoke', response: authority,
    handler: ({ context: { db } }) => viewAuthority(db),
  }),
  route({
    method: 'post', path: '/api/authority/rotate', operationId: 'rotateAuthority', tag: 'nodes', summary: 'Begin with another root: both are trusted, and hosts are told to renew', right: 'node.revoke', errors: ['config_error'], idempotent: true,
    audit: { action: 'authority.rotate', by: 'control' }, response: authority,
    handler: ({ actor, context: { db, hostsDoor } }) => rotateRoot(db, hostsDoor.keys, actor),
  }),
  route({
    method: 'post', path: '/api/authority/retire', operationId: 'retireAuthority', tag: 'nodes', summary: 'Trust the old root no more; refused, with names, while somebody needs it who is not given up', right: 'node.revoke', errors: ['config_error'], idempotent: true,
    audit: { action: 'authority.retire', by: 'control' }, body: jsonBody(retire), response: authority,
    handler: ({ actor, context: { db, hostsDoor }, body }) => retireRoot(db, hostsDoor.keys, actor, body),
  }),
  route({
    method: 'post', path: '/api/authority/task-keys', operationId: 'rotateTaskKey', tag: 'nodes', summary: 'Bind task tokens to hosts under another key; the one before still counts', right: 'node.revoke', errors: ['config_error'], idempotent: true,
    audit: { action: 'authority.rotate_task_key', by: 'control' }, body: jsonBody(rotateKey), response: z.object({ task_keys: z.array(taskKey) }),
    handler: async ({ actor, context: { db, hostsDoor }, body }) => ({ task_keys: await rotateTaskKey(db, hostsDoor.keys, actor, body) }),
  }),
];

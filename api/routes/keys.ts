/** API keys: made and revoked by people, shown once. */
import { z } from 'zod';
import { limitsSchema } from '../../control/access/index.js';
import { createKey, deleteKey, listKeys } from '../../control/auth/index.js';
import { jsonBody } from '../http/body.js';
import { route } from '../route.js';
import { idOf, named, pageOf, pageQuery, timestamp } from '../schemas/common.js';
import { keyCreated, keyItem, right } from '../schemas/people.js';

const request = z.strictObject({
  name: z.string().trim().min(1).max(64),
  rights: z.array(right).min(1).describe('At most those of the owner'),
  expires_at: timestamp.nullable().optional(),
  limits: named('KeyLimits', limitsSchema).optional().describe('Narrow it further than its owner is'),
});

export const keyRoutes = [
  route({
    method: 'get', path: '/api/auth/keys', operationId: 'listKeys', tag: 'auth', summary: 'Own keys; with user.manage, all', right: 'session', peopleOnly: true,
    query: z.strictObject(pageQuery), response: named('KeyPage', pageOf(keyItem)),
    handler: ({ actor, context: { db }, query }) => listKeys(db, actor, query),
  }),
  route({
    method: 'post', path: '/api/auth/keys', operationId: 'createKey', tag: 'auth', summary: 'Make a key; the answer shows it, this once', right: 'session', peopleOnly: true,
    audit: { action: 'key.create', by: 'control' }, body: jsonBody(request), status: 201, response: keyCreated,
    handler: ({ actor, context: { db }, body: { expires_at = null, ...body } }) => createKey(db, actor, { ...body, expires_at }),
  }),
  route({
    method: 'delete', path: '/api/auth/keys/{id}', operationId: 'deleteKey', tag: 'auth', summary: 'Revoke a key at once', right: 'session', peopleOnly: true,
    audit: { action: 'key.delete', by: 'control' }, params: z.strictObject({ id: idOf('key') }), status: 204, response: null,
    handler: async ({ actor, context: { db }, params }) => deleteKey(db, actor, params.id),
  }),
];

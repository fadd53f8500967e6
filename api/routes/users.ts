/** People's accounts: made, changed and ended by administrators in person. */
import { z } from 'zod';
import { grantsSchema } from '../../control/access/index.js';
import { changeUser, deleteUser, getUser, inviteUser, listUsers, resetPassword } from '../../control/auth/index.js';
import { roles } from '../../spec/words.js';
import { jsonBody } from '../http/body.js';
import { route } from '../route.js';
import { idOf, named, pageOf, pageQuery } from '../schemas/common.js';
import { oneTimePassword, user } from '../schemas/people.js';

const params = z.strictObject({ id: idOf('usr') });
const role = z.enum(roles);
const grants = named('Grants', grantsSchema);
const managed = { tag: 'users', right: 'user.manage' as const, peopleOnly: true };

export const userRoutes = [
  route({
    ...managed, method: 'get', path: '/api/users', operationId: 'listUsers', summary: 'Users by name',
    query: z.strictObject(pageQuery), response: named('UserPage', pageOf(user)),
    handler: ({ context: { db }, query }) => listUsers(db, query),
  }),
  route({
    ...managed, method: 'post', path: '/api/users', operationId: 'createUser', summary: 'Make a user; the answer shows a password for the first sign-in, this once',
    audit: { action: 'user.create', by: 'control' }, errors: ['conflict'], status: 201, response: oneTimePassword,
    body: jsonBody(z.strictObject({ username: z.string().trim().min(1).max(64), role, grants: grants.optional().describe('Narrow the role; absent: nothing narrows it') })),
    handler: ({ actor, context: { db }, body }) => inviteUser(db, actor, body),
  }),
  route({
    ...managed, method: 'get', path: '/api/users/{id}', operationId: 'getUser', summary: 'One user', params, response: user,
    handler: ({ context: { db }, params: { id } }) => getUser(db, id),
  }),
  route({
    ...managed, method: 'patch', path: '/api/users/{id}', operationId: 'changeUser', summary: 'Change role or grants; disable, which ends sessions and keys at once, or enable again',
    audit: { action: 'user.change', by: 'control' }, errors: ['conflict'], params, response: user,
    body: jsonBody(z.strictObject({ role: role.optional(), disabled: z.boolean().optional(), grants: grants.optional().describe('In place of all that there were; {} narrows nothing') })),
    handler: ({ actor, context: { db }, params: { id }, body }) => changeUser(db, actor, id, body),
  }),
  route({
    ...managed, method: 'delete', path: '/api/users/{id}', operationId: 'deleteUser', summary: 'End an account with its sessions and keys; what it did stays in the audit',
    audit: { action: 'user.delete', by: 'control' }, errors: ['conflict'], params, status: 204, response: null,
    handler: async ({ actor, context: { db }, params: { id } }) => deleteUser(db, actor, id),
  }),
  route({
    ...managed, method: 'post', path: '/api/users/{id}/reset-password', operationId: 'resetPassword', summary: 'A password for one sign-in within a day, at which it has to be changed; ends the sessions',
    audit: { action: 'user.reset_password', by: 'control' }, params, response: oneTimePassword,
    handler: ({ actor, context: { db }, params: { id } }) => resetPassword(db, actor, id),
  }),
];

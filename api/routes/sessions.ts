/** Sessions: seen and ended by whose they are, and by administrators. */
import { z } from 'zod';
import { endSession, listSessions } from '../../control/auth/index.js';
import { route } from '../route.js';
import { idOf, named } from '../schemas/common.js';
import { session } from '../schemas/people.js';

const common = { tag: 'auth', right: 'session' as const, peopleOnly: true };

export const sessionRoutes = [
  route({
    ...common, method: 'get', path: '/api/auth/sessions', operationId: 'listSessions', summary: 'Own sessions; with user.manage, those of any user',
    query: z.strictObject({ user_id: idOf('usr').optional() }), response: named('Sessions', z.object({ items: z.array(session) })),
    handler: async ({ actor, context: { db }, query: { user_id: userId }, request: { sessionToken } }) => ({ items: await listSessions(db, actor, { userId, currentToken: sessionToken }) }),
  }),
  route({
    ...common, method: 'delete', path: '/api/auth/sessions/{id}', operationId: 'endSession', summary: 'End a session at once',
    audit: { action: 'session.end', by: 'control' }, params: z.strictObject({ id: z.string().regex(/^ses_[0-9a-f]{32}$/, 'Not the id of a session') }), status: 204, response: null,
    handler: async ({ actor, context: { db }, params: { id } }) => endSession(db, actor, id),
  }),
];

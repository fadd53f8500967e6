/** Who you are: first administrator, signing in and out, changing the password. */
import { z } from 'zod';
import { changePassword, login, logout, needsSetup, setupAdmin, type SessionOrigin } from '../../control/auth/index.js';
import { MaestroError } from '../../spec/errors.js';
import { jsonBody } from '../http/body.js';
import { closeSessionCookie, openSessionCookie } from '../http/credentials.js';
import { route, type Call, type RequestFacts } from '../route.js';
import { named } from '../schemas/common.js';
import { credentialsBody, me, setupBody, signedIn } from '../schemas/people.js';

type Credentials = z.infer<typeof credentialsBody>;
type SignedIn = z.input<typeof signedIn>;

const originOf = ({ remoteAddress, userAgent, sessionToken }: RequestFacts): SessionOrigin => ({ address: remoteAddress, agent: userAgent, previous: sessionToken });

async function signIn({ context: { db }, request, body }: Call<unknown, unknown, Credentials>): Promise<SignedIn> {
  const { token, user } = await login(db, { username: body.username, password: body.password }, originOf(request));
  request.setCookie(openSessionCookie(token, request.secure));
  return { user };
}

async function setUp(call: Call<unknown, unknown, z.infer<typeof setupBody>>): Promise<SignedIn> {
  const { db, setupCode } = call.context;
  await setupCode.check(call.body.setup_code);
  await setupAdmin(db, call.body);
  await setupCode.used();
  return signIn(call);
}

/** A person's role has a name; a key only has rights. */
async function whoAmI({ actor, context: { db } }: Call<unknown, unknown, unknown>): Promise<z.input<typeof me>> {
  const user = actor.kind === 'user' ? await db.user.findUnique({ where: { id: actor.id }, select: { role: true } }) : null;
  return { kind: actor.kind === 'key' ? 'key' : 'user', id: actor.id, name: actor.name, role: user?.role ?? null, rights: [...actor.rights], must_change_password: actor.mustChangePassword === true, narrowed: actor.scope !== undefined };
}

const passwords = z.strictObject({ current_password: z.string().min(1).max(1024), new_password: z.string().min(8).max(1024) });

export const authRoutes = [
  route({
    method: 'get', path: '/api/auth/setup-admin', operationId: 'getSetup', tag: 'auth', summary: 'Whether the first administrator is still to be made', right: 'public',
    response: named('Setup', z.object({ needed: z.boolean() })),
    handler: async ({ context: { db } }) => ({ needed: await needsSetup(db) }),
  }),
  route({
    method: 'post', path: '/api/auth/setup-admin', operationId: 'setupAdmin', tag: 'auth', summary: 'Make the first administrator and sign in; needs the code that the server has printed', right: 'public',
    audit: { action: 'auth.setup_admin', by: 'control' }, limited: true, errors: ['auth_error', 'conflict', 'rate_limited'],
    body: jsonBody(setupBody), status: 201, response: signedIn, handler: setUp,
  }),
  route({
    method: 'post', path: '/api/auth/login', operationId: 'login', tag: 'auth', summary: 'Sign in; the answer sets the cookie `session`', right: 'public',
    audit: { action: 'auth.login', by: 'control' }, limited: true, errors: ['auth_error', 'rate_limited'],
    body: jsonBody(credentialsBody), response: signedIn, handler: signIn,
  }),
  route({
    method: 'post', path: '/api/auth/logout', operationId: 'logout', tag: 'auth', summary: 'Sign out', right: 'session', peopleOnly: true,
    audit: { action: 'auth.logout', by: 'control' }, status: 204, response: null,
    handler: async ({ context: { db }, request }) => {
      if (request.sessionToken !== null) await logout(db, request.sessionToken);
      request.setCookie(closeSessionCookie(request.secure));
    },
  }),
  route({
    method: 'post', path: '/api/auth/change-password', operationId: 'changePassword', tag: 'auth', summary: 'Change the password; every session of it ends, and the answer sets the cookie of a new one', right: 'session', peopleOnly: true,
    audit: { action: 'auth.change_password', by: 'control' }, limited: true, errors: ['rate_limited'],
    body: jsonBody(passwords), status: 204, response: null,
    handler: async ({ actor, context: { db }, request, body }) => {
      if (request.sessionToken === null) throw new MaestroError('auth_error', 'There is no session', { fix: 'Sign in first.' });
      const { token } = await changePassword(db, { userId: actor.id, current: body.current_password, next: body.new_password }, originOf(request));
      request.setCookie(openSessionCookie(token, request.secure));
    },
  }),
  route({
    method: 'get', path: '/api/auth/me', operationId: 'getMe', tag: 'auth', summary: 'Who is signed in, with which rights', right: 'session',
    response: me, handler: whoAmI,
  }),
];

/** Who may do what, for every route there is: T-A1, T-O1, T-K1. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { checkTable } from '../../api/check-table.js';
import { seenOf } from '../../api/narrowed.js';
import { isMutation, route, type Route } from '../../api/route.js';
import { routes } from '../../api/routes/index.js';
import { systemActor } from '../../control/actor.js';
import { createKey, createUser, deleteKey, login } from '../../control/auth/index.js';
import { listAudit } from '../../control/audit/index.js';
import { sha256Hex } from '../../spec/hash.js';
import { rightsOfRole, roles, type Right, type Role } from '../../spec/words.js';
import { startDatabase } from '../control/database.js';
import { password, startApi, useApi, type Answer, type Credential } from './harness.js';

/** What each route asks for, written down a second time: a route that is new, or asks for less, has to pass here. */
const expected: Record<string, Right | 'public' | 'session' | 'person' | `${Right} in person`> = {
  'get /healthz': 'public',
  'get /readyz': 'public',
  'get /api/openapi.json': 'public',
  'get /api/schema/deployment.json': 'public',
  'get /api/auth/setup-admin': 'public',
  'post /api/auth/setup-admin': 'public',
  'post /api/auth/login': 'public',
  'post /api/auth/logout': 'person',
  'post /api/auth/change-password': 'person',
  'get /api/auth/me': 'session',
  'get /api/auth/keys': 'person',
  'post /api/auth/keys': 'person',
  'delete /api/auth/keys/{id}': 'person',
  'get /api/deploys': 'deploy.read',
  'post /api/deploys': 'deploy.write',
  'get /api/deploys/{id}': 'deploy.read',
  'delete /api/deploys/{id}': 'deploy.write',
  'get /api/deploys/{id}/versions': 'deploy.read',
  'post /api/deploys/{id}/versions': 'deploy.write',
  'get /api/deploys/{id}/versions/{n}': 'deploy.read',
  'post /api/validate': 'deploy.read',
  'post /api/deploys/{id}/validate': 'deploy.read',
  'post /api/deploys/{id}/diff': 'deploy.write',
  'post /api/deploys/{id}/apply': 'deploy.apply',
  'post /api/deploys/{id}/rollback/{n}': 'deploy.rollback', 'post /api/deploys/{id}/components/{cid}/rollback': 'deploy.rollback',
  'get /api/rollouts': 'deploy.read',
  'get /api/rollouts/{id}': 'deploy.read',
  'get /api/rollouts/{id}/log': 'deploy.read',
  'post /api/rollouts/{id}/retry': 'deploy.apply',
  'post /api/rollouts/{id}/resume': 'deploy.apply',
  'post /api/rollouts/{id}/skip': 'deploy.apply',
  'post /api/rollouts/{id}/approve': 'deploy.approve', 'post /api/rollouts/{id}/pause': 'deploy.apply', 'post /api/rollouts/{id}/rollback': 'deploy.rollback',
  'get /api/deploys/{id}/drift': 'deploy.read', 'get /api/deploys/{id}/components/{cid}/logs': 'deploy.read',
  'post /api/rollouts/{id}/abort': 'deploy.apply',
  'post /api/deploys/{id}/components/{cid}/start': 'component.operate',
  'post /api/deploys/{id}/components/{cid}/stop': 'component.operate',
  'post /api/deploys/{id}/components/{cid}/restart': 'component.operate',
  'post /api/deploys/{id}/components/{cid}/healthcheck': 'component.operate',
  'get /api/nodes': 'node.read', 'get /api/nodes/{id}': 'node.read', 'get /api/enrollments/{id}': 'node.enroll',
  'patch /api/nodes/{id}': 'node.enroll',
  'delete /api/nodes/{id}': 'node.revoke',
  'post /api/enrollments': 'node.enroll',
  'get /api/enrollments': 'node.enroll',
  'delete /api/enrollments/{id}': 'node.enroll',
  'get /install.sh': 'public',
  'get /download/{file}': 'public',
  'get /api/nodes/{id}/tags': 'node.read',
  'put /api/nodes/{id}/tags': 'user.manage in person',
  'get /api/audit': 'audit.read',
  'get /api/audit/verify': 'audit.read',
  'post /api/temporal/codec/decode': 'history.decode',
  'get /api/users': 'user.manage in person',
  'post /api/users': 'user.manage in person',
  'get /api/users/{id}': 'user.manage in person',
  'patch /api/users/{id}': 'user.manage in person',
  'delete /api/users/{id}': 'user.manage in person',
  'post /api/users/{id}/reset-password': 'user.manage in person',
  'get /api/auth/sessions': 'person',
  'delete /api/auth/sessions/{id}': 'person',
  'post /api/artifacts': 'artifact.write',
  'get /api/artifacts': 'deploy.read',
  'get /api/artifacts/{id}': 'deploy.read',
  'delete /api/artifacts/{id}': 'artifact.write',
  'get /api/secrets': 'secret.read_names',
  'get /api/secrets/{path}': 'secret.read_names',
  'put /api/secrets/{path}': 'secret.write',
  'post /api/secrets/seal': 'secret.write',
  'delete /api/secrets/{path}': 'secret.write',
  'get /api/payload-keys': 'secret.write',
  'post /api/payload-keys': 'secret.write',
  'get /api/release-keys': 'node.revoke',
  'post /api/release-keys': 'node.revoke',
  'get /api/authority': 'node.revoke',
  'post /api/authority/rotate': 'node.revoke',
  'post /api/authority/retire': 'node.revoke',
  'post /api/authority/task-keys': 'node.revoke',
};

const rightOf = ({ right, peopleOnly }: Route): string => (peopleOnly !== true ? right : right === 'session' ? 'person' : `${right} in person`);
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const ids: Record<string, string> = { deploys: 'dpl_', rollouts: 'rol_', keys: 'key_', nodes: 'nod_', users: 'usr_', sessions: 'ses_', enrollments: 'enr_' };

/** The path with ids that are well-formed and lead to nothing. */
const pathOf = ({ path }: Route): string => path
  .replace(/\/(\w+)\/\{id\}/, (_, noun: string) => `/${noun}/${ids[noun] ?? ''}${'0'.repeat(noun === 'sessions' ? 32 : 20)}`)
  .replace('{n}', '1').replace('{cid}', 'web').replace('{path}', 'no/such').replace('{file}', 'none.tar.gz');

const codeOf = ({ body }: Answer): unknown => z.object({ code: z.string() }).safeParse(body).data?.code;

describe('access', () => {
  const context = useApi();

  const call = (row: Route, as: Credential): Promise<Answer> =>
    context.api.ask(pathOf(row), { method: row.method.toUpperCase(), as, ...(row.body === null ? {} : { json: {} }) });

  const spoilt = async (): Promise<Record<string, Credential>> => {
    const { db } = context.api;
    const owner = { kind: 'user' as const, id: (await db.user.findFirstOrThrow({ where: { username: 'admin' } })).id, name: 'admin', rights: rightsOfRole.admin };
    const make = (name: string) => createKey(db, owner, { name, rights: ['deploy.read'] });
    const [expired, revoked] = [await make('expired'), await make('revoked')];
    await db.apiKey.update({ where: { id: expired.key_id }, data: { expires_at: new Date(Date.now() - 1000) } });
    await deleteKey(db, systemActor, revoked.key_id);
    const { token } = await login(db, { username: 'admin', password });
    await db.session.update({ where: { token_hash: sha256Hex(token) }, data: { expires_at: new Date(Date.now() - 1000) } });
    return {
      nobody: {},
      'a made-up cookie': { cookie: `session=${randomBytes(32).toString('base64url')}` },
      'an expired session': { cookie: `session=${token}` },
      'a made-up key': { authorization: `Bearer mae_${randomBytes(32).toString('base64url')}` },
      'an expired key': { authorization: `Bearer ${expired.key}` },
      'a revoked key': { authorization: `Bearer ${revoked.key}` },
      'a session token as a key': { authorization: `Bearer ${context.api.people.admin.cookie.slice('session='.length)}` },
      'an admin key in a cookie': { cookie: `session=${context.api.keys.admin.authorization.slice('Bearer '.length)}` },
      'a good cookie beside a bad key': { ...context.api.people.admin, authorization: 'Bearer mae_nothing' },
      'basic credentials': { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` },
    };
  };

  it('is written down for every route, and for no other', () => {
    expect(Object.fromEntries(routes.map((row) => [nameOf(row), rightOf(row)]))).toEqual(expected);
  });

  it('T-A1: nothing but the public routes answers to bad or missing credentials', async () => {
    for (const [who, as] of Object.entries(await spoilt())) {
      for (const row of routes) {
        if (nameOf(row) === 'post /api/auth/login' || nameOf(row) === 'post /api/auth/setup-admin') continue;
        const answer = await call(row, as);
        const open = expected[nameOf(row)] === 'public';
        expect([who, nameOf(row), answer.status === 401, codeOf(answer) === 'auth_error']).toEqual([who, nameOf(row), !open, !open]);
      }
    }
  });

  it('T-O1: each role gets in exactly where it has the right, as a person and by key', async () => {
    const { db, keys } = context.api;
    for (const role of roles) {
      for (const row of routes) {
        const wanted = expected[nameOf(row)] ?? 'missing';
        // A session of its own: signing out must not end the next row's.
        const cookie = { cookie: `session=${(await quickSession(db, role)).token}` };
        for (const [kind, as] of [['person', cookie], ['key', keys[role]]] as const) {
          const answer = await call(row, as);
          const may = wanted === 'public' || wanted === 'session' || mayBe(role, kind, wanted);
          expect([role, kind, nameOf(row), answer.status === 403]).toEqual([role, kind, nameOf(row), !may]);
          expect([role, kind, nameOf(row), answer.status === 401 && wanted !== 'public']).toEqual([role, kind, nameOf(row), false]);
          expect([role, kind, nameOf(row), answer.status >= 500 && codeOf(answer) !== 'unavailable' && nameOf(row) !== 'get /readyz']).toEqual([role, kind, nameOf(row), false]);
        }
      }
    }
  });

  it('T-O1: somebody who is narrowed gets into no route that does not say how it keeps to the grants, by person and by key', async () => {
    const { db } = context.api;
    const own = await createUser(db, systemActor, { username: 'narrowed', password, role: 'operator', grants: { deploys: [] } });
    const admin = await db.user.findFirstOrThrow({ where: { username: 'admin' } });
    const { key } = await createKey(db, { kind: 'user', id: admin.id, name: 'admin', rights: rightsOfRole.admin }, { name: 'scoped', rights: rightsOfRole.admin.filter((right) => right !== 'user.manage'), limits: { host_tags: ['none'] } });
    for (const row of routes) {
      const { token } = await login(db, { username: own.username, password });
      for (const [role, kind, as] of [['operator', 'person', { cookie: `session=${token}` }], ['admin', 'key', { authorization: `Bearer ${key}` }]] as const) {
        const wanted = expected[nameOf(row)] ?? 'missing';
        const answer = await call(row, as);
        const open = wanted === 'public' || wanted === 'session' || (wanted === 'person' && kind === 'person');
        const may = open || mayBe(role, kind, wanted);
        const status = !may ? 403 : open ? null : seenOf(row) !== null ? 404 : row.narrowed === undefined ? 403 : null;
        if (status === null) expect([kind, nameOf(row), answer.status === 401 && wanted !== 'public']).toEqual([kind, nameOf(row), false]);
        else expect([kind, nameOf(row), answer.status]).toEqual([kind, nameOf(row), status]);
        if (answer.status === 403 && wanted !== 'person') expect([nameOf(row), Object.keys(z.object({ details: z.looseObject({}) }).parse(answer.body).details)]).toEqual([nameOf(row), expect.arrayContaining(may || !wanted.endsWith(' in person') || kind === 'person' ? ['missing_right'] : [])]);
      }
    }
  });

  it('names the missing right in the refusal, records it, and changes nothing', async () => {
    const { api } = context;
    const answer = await api.ask('/api/deploys', { as: api.people.viewer, body: 'project: x', type: 'application/yaml' });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'permission_denied', details: { missing_right: 'deploy.write' }, message: expect.stringContaining('deploy.write') });
    const [entry] = (await listAudit(api.db, { limit: 1 })).items;
    expect(entry).toMatchObject({ action: 'deploy.create', result: 'refused', actor: { name: 'viewer' }, details: { missing_right: 'deploy.write' } });
    expect(await api.db.deploy.count()).toBe(0);
  });

  it('T-K1: a key cannot make keys, and one that is revoked is refused at the next request', async () => {
    const { api } = context;
    const made = await api.ask('/api/auth/keys', { as: api.people.admin, json: { name: 'short-lived', rights: ['deploy.read'] } });
    expect(made.status).toBe(201);
    const { key, key_id: id } = z.object({ key: z.string(), key_id: z.string() }).parse(made.body);
    const as = { authorization: `Bearer ${key}` };
    expect((await api.ask('/api/deploys', { as })).status).toBe(200);
    expect((await api.ask('/api/auth/keys', { as, json: { name: 'child', rights: ['deploy.read'] } })).status).toBe(403);
    expect((await api.ask(`/api/auth/keys/${id}`, { method: 'DELETE', as: api.people.admin })).status).toBe(204);
    expect((await api.ask('/api/deploys', { as })).status).toBe(401);
  });

  it("T-O1: another user's key is as good as absent", async () => {
    const { api } = context;
    const made = await api.ask('/api/auth/keys', { as: api.people.admin, json: { name: 'mine', rights: ['deploy.read'] } });
    const { key_id: id } = z.object({ key_id: z.string() }).parse(made.body);
    expect((await api.ask(`/api/auth/keys/${id}`, { method: 'DELETE', as: api.people.operator })).status).toBe(404);
    expect((await api.ask('/api/auth/keys', { as: api.people.operator })).text).not.toContain(id);
  });
});

function mayBe(role: Role, kind: 'person' | 'key', wanted: string): boolean {
  if (wanted === 'person' || wanted.endsWith(' in person')) return kind === 'person' && (wanted === 'person' || (rightsOfRole[role] as readonly string[]).includes(wanted.slice(0, -' in person'.length)));
  return (rightsOfRole[role] as readonly string[]).includes(wanted);
}

async function quickSession(db: Parameters<typeof login>[0], role: Role): Promise<{ token: string }> {
  const token = randomBytes(32).toString('base64url');
  const user = await db.user.findFirstOrThrow({ where: { username: role } });
  await db.session.create({ data: { token_hash: sha256Hex(token), user_id: user.id, expires_at: new Date(Date.now() + 60_000) } });
  return { token };
}

describe('the table of routes', () => {
  const row = (facts: Partial<Route>): Route => ({
    ...route({ method: 'post', path: '/api/x', operationId: 'x', tag: 't', summary: 's', right: 'public', audit: { action: 'x', by: 'router' }, response: z.object({}), handler: () => Promise.resolve({}) }),
    ...facts,
  });
  /** As JavaScript, or a cast, could bring it about. */
  const without = (key: keyof Route): Route => {
    const made = row({});
    Reflect.deleteProperty(made, key);
    return made;
  };

  it('stops the start for a row without a right, naming it', () => {
    expect(() => checkTable([without('right')])).toThrow('POST /api/x declares no right');
  });

  it('stops the start for a mutation without an audit verb, naming it', () => {
    expect(() => checkTable([without('audit')])).toThrow('POST /api/x is a mutation without an audit verb');
  });

  it('stops the start for a path or an operation id that is there twice', () => {
    expect(() => checkTable([row({}), row({ operationId: 'y' })])).toThrow('POST /api/x is there twice');
    expect(() => checkTable([row({}), row({ path: '/api/y' })])).toThrow('operationId x is there twice');
  });

  it('is refused by the server itself, not only by its check', async () => {
    const database = await startDatabase();
    await expect(startApi(database, { empty: true, deps: { routes: [without('right')] } })).rejects.toThrow('POST /api/x declares no right');
    await database.stop();
  });

  it('passes as it is', () => {
    expect(() => checkTable(routes)).not.toThrow();
    expect(routes.filter(({ method }) => isMutation(method)).length).toBeGreaterThan(15);
  });
});

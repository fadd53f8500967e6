/** Setting up, signing in and staying signed in: T-A2, T-A3. */
import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { z } from 'zod';
import { guessLimits } from '../../api/http/guesses.js';
import { password, startApi, testSetupCode, useApi, type Api } from './harness.js';

const credentials = (username: string, secret = password) => ({ username, password: secret });
const setUp = (username: string, code = testSetupCode) => ({ ...credentials(username), setup_code: code });
const cookieOf = (header: string | null): { cookie: string } => ({ cookie: (header ?? '').split(';')[0] ?? '' });

describe('the first administrator', () => {
  const context = useApi({ empty: true });

  it('T-A2: is not made without the code that the server has printed, and the refusal is written down', async () => {
    const { api } = context;
    for (const code of ['wrong', `${testSetupCode}x`, '-', testSetupCode.slice(1)]) {
      const answer = await api.ask('/api/auth/setup-admin', { json: setUp('thief', code) });
      expect([code, answer.status, z.object({ code: z.string() }).parse(answer.body).code]).toEqual([code, 401, 'auth_error']);
    }
    expect((await api.ask('/api/auth/setup-admin', { json: credentials('thief') })).status).toBe(422);
    expect(await api.db.user.count()).toBe(0);
    expect(await api.db.auditEntry.count({ where: { action: 'auth.setup_admin', result: 'refused' } })).toBe(4);
    expect(api.log.join('')).not.toContain(testSetupCode);
  });

  it('T-A2: is made exactly once, however many ask at the same time', async () => {
    const { api } = context;
    expect((await api.ask('/api/auth/setup-admin')).body).toEqual({ needed: true });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => api.ask('/api/auth/setup-admin', { json: setUp(`admin-${index}`) })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    expect(await api.db.user.count()).toBe(1);
    const winner = answers.find(({ status }) => status === 201);
    const me = await api.ask('/api/auth/me', { as: cookieOf(winner?.headers.get('set-cookie') ?? null) });
    expect(me.body).toMatchObject({ kind: 'user', role: 'admin' });
    expect((await api.ask('/api/auth/setup-admin')).body).toEqual({ needed: false });
  });

  it('is refused with code and fix afterwards', async () => {
    const answer = await context.api.ask('/api/auth/setup-admin', { json: setUp('late', 'whatever') });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'conflict', suggested_fix: expect.stringContaining('Sign in') });
  });

  it('cannot be made by a page of another site', async () => {
    const answer = await context.api.ask('/api/auth/setup-admin', { json: setUp('evil'), headers: { origin: 'https://evil.example' } });
    expect(answer.status).toBe(403);
  });
});

describe('a session', () => {
  const context = useApi();
  const signIn = (api: Api) => api.ask('/api/auth/login', { json: credentials('operator') });

  it('is a cookie that scripts and other sites cannot use', async () => {
    const answer = await signIn(context.api);
    expect(answer.status).toBe(200);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^session=[\w-]{43}; /);
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Lax');
    expect(cookie).not.toContain('Secure');
    expect(answer.text).not.toContain(cookie.slice('session='.length, 40));
  });

  it('is for https alone where people come by https', async () => {
    const { server } = context;
    const api = await startApi(server, { settings: { https: true } });
    const cookie = (await signIn(api)).headers.get('set-cookie') ?? '';
    await api.close();
    expect(cookie).toContain('; Secure');
  });

  it('ends when its owner signs out', async () => {
    const { api } = context;
    const as = cookieOf((await signIn(api)).headers.get('set-cookie'));
    expect((await api.ask('/api/auth/me', { as })).body).toMatchObject({ name: 'operator', role: 'operator' });
    const out = await api.ask('/api/auth/logout', { method: 'POST', as });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await api.ask('/api/auth/me', { as })).status).toBe(401);
  });

  it('ends with all others of that user when the password is changed, and the answer brings a new one', async () => {
    const { api } = context;
    const mine = cookieOf((await signIn(api)).headers.get('set-cookie'));
    const other = cookieOf((await signIn(api)).headers.get('set-cookie'));
    const next = 'another long password';
    const change = (as: { cookie: string }, current_password: string, new_password: string) => api.ask('/api/auth/change-password', { as, json: { current_password, new_password } });
    expect((await change(mine, 'wrong wrong', next)).status).toBe(401);
    expect((await change(mine, password, password)).status).toBe(422);
    const changed = await change(mine, password, next);
    expect(changed.status).toBe(204);
    const rotated = cookieOf(changed.headers.get('set-cookie'));
    expect(rotated.cookie).not.toBe(mine.cookie);
    expect((await api.ask('/api/auth/me', { as: rotated })).status).toBe(200);
    for (const as of [mine, other]) expect((await api.ask('/api/auth/me', { as })).status).toBe(401);
    expect((await api.ask('/api/auth/login', { json: credentials('operator') })).status).toBe(401);
    expect((await change(rotated, next, password)).status).toBe(204);
  });

  it('takes the place of the one the browser had before, so that nothing from before the sign-in is good after it', async () => {
    const { api } = context;
    const before = cookieOf((await signIn(api)).headers.get('set-cookie'));
    const after = cookieOf((await api.ask('/api/auth/login', { as: before, json: credentials('operator') })).headers.get('set-cookie'));
    expect((await api.ask('/api/auth/me', { as: before })).status).toBe(401);
    expect((await api.ask('/api/auth/me', { as: after })).status).toBe(200);
  });

  it('is not given for a wrong password, and the refusal does not say which half was wrong', async () => {
    const { api } = context;
    const [known, unknown] = [await api.ask('/api/auth/login', { json: credentials('operator', 'wrong wrong') }), await api.ask('/api/auth/login', { json: credentials('nobody', 'wrong wrong') })];
    const told = z.object({ code: z.string(), message: z.string(), suggested_fix: z.string() });
    expect(known.status).toBe(401);
    expect(told.parse(known.body)).toEqual(told.parse(unknown.body));
  });
});

describe('requests with a cookie', () => {
  const context = useApi();
  const from = (headers: Record<string, string>, as: { cookie: string } | { authorization: string } = context.api.people.operator) =>
    context.api.ask('/api/validate', { as, json: { yaml: 'project: x' }, headers });

  it('T-A3: change nothing when a page of another site sends them', async () => {
    const host = new URL(context.api.url).host;
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' }, { origin: 'null' }, { origin: `http://${host}.evil.example` }, { origin: 'http://127.0.0.1:9' }, { origin: 'not a url' },
      { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'cross-site', origin: `http://${host}` },
    ];
    for (const headers of foreign) {
      const answer = await from(headers);
      expect([headers, answer.status, z.object({ code: z.string() }).parse(answer.body).code]).toEqual([headers, 403, 'permission_denied']);
    }
  });

  it('work from our own pages, and from programs, which send neither header', async () => {
    const { api } = context;
    const own: Record<string, string>[] = [{}, { origin: api.url }, { 'sec-fetch-site': 'same-origin', origin: api.url }, { 'sec-fetch-site': 'none' }];
    for (const headers of own) {
      expect([headers, (await from(headers)).status]).toEqual([headers, 200]);
    }
  });

  it('do not concern API keys, which no browser sends by itself', async () => {
    expect((await from({ origin: 'https://evil.example' }, context.api.keys.operator)).status).toBe(200);
  });
});

describe('guessing passwords', () => {
  const context = useApi({ settings: { guessLimits: { perAccount: 3, perAddress: 8, windowMs: 60_000 } } });

  it('T-A2: ends after a few tries per account, and after some more from one address', async () => {
    const { api } = context;
    const guess = (username: string) => api.ask('/api/auth/login', { json: credentials(username, randomBytes(9).toString('hex')) });
    const one = [];
    for (let index = 0; index < 5; index += 1) one.push((await guess('operator')).status);
    expect(one).toEqual([401, 401, 401, 429, 429]);
    const many = [];
    for (let index = 0; index < 5; index += 1) many.push((await guess(`user-${index}`)).status);
    expect(many).toEqual([401, 401, 401, 429, 429]);
    const refused = await api.ask('/api/auth/login', { json: credentials('operator') });
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({ code: 'rate_limited', suggested_fix: expect.stringContaining('Wait') });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const evaluated = await api.db.auditEntry.count({ where: { action: 'auth.login', result: 'refused' } });
    expect(evaluated).toBe(6);
  });
});

describe('a thousand guesses', () => {
  const context = useApi({ settings: { guessLimits } });

  it('T-A2: are not evaluated but for twenty, from one address and from many, and the others are told when to come back', async () => {
    const { api } = context;
    const statuses: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => api.ask('/api/auth/login', { json: credentials(index % 2 === 0 ? 'admin' : `user-${round}-${index}`, `guess-${round}-${index}`) })));
      statuses.push(...answers.map(({ status }) => status));
    }
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(980);
    expect(await api.db.auditEntry.count({ where: { action: 'auth.login', result: 'refused' } })).toBeLessThanOrEqual(20);
  }, 60_000);
});

describe('signing in', () => {
  const context = useApi({ settings: { guessLimits: { perAccount: 3, perAddress: 3, windowMs: 60_000 } } });

  it('does not count against anybody when it goes well', async () => {
    for (let index = 0; index < 12; index += 1) expect((await context.api.ask('/api/auth/login', { json: credentials('viewer') })).status).toBe(200);
  });
});

describe('one caller', () => {
  const context = useApi({ settings: { requestLimits: { perCaller: 20, refusedPerAddress: 10, windowMs: 60_000 } } });

  it('may ask so often, by key or session each for itself, and is then told to wait', async () => {
    const { api } = context;
    const ask = async (as: Parameters<Api['ask']>[1]): Promise<number> => (await api.ask('/api/deploys', as)).status;
    for (const as of [api.keys.viewer, api.people.viewer]) {
      const statuses = [];
      for (let index = 0; index < 22; index += 1) statuses.push(await ask({ as }));
      expect(statuses).toEqual([...Array.from({ length: 20 }, () => 200), 429, 429]);
    }
    const refused = await api.ask('/api/deploys', { as: api.keys.viewer });
    expect(refused.body).toMatchObject({ code: 'rate_limited' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await ask({ as: api.keys.admin })).toBe(200);
  });

  it('is stopped from trying made-up keys, however they differ', async () => {
    const { api } = context;
    const statuses = [];
    for (let index = 0; index < 12; index += 1) statuses.push((await api.ask('/api/deploys', { as: { authorization: `Bearer mae_${randomBytes(32).toString('base64url')}` } })).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
  });
});

describe('the name we are called by', () => {
  const context = useApi({ settings: { allowedHosts: ['deploy.example.com'] } });

  /** fetch does not let a Host header be chosen. */
  function called(path: string, host: string): Promise<number> {
    const { port } = new URL(context.api.url);
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, headers: { host, ...context.api.people.viewer } }, (response) => { response.resume(); resolve(response.statusCode ?? 0); }).on('error', reject);
    });
  }

  /** As it stands: node's client would put a name in the place of an empty one. */
  async function statusLine(path: string, host: string): Promise<string> {
    const socket = connect(Number(new URL(context.api.url).port), '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${context.api.people.viewer.cookie}\r\nConnection: close\r\n\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('latin1').split('\r\n', 1)[0] ?? '';
  }

  it('T-A3: is not empty', async () => {
    expect(await statusLine('/api/deploys', '127.0.0.1')).toMatch(/ 200 /);
    for (const path of ['/api/deploys', '/']) expect(await statusLine(path, '')).toMatch(/ 403 /);
  });

  it('T-A3: is one of ours, or a page that rebound its own name gets nothing, neither data nor pages', async () => {
    for (const host of ['evil.example', 'evil.example:8080', 'deploy.example.com.evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '[::1].evil.example', 'a@127.0.0.1']) {
      expect([host, await called('/api/deploys', host), await called('/', host)]).toEqual([host, 403, 403]);
    }
    for (const host of ['127.0.0.1', '127.0.0.1:8080', 'localhost:1', 'LOCALHOST', '[::1]:8080', '10.2.3.4:80', 'Deploy.Example.com', 'deploy.example.com.:443', hostname()]) {
      expect([host, await called('/api/deploys', host), await called('/', host)]).toEqual([host, 200, 200]);
    }
    expect(await called('/healthz', 'evil.example')).toBe(200);
  });
});

describe('secrets', () => {
  const context = useApi();

  it('T-K1, T-A3: keys, cookies, passwords and tokens in URLs never reach the log', async () => {
    const { api } = context;
    const made = await api.ask('/api/auth/keys', { as: api.people.admin, json: { name: 'logged?', rights: ['deploy.read'] } });
    const { key } = z.object({ key: z.string() }).parse(made.body);
    const as = { authorization: `Bearer ${key}` };
    await api.ask('/api/deploys', { as });
    await api.ask(`/api/deploys?token=${key}`, { as });
    await api.ask(`/api/nothing/${key}?key=${key}`);
    await api.ask(`/${key}`);
    await api.ask('/api/auth/login', { json: { username: key, password: key } });
    await api.ask('/api/auth/login', { json: { username: 'admin', password: 'hunter2 hunter2' } });
    await api.ask('/api/deploys', { as, headers: { 'x-request-id': key, cookie: `session=${key}` } });
    await api.ask('/api/deploys', { as, method: 'POST', body: `{"yaml": "${key}`, type: 'application/json' });
    const log = api.log.join('');
    expect(api.log.length).toBeGreaterThan(7);
    expect(log).not.toContain(key);
    expect(log).not.toContain(key.slice(0, 24));
    expect(log).not.toContain('hunter2');
    expect(log).not.toContain(api.people.admin.cookie.slice('session='.length));
    expect(log).not.toContain(password);
  });

  it('T-A3: a key in the query signs nobody in', async () => {
    const { api } = context;
    const key = api.keys.admin.authorization.slice('Bearer '.length);
    for (const name of ['token', 'key', 'access_token', 'session']) expect((await api.ask(`/api/deploys?${name}=${key}`)).status).toBe(401);
  });

  it('are not in the database in clear', async () => {
    const { api } = context;
    const rows = JSON.stringify([await api.db.apiKey.findMany(), await api.db.session.findMany(), await api.db.user.findMany(), await api.db.auditEntry.findMany({ select: { details: true, target: true, actor_name: true } })]);
    for (const secret of [...Object.values(api.keys).map(({ authorization }) => authorization.slice('Bearer '.length)), ...Object.values(api.people).map(({ cookie }) => cookie.slice('session='.length)), password]) {
      expect(rows).not.toContain(secret);
    }
  });
});

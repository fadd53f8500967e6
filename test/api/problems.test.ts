/** Whatever goes wrong is answered in one shape, with a way on, and without a word about the inside. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';
import { refusalOf } from '../../control/problem.js';
import { isDatabaseUnreachable } from '../../control/unreachable.js';
import { route } from '../../api/route.js';
import { startDatabase } from '../control/database.js';
import { behindLine } from './cut.js';
import { startApi, useApi } from './harness.js';

const problem = z.object({ code: z.string(), status: z.number(), title: z.string(), detail: z.string(), message: z.string(), suggested_fix: z.string(), request_id: z.string(), errors: z.array(z.unknown()) });

const broken = route({
  method: 'get', path: '/api/broken', operationId: 'broken', tag: 't', summary: 'Fails', right: 'public', response: null,
  handler: () => Promise.reject(new Error('secret detail of the inside at /srv/app/file.ts:12')),
});
const lying = route({
  method: 'get', path: '/api/lying', operationId: 'lying', tag: 't', summary: 'Answers more than it says', right: 'public', response: z.object({ shown: z.string() }),
  handler: () => Promise.resolve({ shown: 'yes', password_hash: 'no' }),
});

describe('a request that fails', () => {
  const context = useApi({ deps: { routes: [broken, lying] } });

  it('inside of Maestro is told nothing but where to look, and the log has the rest under the same id', async () => {
    const answer = await context.api.ask('/api/broken', { headers: { 'x-request-id': 'my-request-1' } });
    expect(answer.status).toBe(500);
    expect(problem.parse(answer.body)).toMatchObject({ code: 'internal', request_id: 'my-request-1', suggested_fix: expect.stringContaining('request_id') });
    expect(answer.text).not.toMatch(/secret detail|\/srv|stack/);
    expect(answer.headers.get('x-request-id')).toBe('my-request-1');
    expect(context.api.log.filter((line) => line.includes('my-request-1') && line.includes('secret detail'))).toHaveLength(1);
  });

  it('leaves one line of its own, with route, status and duration', async () => {
    await context.api.ask('/api/broken?x=1', { headers: { 'x-request-id': 'my-request-2' } });
    const lines = context.api.log.filter((line) => line.includes('my-request-2') && line.includes('"msg":"request"'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ method: 'GET', route: '/api/broken', status: 500, code: 'internal', ms: expect.any(Number) });
  });

  it('only what the schema of an answer names leaves the process', async () => {
    expect((await context.api.ask('/api/lying')).body).toEqual({ shown: 'yes' });
  });
});

describe('a request to nowhere', () => {
  const context = useApi();

  it('is 404 as a problem for paths of the API', async () => {
    for (const path of ['/api', '/api/nothing', '/api/deploys/x/y/z', '/ws/events', '/ws/other']) {
      const answer = await context.api.ask(path, { as: context.api.people.admin });
      expect([path, answer.status, problem.parse(answer.body).code]).toEqual([path, 404, 'not_found']);
    }
  });

  it('is 405 with Allow for a known path and another method, before anything else is looked at', async () => {
    const { api } = context;
    for (const [path, method, allow] of [['/api/deploys', 'PUT', 'GET, POST'], ['/api/deploys', 'DELETE', 'GET, POST'], [`/api/deploys/dpl_${'0'.repeat(20)}/apply`, 'GET', 'POST'], ['/healthz', 'POST', 'GET'], ['/api/auth/login', 'GET', 'POST']] as const) {
      const answer = await api.ask(path, { method });
      expect([path, answer.status, answer.headers.get('allow'), problem.parse(answer.body).code]).toEqual([path, 405, allow, 'method_not_allowed']);
      expect(problem.parse(answer.body).suggested_fix).toContain(allow.split(',')[0] ?? '');
    }
  });

  it('with a URL that cannot be decoded is 422', async () => {
    const answer = await context.api.ask('/api/deploys/%E0%A4%A');
    expect([answer.status, problem.parse(answer.body).code]).toEqual([422, 'validation_error']);
  });

  it('outside of the API gets the page that says how to build the pages', async () => {
    const answer = await context.api.ask('/deploys/7');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.text).toContain('npm run build');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("object-src 'none'");
    const nonces = [...policy.matchAll(/(?:script|style)-src 'self' 'nonce-([A-Za-z0-9+/]{22}==)'(?:;|$)/g)].map(([, nonce]) => nonce);
    expect([nonces.length, new Set(nonces).size]).toEqual([2, 1]);
    expect(policy.replace("style-src-attr 'unsafe-inline'", '')).not.toContain('unsafe');
    expect((await context.api.ask('/deploys/7')).headers.get('content-security-policy')).not.toContain(nonces[0]);
  });
});

describe('answers of the API', () => {
  const context = useApi();

  it('may not be framed, sniffed or cached, and load nothing', async () => {
    const { headers } = await context.api.ask('/api/deploys', { as: context.api.people.viewer });
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('a request id of a form that could be abused is replaced', async () => {
    for (const bad of ['short', 'x'.repeat(65), 'with space in it', '"},{"level":60']) {
      expect((await context.api.ask('/healthz', { headers: { 'x-request-id': bad } })).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('says what is not ready', async () => {
    const ready = await context.api.ask('/readyz');
    expect([ready.status, ready.body]).toEqual([503, { ready: false, parts: { database: true, temporal: false }, down: ['temporal'] }]);
    expect((await context.api.ask('/healthz')).body).toEqual({ ok: true });
  });

  it('a client that sends half a request is let go', async () => {
    const { port } = new URL(context.api.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"user');
    await once(socket, 'connect');
    socket.destroy();
    expect((await context.api.ask('/healthz')).status).toBe(200);
  });
});

describe('without a database', () => {
  it('every route answers 503 with Retry-After, health stays up, and all is well again when it is back', async () => {
    const direct = await startDatabase();
    const { server, line } = await behindLine(direct);
    const api = await startApi(server);
    try {
      const as = api.people.admin;
      expect((await api.ask('/api/deploys', { as })).status).toBe(200);
      await line.cut();
      for (const path of ['/api/deploys', '/api/auth/me', '/api/nodes']) {
        const answer = await api.ask(path, { as });
        expect([path, answer.status, answer.headers.get('retry-after'), problem.parse(answer.body).code]).toEqual([path, 503, '5', 'unavailable']);
        expect(answer.text).not.toMatch(/ECONN|prisma|127\.0\.0\.1/i);
      }
      expect((await api.ask('/readyz')).body).toMatchObject({ ready: false, down: ['database', 'temporal'] });
      expect((await api.ask('/healthz')).status).toBe(200);
      await line.mend();
      expect((await api.ask('/api/deploys', { as })).status).toBe(200);
    } finally {
      await api.close();
      await line.cut();
      await direct.stop();
    }
  });

  it('what a driver says of a lost connection is recognised, at any depth; a fault of ours is not', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(isDatabaseUnreachable(refused)).toBe(true);
    expect(isDatabaseUnreachable(new Error('outer', { cause: new Error('inner', { cause: refused }) }))).toBe(true);
    expect(isDatabaseUnreachable(new AggregateError([refused]))).toBe(true);
    expect(isDatabaseUnreachable({ code: 'P2010', meta: { driverAdapterError: { cause: { originalCode: '57P01', kind: 'postgres' } } } })).toBe(true);
    expect(isDatabaseUnreachable(new TypeError('x is not a function'))).toBe(false);
    expect(isDatabaseUnreachable(Object.assign(new Error('unique'), { code: 'P2002' }))).toBe(false);
    const loop: { cause?: unknown } = {};
    loop.cause = loop;
    expect(isDatabaseUnreachable(loop)).toBe(false);
    expect(refusalOf(new TypeError('x'), 'id')).toMatchObject({ unexpected: true, problem: { code: 'internal', detail: 'Something went wrong inside Maestro' } });
  });
});

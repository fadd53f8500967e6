/** `WS /ws/events`: every event once and in order, to those who may see it, for as long as they may. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { inTransaction } from '../../control/database.js';
import { appendEvents, type EventInput } from '../../control/events/index.js';
import { behindLine } from './cut.js';
import { startDatabase } from '../control/database.js';
import { password, startApi, useApi, type Api } from './harness.js';

const message = z.object({ id: z.number(), type: z.string(), data: z.record(z.string(), z.unknown()), rollout_id: z.string().optional() });
const gap = z.object({ type: z.literal('gap'), after: z.number() });
type Message = z.infer<typeof message>;

interface Reader { socket: WebSocket; got: Message[]; gaps: number[]; closed: Promise<{ code: number; reason: string }>; until(count: number): Promise<void> }

const wsUrl = (api: Api, query = ''): string => `${api.url.replace('http', 'ws')}/ws/events${query}`;

function read(api: Api, query: string, headers: Record<string, string>): Promise<Reader> {
  const socket = new WebSocket(wsUrl(api, query), { headers });
  const got: Message[] = [];
  const gaps: number[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) => { socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })); });
  socket.on('message', (bytes: Buffer) => {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    const cut = gap.safeParse(value);
    if (cut.success) gaps.push(cut.data.after);
    else got.push(message.parse(value));
  });
  const until = async (count: number): Promise<void> => {
    for (const end = Date.now() + 60_000; got.length < count; await wait(10)) if (Date.now() > end) throw new Error(`${got.length} of ${count} events came`);
  };
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve({ socket, got, gaps, closed, until }));
    socket.on('error', reject);
  });
}

/** Status and code of a handshake that is refused. */
async function refusal(api: Api, query: string, headers: Record<string, string>): Promise<[number, unknown]> {
  const socket = new WebSocket(wsUrl(api, query), { headers });
  const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    socket.on('open', () => reject(new Error('it was accepted')));
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
  socket.terminate();
  return [answer.status, z.object({ code: z.string() }).parse(JSON.parse(answer.body)).code];
}

const append = (api: Api, ...events: EventInput[]): Promise<void> => inTransaction(api.db, (tx) => appendEvents(tx, events));
const numbered = (from: number, count: number, over: Partial<EventInput> = {}): EventInput[] => Array.from({ length: count }, (_, index) => ({ type: 'step.output' as const, data: { n: from + index }, ...over }));
const numbers = (events: readonly Message[]): unknown[] => events.map(({ data }) => data['n']);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

const rollout = (letter: string): string => `rol_${letter.repeat(20)}`;

describe('the events socket', () => {
  const context = useApi({ deps: { socketTimes: { pingMs: 15_000, recheckMs: 200 } } });

  describe('refuses before the upgrade', () => {
    it('T-A3: pages of other sites, whatever cookie they bring', async () => {
      const { api } = context;
      for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1', `${api.url}.evil.example`]) {
        expect([origin, await refusal(api, '', { ...api.people.admin, origin })]).toEqual([origin, [403, 'permission_denied']]);
      }
    });

    it('T-A1: whoever is not signed in, also with a key in the query', async () => {
      const { api } = context;
      const key = api.keys.admin.authorization.slice('Bearer '.length);
      const cases: [string, Record<string, string>][] = [['', {}], ['', { cookie: 'session=nothing' }], ['', { authorization: 'Bearer mae_nothing' }], [`?token=${key}`, {}], [`?access_token=${key}`, {}]];
      for (const [query, headers] of cases) expect(await refusal(api, query, headers)).toEqual([401, 'auth_error']);
      expect(api.log.join('')).not.toContain(key);
    });

    it('keys without the right to read', async () => {
      const { api } = context;
      const made = await api.ask('/api/auth/keys', { as: api.people.admin, json: { name: 'nodes only', rights: ['node.read'] } });
      const { key } = z.object({ key: z.string() }).parse(made.body);
      expect(await refusal(api, '', { authorization: `Bearer ${key}` })).toEqual([403, 'permission_denied']);
    });

    it('places and filters that are none', async () => {
      const { api } = context;
      for (const query of ['?after=x', '?after=-1', '?after=1.5', '?rollout_id=1', '?deploy_id=rol_00000000000000000000']) expect([query, await refusal(api, query, api.people.viewer)]).toEqual([query, [422, 'validation_error']]);
    });

    it('other paths, and what is no handshake', async () => {
      const { api } = context;
      const other = new WebSocket(wsUrl(api).replace('/ws/events', '/ws/other'), { headers: api.people.admin });
      const [error] = (await once(other, 'error')) as [Error];
      expect(error.message).toContain('404');
      const raw = connect(Number(new URL(api.url).port), '127.0.0.1');
      raw.write(`GET /ws/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: ${api.people.admin.cookie}\r\n\r\n`);
      const [answer] = (await once(raw, 'data')) as [Buffer];
      expect(answer.toString()).toContain('400 Bad Request');
      raw.destroy();
    });
  });

  it('brings events live, to cookies from our own pages and to keys alike', async () => {
    const { api } = context;
    const readers = [await read(api, '', { ...api.people.viewer, origin: api.url }), await read(api, '', api.keys.viewer)];
    await append(api, ...numbered(0, 3));
    for (const reader of readers) {
      await reader.until(3);
      expect(numbers(reader.got)).toEqual([0, 1, 2]);
      expect(reader.got[0]).toEqual({ id: expect.any(Number), type: 'step.output', data: { n: 0 } });
      reader.socket.close();
    }
  });

  it('resumes after the last id without gap or repeat, while new events keep coming', async () => {
    const { api } = context;
    const total = 1500;
    const first = await read(api, '?after=0', api.keys.viewer);
    const before = (await api.db.event.findMany({ where: { type: 'step.output' } })).length;
    const writing = (async () => { for (let from = 0; from < total; from += 10) await append(api, ...numbered(from, 10)); })();
    const seen: Message[] = [];
    let reader = first;
    for (let cut = 0; cut < 5; cut += 1) {
      await reader.until(cut === 0 ? before + 50 : 50);
      reader.socket.terminate();
      await reader.closed;
      seen.push(...reader.got);
      reader = await read(api, `?after=${seen.at(-1)?.id ?? 0}`, api.keys.viewer);
    }
    await writing;
    await reader.until(before + total - seen.length);
    await wait(100);
    seen.push(...reader.got);
    reader.socket.close();
    const ids = seen.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(ids.length);
    expect(numbers(seen.slice(before))).toEqual(range(0, total));
  });

  it('filters by rollout and by what the reader may see', async () => {
    const { api } = context;
    const one = await read(api, `?rollout_id=${rollout('a')}`, api.keys.viewer);
    const viewer = await read(api, '', api.keys.viewer);
    const admin = await read(api, '', api.keys.admin);
    await append(api, ...numbered(1, 1, { rollout_id: rollout('a') }), ...numbered(2, 1, { rollout_id: rollout('b') }), { type: 'audit.entry', data: { n: 3 } }, { type: 'node.state', host: 'web-01', data: { n: 4 } }, ...numbered(5, 1, { rollout_id: rollout('a') }));
    await Promise.all([one.until(2), viewer.until(4), admin.until(5)]);
    await wait(50);
    expect([numbers(one.got), numbers(viewer.got), numbers(admin.got)]).toEqual([[1, 5], [1, 2, 4, 5], [1, 2, 3, 4, 5]]);
    for (const { socket } of [one, viewer, admin]) socket.close();
  });

  it('cuts a reader that does not read, with a hint where to resume, and holds no more than its bound for it', async () => {
    const { api } = context;
    const slow = await read(api, '', api.keys.viewer);
    const quick = await read(api, '', api.keys.viewer);
    slow.socket.pause();
    const large = 'x'.repeat(100_000);
    for (let from = 0; from < 200; from += 10) await append(api, ...numbered(from, 10, {}).map((event) => ({ ...event, data: { ...event.data, large } })));
    await quick.until(200);
    slow.socket.resume();
    const { code } = await slow.closed;
    expect([code, slow.gaps.length]).toEqual([1013, 1]);
    expect(slow.got.length).toBeLessThan(200);
    expect(slow.gaps[0]).toBe(slow.got.at(-1)?.id);
    const resumed = await read(api, `?after=${slow.gaps[0] ?? 0}`, api.keys.viewer);
    await resumed.until(200 - slow.got.length);
    expect([...numbers(slow.got), ...numbers(resumed.got)]).toEqual(range(0, 200));
    for (const { socket } of [quick, resumed]) socket.close();
  });

  it('T-K1: ends within moments of signing out, expiry, revocation or the loss of the right', async () => {
    const { api } = context;
    const login = await api.ask('/api/auth/login', { json: { username: 'viewer', password } });
    const cookie = { cookie: (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
    const made = z.object({ key: z.string(), key_id: z.string() }).parse((await api.ask('/api/auth/keys', { as: api.people.operator, json: { name: 'to be revoked', rights: ['deploy.read'] } })).body);
    const [bySession, byKey, other] = [await read(api, '', cookie), await read(api, '', { authorization: `Bearer ${made.key}` }), await read(api, '', api.keys.admin)];
    await api.ask('/api/auth/logout', { method: 'POST', as: cookie });
    await api.ask(`/api/auth/keys/${made.key_id}`, { method: 'DELETE', as: api.people.operator });
    const startedAt = Date.now();
    expect((await Promise.all([bySession.closed, byKey.closed])).map(({ code }) => code)).toEqual([1008, 1008]);
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    await append(api, ...numbered(1, 1));
    await other.until(1);
    expect(bySession.got.length + byKey.got.length).toBe(0);
    other.socket.close();
  });

  it('does not listen: what a reader sends is ignored, and a flood ends the socket', async () => {
    const { api } = context;
    const reader = await read(api, '', api.keys.viewer);
    reader.socket.send('{"subscribe":"everything"}');
    await append(api, ...numbered(1, 1));
    await reader.until(1);
    reader.socket.send('x'.repeat(10_000));
    expect((await reader.closed).code).toBe(1009);
  });
});

describe('the events socket with quick pings', () => {
  const context = useApi({ deps: { socketTimes: { pingMs: 300, recheckMs: 1_000 } } });

  it('lets a reader that stays away for longer than its pings be gone', async () => {
    const { api } = context;
    const dead = await read(api, '', api.keys.viewer);
    dead.socket.pause();
    const closedByServer = once(dead.socket, 'close');
    await wait(1200);
    dead.socket.resume();
    await closedByServer;
    const alive = await read(api, '', api.keys.viewer);
    await wait(1200);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
    alive.socket.close();
  });
});

describe('the events socket over a database that comes and goes', () => {
  it('keeps its readers, and brings them what happened meanwhile, once', async () => {
    const direct = await startDatabase();
    const { server, line } = await behindLine(direct);
    const api = await startApi(server, { deps: { socketTimes: { pingMs: 5_000, recheckMs: 100 } } });
    const reader = await read(api, '', api.keys.viewer);
    await append(api, ...numbered(0, 5));
    await reader.until(5);
    await line.cut();
    await wait(500);
    expect(reader.socket.readyState).toBe(WebSocket.OPEN);
    await line.mend();
    await append(api, ...numbered(5, 5));
    await reader.until(10);
    expect(numbers(reader.got)).toEqual(range(0, 10));
    await api.close();
    expect((await reader.closed).code).toBe(1001);
    await line.cut();
    await direct.stop();
  });
});

/** The lines lose what they are meant to lose, and nothing else. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Chance } from './chance.js';
import { dockerKind } from './docker-proxy.js';
import { httpProxy } from './http-proxy.js';
import { kindOf, Messages, Statements } from './postgres-messages.js';

const message = (type: string, ...texts: string[]): Buffer => {
  const body = Buffer.concat(texts.map((text) => Buffer.from(`${text}\0`)));
  const head = Buffer.alloc(5, type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

test('the same seed loses the same answers of a kind, about as many as it is told', () => {
  const fates = (seed: number, kind: string): boolean[] => {
    const chance = new Chance(seed, 0.1);
    chance.armed = true;
    return Array.from({ length: 2000 }, () => chance.loses(kind));
  };
  expect(fates(1, 'commit')).toEqual(fates(1, 'commit'));
  expect(fates(1, 'commit')).not.toEqual(fates(2, 'commit'));
  for (const kind of ['commit', 'insert']) expect(Math.abs(fates(3, kind).filter(Boolean).length - 200)).toBeLessThan(60);
});

test('messages are found however the bytes arrive', () => {
  const start = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]);
  const stream = Buffer.concat([start, message('P', 's1', 'COMMIT'), message('Q', 'BEGIN')]);
  for (const step of [1, 3, 7, stream.length]) {
    const messages = new Messages(true);
    const found = Array.from({ length: Math.ceil(stream.length / step) }, (_, index) => messages.take(stream.subarray(index * step, (index + 1) * step))).flat();
    expect(found.map(({ type }) => type)).toEqual(['', 'P', 'Q']);
    expect(Buffer.concat(found.map(({ bytes }) => bytes))).toEqual(stream);
  }
});

test('a statement is known when it runs, prepared or not', () => {
  const statements = new Statements();
  const asked = [message('P', 's1', 'INSERT INTO t VALUES (1)'), message('B', '', 's1'), message('E', ''), message('Q', 'COMMIT'), message('B', '', 's1'), message('E', '')];
  expect(asked.map((bytes) => statements.ran({ type: String.fromCharCode(bytes[0] ?? 0), bytes }))).toEqual([null, null, 'INSERT INTO t VALUES (1)', 'COMMIT', null, 'INSERT INTO t VALUES (1)']);
});

test.each([
  ['COMMIT', true, 'commit'], ['commit', false, 'commit'], ['INSERT INTO t VALUES (1)', false, 'insert'], ['INSERT INTO t VALUES (1)', true, null], [' UPDATE t SET a = 1', false, 'update'],
  ['DELETE FROM t', false, 'delete'], ['WITH a AS (SELECT 1) INSERT INTO t SELECT 1', false, 'insert'], ['SELECT 1', false, null], ['BEGIN', false, null], ['ROLLBACK', true, null],
])('"%s" (in a transaction: %s) is lost as %s', (statement, inside, kind) => { expect(kindOf(statement, inside)).toBe(kind); });

test.each([
  ['POST', '/containers/create?name=a', 'containers/create'], ['POST', '/v1.41/containers/abc/start', 'containers/start'], ['POST', '/containers/abc/rename?name=b', 'containers/rename'], ['DELETE', '/containers/abc?force=true', 'delete containers'],
  ['POST', '/images/create?fromImage=a', 'images/create'], ['POST', '/networks/create', 'networks/create'], ['POST', '/networks/abc/connect', 'networks/connect'], ['GET', '/containers/json', null], ['POST', '/exec/abc/start', null], ['POST', '/containers/abc/exec', null],
])('%s %s is lost as %s', (method, path, kind) => { expect(dockerKind(method, path)).toBe(kind); });

async function port(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('a request whose answer is lost had its effect; a refused one is heard', async () => {
  const done: string[] = [];
  const target = createServer((request, response) => {
    done.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(request.url === '/refused' ? 409 : 200).end('said');
  });
  const chance = new Chance(1, 1);
  chance.armed = true;
  const proxy = httpProxy({ host: '127.0.0.1', port: await port(target) }, chance, (method) => (method === 'GET' ? null : 'post'));
  const url = `http://127.0.0.1:${String(await port(proxy))}`;
  const ask = (method: string, path: string): Promise<number | null> => fetch(`${url}${path}`, { method }).then(({ status }) => status, () => null);
  expect([await ask('GET', '/a'), await ask('POST', '/b'), await ask('POST', '/refused')]).toEqual([200, null, 409]);
  expect(done).toEqual(['GET /a', 'POST /b', 'POST /refused']);
  expect(chance.counts).toEqual({ post: { seen: 2, lost: 1 } });
  for (const server of [proxy, target]) server.closeAllConnections();
  for (const server of [proxy, target]) await new Promise((resolve) => { server.close(resolve); });
});

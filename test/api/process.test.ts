/** The process as a supervisor runs it: bundled, on the Node of this machine, from the root of the checkout. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'esbuild';
import { WebSocket } from 'ws';
import { createPrisma } from '../../prisma/client.js';
import { startDatabase, type DatabaseServer } from '../control/database.js';
import { ask, makePeople, nowhere } from './harness.js';

const root = new URL('../../', import.meta.url).pathname;
/** Beside node_modules, since packages are loaded from there. */
const bundle = join(root, 'dist', `.api-test-${process.pid}.mjs`);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

interface Running { child: ChildProcess; url: string; output: string[]; ready: Promise<void>; exit: Promise<[code: number | null, signal: string | null]> }

describe('the API process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'maestro-api-'));
  const children = new Set<ChildProcess>();
  let server: DatabaseServer;

  beforeAll(async () => {
    server = await startDatabase();
    await build({ absWorkingDir: root, entryPoints: ['api/main.ts'], outfile: bundle, bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external', logLevel: 'error' });
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(bundle, { force: true });
    rmSync(folder, { recursive: true, force: true });
    await server.stop();
  });

  async function start(env: Record<string, string>): Promise<Running> {
    const port = await freePort();
    const child = fork(bundle, { cwd: root, silent: true, execArgv: [], env: { NODE_ENV: 'production', PATH: process.env['PATH'] ?? '', MAESTRO_WEB: '0', MAESTRO_PORT: String(port), MAESTRO_DATA: folder, MAESTRO_TEMPORAL_ADDRESS: nowhere, ...env } });
    children.add(child);
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk.toString('utf8')));
    const exit = once(child, 'exit') as Running['exit'];
    const ready = once(child, 'message').then(([message]) => { expect(message).toEqual({ type: 'ready' }); });
    return { child, url: `http://127.0.0.1:${port}`, output, exit, ready };
  }

  it('migrates an empty database, says when it is ready, and keeps its key to itself', async () => {
    const { child, url, exit, ready } = await start({ DATABASE_URL: await server.emptyDatabase() });
    await ready;
    expect((await ask(url, '/healthz')).body).toEqual({ ok: true });
    expect((await ask(url, '/readyz')).body).toMatchObject({ parts: { database: true, temporal: false } });
    expect((await ask(url, '/api/auth/setup-admin', { json: { username: 'admin', password: 'correct horse battery', setup_code: 'wrong-wrong' } })).status).toBe(401);
    const code = readFileSync(join(folder, 'keys', 'setup-code'), 'utf8').trim();
    expect((await ask(url, '/api/auth/setup-admin', { json: { username: 'admin', password: 'correct horse battery', setup_code: code } })).status).toBe(201);
    expect(existsSync(join(folder, 'keys', 'setup-code'))).toBe(false);
    expect((await ask(url, '/')).text).toContain('npm run build');
    for (const name of ['payload.key', 'host-release.key', 'digest.key']) expect([name, statSync(join(folder, 'keys', name)).mode & 0o777]).toEqual([name, 0o600]);
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });

  it('two that start at the same time on one empty database both come up', async () => {
    const env = { DATABASE_URL: await server.emptyDatabase() };
    const both = await Promise.all([start(env), start(env)]);
    await Promise.all(both.map(({ ready }) => ready));
    for (const { child } of both) child.kill('SIGTERM');
    expect(await Promise.all(both.map(({ exit }) => exit))).toEqual([[0, null], [0, null]]);
  });

  it('on SIGTERM lets a request that is being answered finish, tells its sockets, takes no more, and ends', async () => {
    const { url: databaseUrl } = await server.freshDatabase();
    const db = createPrisma(databaseUrl);
    const { keys } = await makePeople(db);
    await db.$disconnect();
    const { child, url, exit, ready } = await start({ DATABASE_URL: databaseUrl });
    await ready;
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/events`, { headers: keys.viewer });
    await once(socket, 'open');
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    const body = JSON.stringify({ username: 'admin', password: 'correct horse battery' });
    const slow = connect(Number(new URL(url).port), '127.0.0.1');
    slow.write(`POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body.slice(0, 10)}`);
    await wait(100);
    child.kill('SIGTERM');
    expect((await closed)[0]).toBe(1001);
    slow.write(body.slice(10));
    const [answer] = (await once(slow, 'data')) as [Buffer];
    expect(answer.toString('utf8')).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(await exit).toEqual([0, null]);
    await expect(ask(url, '/healthz')).rejects.toThrow();
  });

  it('ends when its supervisor is gone', async () => {
    const { child, exit, ready } = await start({ DATABASE_URL: await server.emptyDatabase() });
    await ready;
    child.disconnect();
    expect(await exit).toEqual([0, null]);
  });

  it('says what is wrong with its configuration, and ends', async () => {
    const { exit, output, ready } = await start({ MAESTRO_PORT: 'eighty' });
    ready.catch(() => undefined);
    expect(await exit).toEqual([1, null]);
    const text = output.join('');
    expect(text).toContain('DATABASE_URL is not set');
    expect(text).toContain('MAESTRO_PORT must be a port');
  });

  it('says that the database does not answer, and ends, so that its supervisor can try again', async () => {
    const { exit, output, ready } = await start({ DATABASE_URL: 'postgresql://maestro:not-for-logs@127.0.0.1:1/maestro' });
    ready.catch(() => undefined);
    expect((await exit)[0]).toBe(1);
    expect(output.join('')).toContain('ECONNREFUSED');
    expect(output.join('')).not.toContain('not-for-logs');
  });
});

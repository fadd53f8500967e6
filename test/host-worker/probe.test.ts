import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { commandOnHost } from '../../host-worker/health/commands.js';
import { probeOf } from '../../host-worker/health/probe.js';
import type { Healthcheck, SystemdRun } from '../../spec/desired.js';
import { quick, systemdRun } from './placements.js';

const never = new AbortController().signal;
const servers: { close(): void; closeAllConnections?(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const look = (check: Healthcheck, timeoutMs = 1_000, signal = never) => probeOf(check, commandOnHost(systemdRun()), (said) => said)(timeoutMs, signal);
const http = (url: string, over: { expect_status?: number; expect_body_contains?: string } = {}): Healthcheck =>
  ({ ...quick, type: 'http', url, expect_status: 200, expect_body_contains: null, ...over });
const command = (text: string): Healthcheck => ({ ...quick, type: 'command', command: text });

describe('http', () => {
  it.each([[200, 200, true], [503, 200, false], [404, 404, true], [204, 200, false], [302, 302, true]])('status %i, %i expected: %s', async (status, expected, ok) => {
    const url = await serve((_, response) => response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end());
    expect(await look(http(url, { expect_status: expected }))).toEqual({ ok, detail: `http ${String(status)}` });
  });

  it('looks for a text in the body', async () => {
    const url = await serve((_, response) => response.end('all systems go'));
    expect(await look(http(url, { expect_body_contains: 'systems go' }))).toMatchObject({ ok: true });
    expect(await look(http(url, { expect_body_contains: 'down' }))).toEqual({ ok: false, detail: 'http 200, but the body does not contain "down"' });
  });

  it('follows redirects on the same host, and to no other', async () => {
    const other = await serve((_, response) => response.end('other'));
    const url = await serve((request, response) => {
      if (request.url === '/') response.writeHead(301, { location: '/health' }).end();
      else if (request.url === '/away') response.writeHead(302, { location: other }).end();
      else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else response.end('ok');
    });
    expect(await look(http(url))).toEqual({ ok: true, detail: 'http 200' });
    expect(await look(http(`${url}/away`))).toMatchObject({ ok: false, detail: expect.stringContaining('redirects to another host') });
    expect(await look(http(`${url}/loop`))).toMatchObject({ ok: false, detail: expect.stringContaining('more than 5 redirects') });
  });

  it('gives up on a server that does not answer, or does not end its answer', async () => {
    const silent = await serve(() => undefined);
    const endless = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect(await look(http(silent), 150)).toEqual({ ok: false, detail: 'http no answer within 150 ms' });
    expect(await look(http(endless, { expect_body_contains: 'y' }), 150)).toEqual({ ok: false, detail: 'http no answer within 150 ms' });
    expect(await look(http(endless), 150)).toEqual({ ok: true, detail: 'http 200' });
  });

  it('does not read a body without end', async () => {
    const url = await serve((_, response) => {
      const flood = (): void => { while (response.write('x'.repeat(65_536))); };
      response.on('drain', flood);
      flood();
    });
    expect(await look(http(url, { expect_body_contains: 'y' }), 5_000)).toMatchObject({ ok: false, detail: expect.stringContaining('does not contain') });
  });

  it('says what is wrong with the way there', async () => {
    expect(await look(http('http://127.0.0.1:1/'))).toEqual({ ok: false, detail: 'http connection refused' });
    expect(await look(http('http://no-such-host.invalid/'))).toMatchObject({ ok: false, detail: expect.stringMatching(/^http (name not found|E)/) });
    expect(await look(http('not a url'))).toMatchObject({ ok: false });
  });

  it('uses a connection of its own each time', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('ok');
    });
    for (let round = 0; round < 3; round += 1) await look(http(url));
    expect(ports.size).toBe(3);
  });
});

describe('tcp', () => {
  it('is green on an open port and red on a closed one', async () => {
    const server = createTcpServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await look({ ...quick, type: 'tcp', host: '127.0.0.1', port })).toEqual({ ok: true, detail: `tcp ${String(port)} open` });
    await new Promise((resolve) => server.close(resolve));
    expect(await look({ ...quick, type: 'tcp', host: 'localhost', port })).toEqual({ ok: false, detail: 'tcp connection refused' });
  });
});

describe('a command on the host', () => {
  it('is judged by its exit code, and shows its last line when red', async () => {
    expect(await look(command('echo fine'))).toEqual({ ok: true, detail: 'command exited with 0' });
    expect(await look(command('echo one; echo "the reason" >&2; exit 4'))).toEqual({ ok: false, detail: 'command exited with 4: the reason' });
    expect(await look(command('kill -9 $$'))).toEqual({ ok: false, detail: 'command ended by SIGKILL' });
    expect(await look(command('/no/such/program'))).toMatchObject({ ok: false, detail: expect.stringContaining('127') });
  });

  it('is ended at its timeout with all that it started', async () => {
    const marker = `31${String(process.pid)}.5`;
    expect(await look(command(`sleep ${marker} & sleep ${marker}`), 200)).toEqual({ ok: false, detail: 'command no answer within 200 ms' });
    const left = await look(command(`! grep -az 'sleep' /proc/[0-9]*/cmdline 2>/dev/null | grep -a '${marker.replace('.', '[.]')}' | grep -av grep`));
    expect(left).toEqual({ ok: true, detail: 'command exited with 0' });
  });

  it('runs as the user of the unit, with its variables and none of the worker', async () => {
    process.env['MAESTRO_TOKEN_OF_THE_WORKER'] = 'secret';
    const as = (over: Partial<SystemdRun>, text: string) => probeOf(command(text), commandOnHost({ ...systemdRun(), ...over }), (said) => said)(2_000, never);
    try {
      expect(await as({ user: 'nobody', env: { PORT: '80; exit 9' } }, 'env | grep -c MAESTRO; id -un; test "$(id -un) $(id -G) $PORT $(pwd)" = "nobody 65534 80; exit 9 /"')).toMatchObject({ ok: true });
      expect(await as({}, 'id -un; ! env | grep MAESTRO')).toMatchObject({ ok: true });
      expect(await as({ user: 'no-such-user' }, 'true')).toMatchObject({ ok: false, detail: expect.stringContaining('no-such-user does not exist') });
    } finally {
      delete process.env['MAESTRO_TOKEN_OF_THE_WORKER'];
    }
  });

  it('that floods is bounded', async () => {
    expect(await look(command('head -c 20000000 /dev/zero; exit 1'), 10_000)).toMatchObject({ ok: false });
  });
});

it('a probe that is stopped says so', async () => {
  const stop = new AbortController();
  const url = await serve(() => stop.abort());
  expect(await look(http(url), 5_000, stop.signal)).toEqual({ ok: false, detail: 'http stopped' });
});

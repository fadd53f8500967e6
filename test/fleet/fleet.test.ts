import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFleet, type Fleet, type FleetHost } from './fleet.js';

const START_MS = 20 * 60_000;
const TEST_MS = 120_000;

let fleet: Fleet;
let app: FleetHost;
let database: FleetHost;

async function succeed(host: FleetHost, argv: readonly string[], timeoutMs = TEST_MS): Promise<string> {
  const result = await host.exec(argv, { timeoutMs });
  expect({ argv, ...result }).toMatchObject({ exitCode: 0 });
  return result.stdout;
}

async function eventually<T>(read: () => Promise<T>, wanted: (value: T) => boolean, withinMs = 30_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    if (Date.now() > deadline) throw new Error(`not within ${String(withinMs)} ms; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const httpStatus = async (host: FleetHost, url: string): Promise<string> =>
  (await host.exec(['curl', '-s', '-m', '10', '-o', '/dev/null', '-w', '%{http_code}', url])).stdout;

/** The host's Docker pulls over its API, which tells of every layer's transfer. */
async function pull(host: FleetHost, image: string): Promise<{ progress: string; receivedBytes: number }> {
  const received = async (): Promise<number> => Number(await host.readFile('/sys/class/net/eth0/statistics/rx_bytes'));
  const before = await received();
  const url = `http://docker/images/create?fromImage=${encodeURIComponent(image)}`;
  const progress = await succeed(host, ['curl', '-sS', '--unix-socket', '/run/docker.sock', '-X', 'POST', url]);
  return { progress, receivedBytes: (await received()) - before };
}

beforeAll(async () => {
  fleet = await startFleet({ hosts: ['app-01', 'db-01'] });
  app = fleet.host('app-01');
  database = fleet.host('db-01');
}, START_MS);

afterAll(async () => {
  // Unset when the start itself failed.
  await (fleet as Fleet | undefined)?.stop();
}, TEST_MS);

describe('a host', () => {
  it('runs systemd and a Docker of its own', async () => {
    for (const host of fleet.hosts) {
      expect((await succeed(host, ['systemctl', 'is-system-running'])).trim()).toBe('running');
      expect((await succeed(host, ['docker', 'info', '--format', '{{.Name}} {{.Driver}} {{.Containers}}'])).trim()).toBe(`${host.id} overlay2 0`);
    }
  });

  it('has the tools and the user that deploys ask for', async () => {
    await succeed(app, ['id', 'deploy']);
    await succeed(app, ['python3', '-c', 'import http.server']);
    for (const tool of ['git', 'node', 'npm', 'curl', 'iptables-restore']) await succeed(app, [tool, '--version']);
  });

  it('keeps files with the mode and owner they were written with', async () => {
    await app.writeFile('/etc/acme/sub/api.env', 'A="1"\n$B', { mode: '0640', owner: 'deploy' });
    expect(await app.readFile('/etc/acme/sub/api.env')).toBe('A="1"\n$B');
    expect((await succeed(app, ['stat', '-c', '%a %U', '/etc/acme/sub/api.env'])).trim()).toBe('640 deploy');
    await expect(app.readFile('/etc/acme/none')).rejects.toThrow('No such file');
  });

  it('reports exit codes and ends what takes too long', async () => {
    expect(await app.exec(['python3', '-c', 'import sys; print("out"); sys.exit(3)'])).toEqual({ stdout: 'out\n', stderr: '', exitCode: 3 });
    await expect(app.exec(['sleep', '60'], { timeoutMs: 300 })).rejects.toThrow('not done after 300 ms');
  });
});

describe('the network', () => {
  it('connects hosts by address and by name', async () => {
    await succeed(app, ['ping', '-c', '1', '-W', '2', database.address]);
    await succeed(database, ['ping', '-c', '1', '-W', '2', 'app-01']);
  });

  it('lets hosts reach services of this machine at the gateway address', async () => {
    const server: Server = createServer((_request, response) => response.end('from outside'));
    await new Promise<void>((resolve) => server.listen(0, fleet.gatewayAddress, resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await succeed(app, ['curl', '-fsS', '-m', '5', `http://${fleet.gatewayAddress}:${String(port)}/`])).toBe('from outside');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('can be taken from a host and given back', async () => {
    const reach = async (): Promise<number> => (await app.exec(['ping', '-c', '1', '-W', '1', database.address])).exitCode;
    await database.disconnect();
    expect(await reach()).not.toBe(0);
    await database.reconnect();
    await eventually(reach, (exitCode) => exitCode === 0);
  }, TEST_MS);
});

describe('images', () => {
  it.each(['nginx:1.27-alpine', 'postgres:16', 'ghcr.io/acme/api:v1.5'])(
    '%s is pulled under its public name, over the wire',
    async (image) => {
      const host = image.startsWith('postgres') ? database : app;
      const { progress, receivedBytes } = await pull(host, image);
      expect(progress).toMatch(/"status":"Downloading","progressDetail":\{"current":\d+,"total":\d+\}/);
      expect(progress).toContain('Downloaded newer image');
      expect(receivedBytes).toBeGreaterThan(1_000_000);
      await succeed(host, ['docker', 'image', 'inspect', image]);
    },
    TEST_MS,
  );

  it('answers for an image that does not exist as a registry does', async () => {
    for (const image of ['nginx:no-such-tag', 'ghcr.io/acme/none:v1']) {
      expect((await app.exec(['docker', 'pull', image])).stderr).toContain('manifest unknown');
    }
  });

  it('nginx answers on its port', async () => {
    await succeed(app, ['docker', 'run', '-d', '--name', 'hello-web', '-p', '80:80', 'nginx:1.27-alpine']);
    expect(await eventually(() => httpStatus(app, 'http://localhost/'), (status) => status === '200')).toBe('200');
    expect(await httpStatus(database, `http://${app.address}/`)).toBe('200');
  });

  it('a nat rule can publish a container on the 127.0.0.1 of its host', async () => {
    const container = (await app.dockerInspect('hello-web'))?.NetworkSettings.Networks['bridge']?.IPAddress ?? '';
    const loopback = ['-p', 'tcp', '-d', '127.0.0.1', '--dport', '7777'];
    await succeed(app, ['iptables', '-t', 'nat', '-A', 'OUTPUT', ...loopback, '-j', 'DNAT', '--to-destination', `${container}:80`]);
    await succeed(app, ['iptables', '-t', 'nat', '-A', 'POSTROUTING', '-s', '127.0.0.1', '-d', container, '-j', 'MASQUERADE']);
    expect(await httpStatus(app, 'http://127.0.0.1:7777/')).toBe('200');
  });

  it('acme/api is healthy only while it can reach its database, which takes password logins', async () => {
    const url = `postgres://demoapp:changeme@${database.address}:5432/demoapp`;
    await succeed(app, ['docker', 'run', '-d', '--name', 'demo-api', '-p', '8080:8080', '-e', `DATABASE_URL=${url}`, 'ghcr.io/acme/api:v1.5']);
    const health = (): Promise<string> => httpStatus(app, 'http://localhost:8080/health');
    expect(await eventually(health, (status) => status !== '000')).toBe('503');
    expect(await succeed(app, ['curl', '-s', 'http://localhost:8080/'])).toBe('acme/api v1.5\n');

    const settings = ['POSTGRES_DB=demoapp', 'POSTGRES_USER=demoapp', 'POSTGRES_PASSWORD=changeme'].flatMap((one) => ['-e', one]);
    await succeed(database, ['docker', 'run', '-d', '--name', 'demo-db', '-p', '5432:5432', ...settings, 'postgres:16']);
    await eventually(health, (status) => status === '200');

    const login = (password: string): string[] =>
      ['docker', 'exec', 'demo-db', 'psql', `postgres://demoapp:${password}@${database.address}:5432/demoapp`, '-Atc', 'select current_user'];
    expect(await succeed(database, login('changeme'))).toBe('demoapp\n');
    expect((await database.exec(login('wrong'))).stderr).toContain('password authentication failed');
  }, TEST_MS);

  it('demo/sick stays unhealthy until it is mended, demo/broken does not start', async () => {
    await succeed(app, ['docker', 'run', '-d', '--name', 'sick', '-p', '8081:8080', 'demo/sick:1']);
    expect(await eventually(() => httpStatus(app, 'http://localhost:8081/health'), (status) => status !== '000')).toBe('503');
    const broken = await app.exec(['docker', 'run', '--name', 'broken', 'demo/broken:1'], { timeoutMs: TEST_MS });
    expect(broken).toMatchObject({ exitCode: 1 });
    expect(broken.stderr).toContain('cannot start');
  }, TEST_MS);

  it('demo/web shows its version and its config file', async () => {
    await app.writeFile('/etc/demo/web.conf', 'note=one\n');
    for (const version of ['1', '2']) {
      const options = ['-p', `900${version}:8080`, '-v', '/etc/demo/web.conf:/etc/app.conf:ro', '-e', 'NAME=web'];
      await succeed(app, ['docker', 'run', '-d', '--name', `web-${version}`, ...options, `demo/web:${version}`]);
      const url = `http://localhost:900${version}`;
      await eventually(() => httpStatus(app, `${url}/health`), (status) => status === '200');
      expect(await succeed(app, ['curl', '-s', `${url}/`])).toBe(`version=${version} name=web\nnote=one\n`);
    }
  }, TEST_MS);
});

describe('limits', () => {
  it('of containers are kept by the kernel', async () => {
    await succeed(app, ['docker', 'run', '-d', '--name', 'limited', '--memory', '64m', '--cpus', '0.5', 'demo/web:1']);
    expect((await app.dockerInspect('limited'))?.HostConfig).toMatchObject({ Memory: 64 * 1024 * 1024, NanoCpus: 500_000_000 });
    expect(await succeed(app, ['docker', 'stats', '--no-stream', '--format', '{{.MemUsage}}', 'limited'])).toContain('/ 64MiB');
    expect(await app.dockerInspect('nobody')).toBeUndefined();
  });

  it('of units are kept by the kernel', async () => {
    const greedy = ['python3', '-c', 'bytearray(300 * 1024 * 1024)'];
    expect((await app.exec(['systemd-run', '--wait', '-p', 'MemoryMax=64M', ...greedy])).exitCode).not.toBe(0);
    expect((await app.exec(['systemd-run', '--wait', ...greedy])).exitCode).toBe(0);
  });
});

describe('the host worker', () => {
  const environment = { MAESTRO_EXTRA: 'a"b\\c$d`e' };
  let bundle: string;

  beforeAll(async () => {
    bundle = await mkdtemp(join(tmpdir(), 'fleet-worker-'));
    await writeFile(
      join(bundle, 'worker.cjs'),
      `const { MAESTRO_STATE, MAESTRO_EXTRA } = process.env;
       console.log(JSON.stringify({ MAESTRO_STATE, MAESTRO_EXTRA, node: process.version }));
       require('node:fs').writeFileSync(MAESTRO_STATE + '/pid', String(process.pid));
       setInterval(() => undefined, 1000);`,
    );
  });
  afterAll(() => rm(bundle, { recursive: true, force: true }));

  it('runs as a unit with its environment, which is readable by root alone', async () => {
    await app.startWorker(environment, bundle);
    const log = await eventually(() => app.workerLog(), (text) => text.includes('MAESTRO_EXTRA'));
    expect(log).toContain(
      JSON.stringify({ MAESTRO_STATE: '/var/lib/maestro', MAESTRO_EXTRA: 'a"b\\c$d`e', node: process.version }),
    );
    expect((await succeed(app, ['stat', '-c', '%a %U', '/etc/maestro/host-worker.env'])).trim()).toBe('600 root');
    await expect(app.startWorker(environment, tmpdir())).rejects.toThrow('build the host worker first');
  });

  it('comes back after a kill', async () => {
    const before = await app.workerStatus();
    await app.killWorker('SIGKILL');
    const after = await eventually(() => app.workerStatus(), (status) => status.active && status.pid !== before.pid);
    expect(after.restarts).toBe(before.restarts + 1);
  });
});

describe('a reboot', () => {
  it.each(['orderly', 'power-loss'] as const)('(%s) brings back systemd, Docker, containers and the worker', async (how) => {
    await succeed(app, ['docker', 'rm', '-f', 'kept']);
    await succeed(app, ['docker', 'run', '-d', '--name', 'kept', '--restart', 'unless-stopped', '-p', '8090:8080', '-e', 'CONFIG=/etc/hostname', 'demo/web:1']);
    await app.reboot(how);
    expect((await succeed(app, ['systemctl', 'is-system-running'])).trim()).toBe('running');
    await eventually(() => httpStatus(database, `http://${app.address}:8090/health`), (status) => status === '200');
    await eventually(() => app.workerStatus(), (status) => status.active);
    await succeed(app, ['docker', 'run', '-d', '--rm', '--memory', '64m', 'demo/web:1']);
  }, TEST_MS);
});

/** Servers that ask for a login, on this machine, for hosts of a fleet: repositories by git's own CGI program, and the fleet's registry behind a door. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Fleet, FleetHost } from '../fleet/fleet.js';

const runFile = promisify(execFile);

export interface Seen { host: string; url: string; authorization: string | null }
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const names = ['git.fleet', 'other.fleet', 'private.fleet'];
const gitSettings = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_AUTHOR_NAME: 't', GIT_AUTHOR_EMAIL: 't@t', GIT_COMMITTER_NAME: 't', GIT_COMMITTER_EMAIL: 't@t' };

export const basic = (username: string, password: string): string => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** One certificate for all of them, which the host trusts; two ports, so that one name is two places. */
export class PrivateServers {
  readonly seen: Seen[] = [];
  /** The value of the header that is let in. */
  admitted = '';
  /** Whether it repeats what it was given, when it does not let it in. */
  echoes = true;
  /** Asked first; true: it has answered. */
  before: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  /** While it is pending, nobody who was let in is answered. */
  held: Promise<void> = Promise.resolve();

  private constructor(private readonly folder: string, private readonly servers: readonly Server[], readonly ports: readonly [number, number], private readonly registry: string) {}

  static async start(fleet: Fleet): Promise<PrivateServers> {
    const folder = await mkdtemp(join(tmpdir(), 'maestro-private-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await runFile('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=private', '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`, '-keyout', key, '-out', cert]);
    const tls = { key: await readFile(key), cert: await readFile(cert) };
    const servers = [createServer(tls), createServer(tls)];
    const ports = await Promise.all(servers.map((server) => new Promise<number>((resolve) => { server.listen(0, fleet.gatewayAddress, () => resolve((server.address() as AddressInfo).port)); })));
    const registry = (await fleet.hosts[0]?.exec(['getent', 'ahostsv4', 'registry.fleet']))?.stdout.split(/\s/)[0] ?? '';
    const made = new PrivateServers(folder, servers, [ports[0] ?? 0, ports[1] ?? 0], registry);
    for (const server of servers) server.on('request', (request, response) => { void made.answer(request, response); });
    for (const host of fleet.hosts) await made.introduce(host, fleet.gatewayAddress, tls.cert.toString());
    return made;
  }

  private async introduce(host: FleetHost, address: string, cert: string): Promise<void> {
    await host.writeFile('/usr/local/share/ca-certificates/private.crt', cert);
    for (const port of this.ports) await host.writeFile(`/etc/docker/certs.d/private.fleet:${String(port)}/ca.crt`, cert);
    const { exitCode, stderr } = await host.exec(['sh', '-ec', `echo '${address} ${names.join(' ')}' >> /etc/hosts; update-ca-certificates >/dev/null`], { timeoutMs: 60_000 });
    if (exitCode !== 0) throw new Error(stderr);
  }

  get repo(): string {
    return `https://git.fleet:${String(this.ports[0])}/app.git`;
  }

  get registryName(): string {
    return `private.fleet:${String(this.ports[0])}`;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const authorization = request.headers.authorization ?? null;
    this.seen.push({ host: request.headers.host ?? '', url: request.url ?? '', authorization });
    if (this.before(request, response)) return;
    if (authorization !== this.admitted) {
      const repeated = this.echoes ? authorization ?? 'nothing' : 'this';
      const registry = (request.url ?? '').startsWith('/v2/');
      response.writeHead(401, { 'www-authenticate': this.admitted.startsWith('Bearer ') ? 'Bearer realm="https://private.fleet/token",service="private"' : 'Basic realm="private"', 'content-type': registry ? 'application/json' : 'text/plain' });
      response.end(registry ? JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: `authentication required, not ${repeated}` }] }) : `not ${repeated}`);
      return;
    }
    await this.held;
    if ((request.url ?? '').startsWith('/v2/')) this.fromRegistry(request, response);
    else this.fromGit(request, response);
  }

  /** Without a question. */
  fromGit(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, search } = new URL(request.url ?? '', 'https://x');
    const child = spawn('git', ['http-backend'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        ...process.env, ...gitSettings, GIT_PROJECT_ROOT: join(this.folder, 'git'), GIT_HTTP_EXPORT_ALL: '1', REQUEST_METHOD: request.method ?? '', PATH_INFO: pathname, QUERY_STRING: search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '', HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '', GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''), REMOTE_ADDR: '127.0.0.1',
      },
    });
    const out: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stdin.on('error', () => undefined);
    child.once('close', () => {
      const all = Buffer.concat(out);
      const end = all.indexOf('\r\n\r\n');
      const headers = new Map(all.subarray(0, end).toString().split('\r\n').map((line) => line.split(/: (.*)/s)).map(([name = '', value = '']) => [name.toLowerCase(), value]));
      response.writeHead(Number((headers.get('status') ?? '200').slice(0, 3)), Object.fromEntries([...headers].filter(([name]) => name !== 'status'))).end(all.subarray(end + 4));
    });
    request.pipe(child.stdin);
  }

  private fromRegistry(request: IncomingMessage, response: ServerResponse): void {
    const { authorization: _, host: __, ...headers } = request.headers;
    const onward = httpsRequest({ host: this.registry, port: 443, path: request.url, method: request.method, headers: { ...headers, host: 'registry.fleet' }, rejectUnauthorized: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    request.pipe(onward);
  }

  /** Commits to main of /app.git. Answers with the commit. */
  async commit(files: Readonly<Record<string, string>>): Promise<string> {
    const [bare, work] = [join(this.folder, 'git', 'app.git'), join(this.folder, 'work')];
    const git = async (...argv: string[]): Promise<string> => (await runFile('git', argv, { env: { ...process.env, HOME: this.folder, ...gitSettings } })).stdout;
    await git('init', '-q', '--bare', '-b', 'main', bare);
    await git('init', '-q', '-b', 'main', work);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(work, path)), { recursive: true });
      await writeFile(join(work, path), text);
    }
    await git('-C', work, 'add', '-A');
    await git('-C', work, 'commit', '-q', '--allow-empty', '-m', 'change');
    await git('-C', work, 'push', '-q', bare, 'main');
    return (await git('-C', work, 'rev-parse', 'HEAD')).trim();
  }

  async stop(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

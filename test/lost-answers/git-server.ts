/** A repository by https, of which some answers break off just before their end: git has to ask again. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FleetHost } from '../fleet/fleet.js';
import type { Chance } from './chance.js';
import { listening } from './postgres-proxy.js';

const run = promisify(execFile);
const tailBytes = 8;
const environment: NodeJS.ProcessEnv = { NODE_ENV: 'test', PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_AUTHOR_NAME: 't', GIT_AUTHOR_EMAIL: 't@t', GIT_COMMITTER_NAME: 't', GIT_COMMITTER_EMAIL: 't@t' };

export interface GitServer {
  readonly repo: string;
  /** Writes these files to main, in a commit; answers with its id. */
  commit(files: Readonly<Record<string, string>>): Promise<string>;
  stop(): Promise<void>;
}

/** `address` is this machine as the hosts see it; they are made to trust its certificate. */
export async function startGitServer(address: string, hosts: readonly FleetHost[], chance: Chance): Promise<GitServer> {
  const folder = await mkdtemp(join(tmpdir(), 'maestro-git-'));
  const [bare, work] = [join(folder, 'app.git'), join(folder, 'work')];
  const git = async (...argv: string[]): Promise<string> => (await run('git', argv, { env: environment, timeout: 30_000 })).stdout.trim();
  await git('init', '-q', '--bare', '-b', 'main', bare);
  await git('init', '-q', '-b', 'main', work);
  const { key, cert } = await certificate(folder, address);
  await Promise.all(hosts.map((host) => trust(host, cert)));
  const server = createServer({ key, cert }, (request, response) => backend(folder, request, response, chance));
  const { port, stop } = await listening(server, '0.0.0.0', () => server.closeAllConnections());
  return {
    repo: `https://${address}:${String(port)}/app.git`,
    async commit(files) {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(join(work, path, '..'), { recursive: true });
        await writeFile(join(work, path), text);
      }
      await git('-C', work, 'add', '-A');
      await git('-C', work, 'commit', '-q', '-m', 'change');
      await git('-C', work, 'push', '-q', bare, 'main');
      return git('-C', work, 'rev-parse', 'HEAD');
    },
    stop: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function certificate(folder: string, address: string): Promise<{ key: string; cert: string }> {
  const [keyPath, certPath] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=git', '-addext', `subjectAltName=IP:${address}`, '-keyout', keyPath, '-out', certPath], { timeout: 60_000 });
  return { key: await readFile(keyPath, 'utf8'), cert: await readFile(certPath, 'utf8') };
}

async function trust(host: FleetHost, cert: string): Promise<void> {
  await host.writeFile('/usr/local/share/ca-certificates/lossy-git.crt', cert);
  const { exitCode, stderr } = await host.exec(['update-ca-certificates']);
  if (exitCode !== 0) throw new Error(`${host.id} does not trust the git server: ${stderr}`);
}

/** git's own server, by CGI. */
function backend(root: string, request: IncomingMessage, response: ServerResponse, chance: Chance): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const kind = path.endsWith('/git-upload-pack') ? 'git-upload-pack' : 'info/refs';
  const env: NodeJS.ProcessEnv = {
    ...environment, GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1', PATH_INFO: path, QUERY_STRING: query, REQUEST_METHOD: request.method ?? 'GET', CONTENT_TYPE: request.headers['content-type'] ?? '',
    ...(request.headers['git-protocol'] === undefined ? {} : { GIT_PROTOCOL: String(request.headers['git-protocol']) }), ...(request.headers['content-encoding'] === undefined ? {} : { HTTP_CONTENT_ENCODING: request.headers['content-encoding'] }),
  };
  const program = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  program.stdin.on('error', () => undefined);
  request.pipe(program.stdin);
  const chunks: Buffer[] = [];
  program.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  program.on('close', () => answer(Buffer.concat(chunks), kind, request, response, chance));
}

function answer(output: Buffer, kind: string, request: IncomingMessage, response: ServerResponse, chance: Chance): void {
  const end = output.indexOf('\r\n\r\n');
  const headers = Object.fromEntries(output.toString('latin1', 0, end).split('\r\n').map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
  const body = output.subarray(end + 4);
  const { Status: status = '200', ...rest } = headers;
  response.writeHead(Number.parseInt(status, 10), { ...rest, 'content-length': String(body.length) });
  if (!chance.loses(kind)) return void response.end(body);
  chance.lost(kind);
  response.write(body.subarray(0, Math.max(0, body.length - tailBytes)), () => request.socket.destroy());
}

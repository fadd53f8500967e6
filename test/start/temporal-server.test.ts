/** Where the Temporal server comes from: versions that are taken, sources in order, checksums. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInCheckout, type Ran } from './checkout.js';

let folder: string;
let server: Server | undefined;

/** A program that answers `--version` as the Temporal command line does. */
function fakeTemporal(at: string, serverVersion: string): string {
  mkdirSync(at, { recursive: true });
  const file = join(at, 'temporal');
  writeFileSync(file, `#!/bin/sh\necho "temporal version 1.5.1 (Server ${serverVersion}, UI 2.42.1)"\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A PATH with tar but without Go and Temporal, and a checkout whose `dist` is its own. */
function obtain(env: Readonly<Record<string, string>> = {}): Promise<Ran & { record: { path: string; version: string } | undefined }> {
  const tools = join(folder, 'tools');
  mkdirSync(tools, { recursive: true });
  for (const name of ['tar', 'gzip', 'sh']) if (!existsSync(join(tools, name))) symlinkSync(existsSync(`/bin/${name}`) ? `/bin/${name}` : `/usr/bin/${name}`, join(tools, name));
  return runInCheckout(folder, 'temporal-server.mjs', { PATH: `${env['PATH'] ?? ''}:${tools}`, MAESTRO_CACHE: join(folder, 'cache'), ...Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'PATH')) });
}

async function serve(body: Buffer): Promise<string> {
  const serving = createServer((request, response) => (request.url === '/archive' ? response.end(body) : response.writeHead(404).end()));
  server = serving;
  await new Promise<void>((resolve) => serving.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(serving.address() as AddressInfo).port}`;
}

function archive(serverVersion: string): { body: Buffer; sha256: string } {
  fakeTemporal(join(folder, 'inside'), serverVersion);
  execFileSync('tar', ['-czf', join(folder, 'archive.tar.gz'), '-C', join(folder, 'inside'), 'temporal']);
  const body = readFileSync(join(folder, 'archive.tar.gz'));
  return { body, sha256: createHash('sha256').update(body).digest('hex') };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maestro-temporal-'));
});
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

test.each(['1.29.5', '1.29.7', '1.30.3', '1.31.0', '2.0.0'])('server %s on PATH is taken', async (version) => {
  const path = fakeTemporal(join(folder, 'bin'), version);
  const { code, record } = await obtain({ PATH: join(folder, 'bin') });
  expect(code).toBe(0);
  expect(record).toMatchObject({ path, version });
});

test.each(['1.28.9', '1.29.1', '1.29.4', '1.30.0', '1.30.2'])('server %s on PATH is refused, and the next source is tried', async (version) => {
  fakeTemporal(join(folder, 'bin'), version);
  const { body, sha256 } = archive('1.29.7');
  const url = await serve(body);
  const { code, output, record } = await obtain({ PATH: join(folder, 'bin'), MAESTRO_TEMPORAL_URL: `${url}/archive`, MAESTRO_TEMPORAL_SHA256: sha256 });
  expect(output).toContain('CVE-2026-5199');
  expect(code).toBe(0);
  expect(record?.path).toContain(join(folder, 'cache'));
});

test('a download lands in the cache, and the cache serves the next time', async () => {
  const { body, sha256 } = archive('1.29.7');
  const url = await serve(body);
  const first = await obtain({ MAESTRO_TEMPORAL_URL: `${url}/archive`, MAESTRO_TEMPORAL_SHA256: sha256 });
  expect(first.output).toContain('from download');
  const second = await obtain();
  expect(second.output).toContain('from cache');
  expect(second.record?.path).toBe(first.record?.path);
});

test.each([
  ['a wrong checksum', '/archive', '0'.repeat(64), 'expected 0000'],
  ['no checksum without https', '/archive', '', 'is not https'],
  ['a missing file', '/nothing', 'ab', 'HTTP 404'],
])('%s fails, names all four sources, and leaves no half file', async (_name, path, sha256, message) => {
  const url = await serve(archive('1.29.7').body);
  const { code, output, record } = await obtain({ MAESTRO_TEMPORAL_URL: `${url}${path}`, MAESTRO_TEMPORAL_SHA256: sha256 });
  expect(code).toBe(1);
  expect(output).toContain(message);
  for (const source of ['PATH:', 'cache:', 'Go:', 'download:']) expect(output).toContain(source);
  expect(record).toBeUndefined();
  const cached = join(folder, 'cache');
  expect(existsSync(cached) ? execFileSync('find', [cached, '-type', 'f'], { encoding: 'utf8' }) : '').toBe('');
});

test('an archive with an old server is refused', async () => {
  const { body, sha256 } = archive('1.29.1');
  const { code, output } = await obtain({ MAESTRO_TEMPORAL_URL: `${await serve(body)}/archive`, MAESTRO_TEMPORAL_SHA256: sha256 });
  expect(code).toBe(1);
  expect(output).toContain('CVE-2026-5199');
});

/** The small pieces of the supervisor, one by one. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../../scripts/supervisor/errors.js';
import { openData, readOrCreate } from '../../scripts/supervisor/files.js';
import { lockData } from '../../scripts/supervisor/lock.js';
import { worthShowing } from '../../scripts/supervisor/log-lines.js';
import { PartLog } from '../../scripts/supervisor/logs.js';
import { RememberedPorts, freePort, requirePort } from '../../scripts/supervisor/ports.js';
import { nodeId, readSettings } from '../../scripts/supervisor/settings.js';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'maestro-parts-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function listen(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

test('every folder of the data is closed to others', () => {
  const data = openData(join(folder, 'data'));
  for (const path of Object.values(data) as string[]) expect(statSync(path).mode & 0o777).toBe(0o700);
});

test.each([() => join(folder, 'file', 'data'), () => '/proc/maestro'])('a data folder that cannot be made is a clear message (%#)', (place) => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => openData(place())).toThrow(/data folder cannot be used[\s\S]*Where: [\s\S]*MAESTRO_DATA/);
});

test('a file made once keeps its first content, and is the owner\'s alone', () => {
  const path = join(folder, 'key');
  expect(readOrCreate(path, () => 'first')).toBe('first');
  expect(readOrCreate(path, () => 'second')).toBe('first');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a lock is taken once, freed, and taken again', () => {
  const lock = lockData(folder);
  expect(() => lockData(folder)).toThrow(`another Maestro is using this data folder (process ${process.pid})`);
  lock.release();
  lockData(folder).release();
});

test('ports are remembered, and chosen anew when somebody else has them', async () => {
  const port = await new RememberedPorts(folder).get('database', '127.0.0.1');
  expect(await new RememberedPorts(folder).get('database', '127.0.0.1')).toBe(port);
  const taken = await listen(port);
  const other = await new RememberedPorts(folder).get('database', '127.0.0.1');
  taken.close();
  expect(other).not.toBe(port);
  expect(JSON.parse(readFileSync(join(folder, 'ports.json'), 'utf8'))).toEqual({ database: other });
});

test('a required port in use names who wanted it and the variable to set', async () => {
  const port = await freePort();
  const taken = await listen(port);
  await expect(requirePort('the API', port, '127.0.0.1', 'MAESTRO_PORT')).rejects.toThrow(new RegExp(`port ${port} is already in use, the API[\\s\\S]*127.0.0.1:${port}[\\s\\S]*MAESTRO_PORT`));
  taken.close();
  await expect(requirePort('the API', port, '203.0.113.1', 'MAESTRO_PORT')).rejects.toThrow('MAESTRO_HOST');
});

test.each([['Web-01.example.com', 'web-01'], ['My Laptop!', 'my-laptop'], ['---', 'localhost'], ['x'.repeat(80), 'x'.repeat(63)]])('the host name %s becomes the id %s', (name, id) => {
  expect(nodeId(name)).toBe(id);
});

test('settings have defaults, and wrong ones are named', () => {
  expect(readSettings('/app', {})).toMatchObject({ dataDir: '/app/.maestro', host: '127.0.0.1', apiPort: 8080, gatewayPort: 8443, temporalUiPort: 8233, databaseUrl: undefined, hostWorker: true });
  expect(() => readSettings('/app', { MAESTRO_PORT: 'http' })).toThrow(StartError);
  expect(() => readSettings('/app', { MAESTRO_NODE: 'a b' })).toThrow('MAESTRO_NODE');
});

test.each([
  ['pino', 'stdout', '{"level":30,"msg":"fine"}', undefined],
  ['pino', 'stdout', '{"level":40,"msg":"slow","err":{"message":"10 s"}}', 'warning: slow: 10 s'],
  ['pino', 'stdout', '{"level":50,"msg":"broken"}', 'error: broken'],
  ['pino', 'stderr', 'Error: thrown', 'Error: thrown'],
  ['pino', 'stdout', 'chatter', undefined],
  ['pino', 'stderr', "2026-01-01T10:00:00.000Z [INFO] Worker state changed { state: 'RUNNING' }", undefined],
  ['temporal', 'stderr', '{"level":"WARN","msg":"poll"}', undefined],
  ['temporal', 'stderr', '{"level":"ERROR","msg":"no","error":"disk"}', 'error: no: disk'],
  ['postgres', 'stderr', 'x LOG:  ready', undefined],
  ['postgres', 'stderr', 'x PANIC:  no room', 'x PANIC:  no room'],
  ['postgres', 'stderr', 'x FATAL:  the database system is starting up', undefined],
] as const)('%s on %s: %s', (format, source, line, shown) => {
  expect(worthShowing(line, source, format)).toBe(shown);
});

test('a log never grows beyond its bound and one older file', async () => {
  const { Readable } = await import('node:stream');
  const log = new PartLog('noisy', folder, 'pino', () => undefined, false);
  const line = `${'x'.repeat(1023)}\n`;
  const stream = Readable.from(Array.from({ length: 250 }, () => line.repeat(100)));
  log.follow(stream, 'stdout');
  await new Promise((resolve) => stream.once('close', resolve));
  log.close();
  const limit = 10.1 * 1024 ** 2;
  expect(statSync(join(folder, 'noisy.log')).size).toBeLessThan(limit);
  expect(statSync(join(folder, 'noisy.log.1')).size).toBeLessThan(limit);
});

import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../control/config.js';
import { newId } from '../../control/ids.js';
import { keyFile } from '../../control/key-file.js';
import { pageLimit, readCursor, toPage } from '../../control/paging.js';
import { idPrefixes, type IdKind } from '../../spec/words.js';

describe('ids', () => {
  test('have their kind’s prefix and 20 url-safe characters, and do not repeat', () => {
    const kinds = Object.keys(idPrefixes) as IdKind[];
    for (const kind of kinds) expect(newId(kind)).toMatch(new RegExp(`^${idPrefixes[kind]}_[0-9a-hjkmnp-tv-z]{20}$`));
    expect(new Set(Array.from({ length: 20_000 }, () => newId('event'))).size).toBe(20_000);
  });
});

describe('keys in files', () => {
  let folder: string;
  const someKey = (dataDir: string): Promise<string> => keyFile(dataDir, 'some.key', 'Restore it.');
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'maestro-keys-')); });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('the key is 32 bytes, readable by its owner only, and the same for all who race for it', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => someKey(folder)));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(join(folder, 'keys', 'some.key'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'keys'))).toEqual(['some.key']);
    expect(await someKey(folder)).toBe(keys[0]);
  });

  test('a damaged key is an error, not a new key', async () => {
    await someKey(folder);
    const path = join(folder, 'keys', 'some.key');
    for (const text of ['', 'abc', 'z'.repeat(64)]) {
      await writeFile(path, text);
      await expect(someKey(folder)).rejects.toMatchObject({ code: 'config_error' });
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });
});

describe('configuration', () => {
  const databaseUrl = 'postgresql://maestro:secret@127.0.0.1:5432/maestro';

  test('needs a database and has defaults for the rest', () => {
    expect(readConfig({ DATABASE_URL: databaseUrl, MAESTRO_PORT: '' })).toEqual({
      databaseUrl, dataDir: join(process.cwd(), '.maestro'), host: '127.0.0.1', port: 8080, publicUrl: 'http://127.0.0.1:8080', downloads: join(process.cwd(), 'dist/download'),
      gateway: { host: '127.0.0.1', port: 8443, url: 'https://127.0.0.1:8443', names: [], hostCertificateMs: 86_400_000 },
      temporal: { address: '127.0.0.1:7233', namespace: 'default', uiUrl: null }, templateEnv: [], allowedHosts: [], requestsPerMinute: 6_000, logLevel: 'info', artifacts: { maxBytes: 2 * 1024 ** 3, ttlMs: 30 * 24 * 3600 * 1000 },
    });
    expect(readConfig({ DATABASE_URL: databaseUrl, MAESTRO_PORT: '9000', MAESTRO_PUBLIC_URL: 'https://deploy.example.com/', MAESTRO_TEMPLATE_ENV: 'REGION, STAGE', MAESTRO_ALLOWED_HOSTS: 'Deploy.internal, other', MAESTRO_SETUP_CODE: 'at-least-eight' }))
      .toMatchObject({ port: 9000, allowedHosts: ['deploy.internal', 'other'], setupCode: 'at-least-eight', publicUrl: 'https://deploy.example.com', templateEnv: ['REGION', 'STAGE'] });
  });

  test('names every wrong variable at once, and no value', () => {
    const read = (): unknown => readConfig({ DATABASE_URL: 'mysql://root:secret@db/x', MAESTRO_PORT: '99999', MAESTRO_TEMPORAL_ADDRESS: 'secret', MAESTRO_LOG: 'secret', MAESTRO_TEMPLATE_ENV: 'A-B' });
    expect(read).toThrow(/DATABASE_URL must be a postgresql:\/\/ URL; MAESTRO_PORT must be a port.*; MAESTRO_TEMPORAL_ADDRESS must be host:port; .*MAESTRO_TEMPLATE_ENV.*; MAESTRO_LOG must be/);
    expect(read).not.toThrow(/secret/);
    expect(() => readConfig({})).toThrow('DATABASE_URL is not set');
  });
});

describe('paging', () => {
  test('a cursor is the last key of its page and only that', () => {
    const page = toPage(['a', 'b', 'c'], 2, (row) => row.toUpperCase(), (row) => [row, 'x']);
    expect(page.items).toEqual(['A', 'B']);
    expect(readCursor(page.next_cursor ?? '', 2)).toEqual(['b', 'x']);
    expect(toPage(['a', 'b'], 2, (row) => row, (row) => [row]).next_cursor).toBeNull();
    expect(readCursor(undefined, 1)).toBeUndefined();
    for (const bad of ['', 'x', page.next_cursor ?? '', Buffer.from('{}').toString('base64url'), Buffer.from('[1]').toString('base64url')]) {
      expect(() => readCursor(bad, 1)).toThrow(expect.objectContaining({ code: 'validation_error' }));
    }
  });

  test('limits are whole numbers from 1 to 200', () => {
    expect([pageLimit(), pageLimit(1), pageLimit(200)]).toEqual([50, 1, 200]);
    for (const bad of [0, -1, 201, 1.5, Number.NaN]) expect(() => pageLimit(bad)).toThrow(expect.objectContaining({ code: 'validation_error' }));
  });
});

/** The vault over REST: values go in and come out nowhere. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listAudit } from '../../control/audit/index.js';
import { useApi, type Answer, type Ask } from './harness.js';

const canary = 'kanarie-3f9c1b';

describe('secrets', () => {
  const context = useApi();
  const ask = (path: string, options: Ask = {}): Promise<Answer> => context.api.ask(path, { as: context.api.people.admin, ...options });
  const put = (path: string, value: unknown, options: Ask = {}): Promise<Answer> => ask(`/api/secrets/${path}`, { method: 'PUT', json: { value }, ...options });

  it('are set by path, with slashes as they are or encoded, and numbered', async () => {
    expect(await put('prod/db/password', `${canary}-1`)).toMatchObject({ status: 200, body: { path: 'prod/db/password', version: 1 } });
    expect(await put('prod%2Fdb%2Fpassword', `${canary}-2`)).toMatchObject({ status: 200, body: { path: 'prod/db/password', version: 2 } });
    expect(await ask('/api/secrets/prod/db/password')).toMatchObject({ status: 200, body: { path: 'prod/db/password', latest: 2, versions: [{ version: 2 }, { version: 1 }] } });
  });

  it('are listed by name, page by page', async () => {
    for (const name of ['list/a', 'list/b', 'list/c']) await put(name, canary);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await ask(`/api/secrets?limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`) as { body: { items: { path: string }[]; next_cursor: string | null } };
      seen.push(...body.items.map(({ path }) => path));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual([...seen].sort());
    expect(seen).toEqual(expect.arrayContaining(['list/a', 'list/b', 'list/c']));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('are erased, and then are unknown', async () => {
    await put('gone/soon', canary);
    expect((await ask('/api/secrets/gone/soon', { method: 'DELETE' })).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect(await ask('/api/secrets/gone/soon', { method })).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await put('gone/soon', canary)).toMatchObject({ body: { version: 2 } });
  });

  it('set by many at once are all kept, each with a number of its own', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => put('race/one', `${canary}-${index}`)));
    expect(answers.map(({ body }) => (body as { version: number }).version).sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect((await ask('/api/secrets/race/one')).body).toMatchObject({ latest: 12 });
  });

  it.each([
    ['../etc/passwd', canary], ['%2e%2e%2fx', canary], ['a//b', canary], ['a%20b', canary], ['__proto__', canary],
  ])('refuses the path %s', async (path, value) => {
    expect([400, 404, 422]).toContain((await put(path, value)).status);
  });

  it.each([['nothing', ''], ['a number', 7], ['null', null], ['too much', 'x'.repeat((64 << 10) + 1)]])('refuses %s as a value, without repeating it', async (_name, value) => {
    const answer = await put('refused/one', value);
    expect([413, 422]).toContain(answer.status);
    expect(answer.text.length).toBeLessThan(2_000);
    expect((await ask('/api/secrets/refused/one')).status).toBe(404);
  });

  it('may be changed by whoever has the right, and are named to those who may read names', async () => {
    const { people, keys } = context.api;
    expect(await put('rights/x', canary, { as: people.operator })).toMatchObject({ status: 403, body: { details: { missing_right: 'secret.write' } } });
    expect(await ask('/api/secrets', { as: people.viewer })).toMatchObject({ status: 403, body: { details: { missing_right: 'secret.read_names' } } });
    expect((await ask('/api/secrets', { as: people.operator })).status).toBe(200);
    expect((await put('rights/x', canary, { as: keys.admin })).status).toBe(200);
  });

  it('are nowhere in clear: not in answers, log, audit, database or data folder', async () => {
    const { db, log, dataDir } = context.api;
    await put('sweep/one', canary);
    const answers = await Promise.all(['/api/secrets', '/api/secrets/sweep/one', '/api/openapi.json'].map(async (path) => (await ask(path)).text));
    const audit = JSON.stringify(await listAudit(db, { limit: 200 }));
    const rows = JSON.stringify(await Promise.all([db.auditEntry.findMany(), db.event.findMany(), db.session.findMany()]), (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    const file = await readFile(join(dataDir, 'vault', 'secrets.vault'), 'latin1');
    expect(audit).toContain('secret.set');
    for (const text of [...answers, audit, rows, file, log.join('\n')]) expect(text).not.toContain(canary);
    // The sweep does see what is there.
    expect(audit).toContain('sweep/one');
  });

  it('of a vault that is damaged are refused, and what is there stays', async () => {
    const { dataDir } = context.api;
    const file = join(dataDir, 'vault', 'secrets.vault');
    await put('damage/one', canary);
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, -1));
    expect(await put('damage/two', canary)).toMatchObject({ status: 422, body: { code: 'config_error', suggested_fix: expect.stringMatching(/backup/) as string } });
    expect((await readFile(file)).length).toBe(whole.length - 1);
    await writeFile(file, whole);
    expect((await ask('/api/secrets/damage/one')).status).toBe(200);
    expect((await ask('/api/secrets/damage/two')).status).toBe(404);
  });
});

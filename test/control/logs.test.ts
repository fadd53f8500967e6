import { addLogs, askForLogs, endLogs, forgetLogs, openLogRequest, takeLogs, type LogLine } from '../../control/logs/index.js';
import { openRun } from '../../control/runs.js';
import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';

const line = (text: string): LogLine => ({ stream: 'stdout', ts: null, text });

describe.each(databaseKinds)('log lines on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); });
  afterEach(() => fresh.close());

  const ask = () => askForLogs(fresh.db, { deployId: 'dpl_0', version: 1, host: 'h1', component: 'web' });
  const add = (request: string, position: number, ...texts: string[]) => addLogs(fresh.db, 'h1', { request, position, lines: texts.map(line) });
  const taken = async (id: string, after: number) => (await takeLogs(fresh.db, id, after)).flatMap(({ lines }) => lines.map(({ text }) => text));

  test('are read in order, each once, though a batch comes twice or overtakes another', async () => {
    const id = await ask();
    await add(id, 1, 'one');
    await add(id, 1, 'one');
    await add(id, 3, 'three');
    expect(await taken(id, 0)).toEqual(['one']);
    await add(id, 2, 'two\u0000');
    expect(await taken(id, 1)).toEqual(['two\uFFFD', 'three']);
    expect(await taken(id, 3)).toEqual([]);
  });

  test('are taken from the host that was asked alone, while somebody listens, and up to a bound', async () => {
    const id = await ask();
    await expect(addLogs(fresh.db, 'h2', { request: id, position: 1, lines: [line('x')] })).rejects.toMatchObject({ code: 'not_found' });
    await expect(add('log_00000000000000000000', 1, 'x')).rejects.toMatchObject({ code: 'not_found' });
    expect(await openRun(fresh.db, id)).toMatchObject({ host: 'h1', deploy_id: 'dpl_0', rollout_id: null });
    await fresh.db.logRequest.update({ where: { id }, data: { bytes: 8 << 20 } });
    await expect(add(id, 1, 'x')).rejects.toMatchObject({ code: 'not_found' });
    await endLogs(fresh.db, id);
    await expect(add(id, 2, 'x')).rejects.toMatchObject({ code: 'not_found' });
    expect([await openLogRequest(fresh.db, id), await openRun(fresh.db, id)]).toEqual([null, null]);
  });

  test('are forgotten after a while, with the question', async () => {
    const id = await ask();
    await add(id, 1, 'x');
    await fresh.db.logRequest.updateMany({ data: { created_at: new Date(Date.now() - 30 * 60_000) } });
    await forgetLogs(fresh.db);
    expect([await fresh.db.logRequest.count(), await fresh.db.logBatch.count()]).toEqual([0, 0]);
  });
});

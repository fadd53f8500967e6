import { createDeploy, submitVersion } from '../../control/deploys/index.js';
import { forgetAnswers, once } from '../../control/idempotency/index.js';
import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor, twoComponents } from './documents.js';

describe.each(databaseKinds)('idempotency on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  let runs: number;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => {
    fresh = await server.freshDatabase();
    runs = 0;
  });
  afterEach(() => fresh.close());

  const answer = { status: 201, body: { deploy_id: 'dpl_1', list: [1, null, 'x'] } };
  const work = async (): Promise<typeof answer> => {
    runs += 1;
    return answer;
  };

  test('the same key and body is done once and answered the same', async () => {
    const { db } = fresh;
    expect(await once(db, 'usr_1', 'k', 'h', work)).toEqual(answer);
    expect(await once(db, 'usr_1', 'k', 'h', work)).toEqual(answer);
    expect(runs).toBe(1);
  });

  test('keys of other actors, and other keys, are apart', async () => {
    const { db } = fresh;
    await once(db, 'usr_1', 'k', 'h', work);
    await once(db, 'usr_2', 'k', 'h', work);
    await once(db, 'usr_1', 'k2', 'h', work);
    expect(runs).toBe(3);
  });

  test('another body under the same key is refused, while it runs and afterwards', async () => {
    const { db } = fresh;
    const refused = { code: 'validation_error', details: { key: 'k' } };
    await once(db, 'usr_1', 'k', 'h', async () => {
      await expect(once(db, 'usr_1', 'k', 'other', work)).rejects.toMatchObject(refused);
      return answer;
    });
    await expect(once(db, 'usr_1', 'k', 'other', work)).rejects.toMatchObject(refused);
    expect(runs).toBe(0);
  });

  test('of many at once one runs; the others hear that it is running', async () => {
    const { db } = fresh;
    const slow = async (): Promise<typeof answer> => {
      await new Promise((resolve) => { setTimeout(resolve, 1500); });
      return work();
    };
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => once(db, 'usr_1', 'k', 'h', slow)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
    expect(runs).toBe(1);
    expect(await once(db, 'usr_1', 'k', 'h', slow)).toEqual(answer);
  });

  test('a request that failed stores nothing and may be tried again under its key', async () => {
    const { db } = fresh;
    await expect(once(db, 'usr_1', 'k', 'h', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await once(db, 'usr_1', 'k', 'changed', work)).toEqual(answer);
  });

  /** Its process gives no sign of life any more, and has not ended. */
  const silence = (seconds: number): Promise<unknown> => fresh.db.$executeRaw`UPDATE idempotency_keys SET seen_at = now() - ${seconds} * interval '1 second'`;

  test('a request whose process gives no sign of life is taken over after six seconds, and its late end changes nothing', async () => {
    const { db } = fresh;
    const late = once(db, 'usr_1', 'k', 'h', async () => {
      await silence(5);
      await expect(once(db, 'usr_1', 'k', 'h', work)).rejects.toMatchObject({ code: 'conflict' });
      await silence(7);
      expect(await once(db, 'usr_1', 'k', 'h', work)).toEqual(answer);
      return { status: 500, body: 'too late' };
    });
    await late;
    expect(await once(db, 'usr_1', 'k', 'h', work)).toEqual(answer);
    expect(runs).toBe(1);
  });

  test('one that is only slow says that it lives', async () => {
    const { db } = fresh;
    await once(db, 'usr_1', 'k', 'h', async () => {
      await silence(7);
      await new Promise((resolve) => { setTimeout(resolve, 2_500); });
      await expect(once(db, 'usr_1', 'k', 'h', work)).rejects.toMatchObject({ code: 'conflict' });
      return work();
    });
    expect(runs).toBe(1);
  });

  describe('what its transactions did', () => {
    const yaml = twoComponents();
    const counts = async (): Promise<number[]> => [await fresh.db.deploy.count(), await fresh.db.version.count(), await fresh.db.auditEntry.count({ where: { action: { startsWith: 'deploy.' } } })];

    test('happens once when its process dies behind the commit: whoever asks again is told the same, and goes on behind it', async () => {
      const { db } = fresh;
      let reached: () => void = () => undefined;
      const atTheEnd = new Promise<void>((resolve) => { reached = resolve; });
      void once(db, 'usr_1', 'k', 'h', async () => {
        await createDeploy(db, actor, { yaml, files: [] });
        reached();
        return new Promise<never>(() => undefined);
      });
      await atTheEnd;
      await silence(7);
      const both = await once(db, 'usr_1', 'k', 'h', async () => {
        const made = await createDeploy(db, actor, { yaml, files: [] });
        return [made, await submitVersion(db, actor, { deployId: made.deploy_id, yaml })];
      });
      expect(both).toMatchObject([{ version: 1 }, { version: 2 }]);
      expect(await counts()).toEqual([1, 2, 2]);
      expect(await once(db, 'usr_1', 'k', 'h', work as () => Promise<never>)).toEqual(both);
    });

    test('is gone on from at once when it failed behind its commit', async () => {
      const { db } = fresh;
      const failing = once(db, 'usr_1', 'k', 'h', async () => {
        await createDeploy(db, actor, { yaml, files: [] });
        throw new Error('the connection broke');
      });
      await expect(failing).rejects.toThrow('the connection broke');
      expect(await once(db, 'usr_1', 'k', 'h', () => createDeploy(db, actor, { yaml, files: [] }))).toMatchObject({ version: 1 });
      expect(await counts()).toEqual([1, 1, 1]);
    });

    test('does not happen when another run has taken the request over', async () => {
      const { db } = fresh;
      await once(db, 'usr_1', 'k', 'h', async () => {
        await silence(7);
        await once(db, 'usr_1', 'k', 'h', () => createDeploy(db, actor, { yaml, files: [] }));
        await expect(createDeploy(db, actor, { name: 'other', yaml, files: [] })).rejects.toMatchObject({ code: 'conflict' });
      });
      expect(await counts()).toEqual([1, 1, 1]);
    });
  });

  test('answers are kept for a day', async () => {
    const { db } = fresh;
    await once(db, 'usr_1', 'k', 'h', work);
    await db.$executeRaw`UPDATE idempotency_keys SET created_at = now() - interval '23 hours'`;
    await once(db, 'usr_1', 'k', 'h', work);
    expect([runs, await forgetAnswers(db)]).toEqual([1, 0]);
    await db.$executeRaw`UPDATE idempotency_keys SET created_at = now() - interval '25 hours'`;
    await once(db, 'usr_1', 'k', 'other', work);
    expect(runs).toBe(2);
    await db.$executeRaw`UPDATE idempotency_keys SET created_at = now() - interval '25 hours'`;
    expect(await forgetAnswers(db)).toBe(1);
  });

  test.each(['', 'x'.repeat(256), 'a\u0000b', 'é'])('the key %.10j is refused', async (key) => {
    await expect(once(fresh.db, 'usr_1', key, 'h', work)).rejects.toMatchObject({ code: 'validation_error' });
  });
});

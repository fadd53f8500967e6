import { setTimeout as wait } from 'node:timers/promises';
import { createPrisma } from '../../prisma/client.js';
import { inTransaction } from '../../control/database.js';
import { appendEvents, EventFeed, lastEventId, readEvents, type EventInput, type EventView } from '../../control/events/index.js';
import { databaseKinds, startDatabase, withClient, type DatabaseServer, type FreshDatabase } from './database.js';

const output = (text: string, rest: Partial<EventInput> = {}): EventInput => ({ type: 'step.output', data: { lines: [{ stream: 'stdout', text }] }, ...rest });

async function until(condition: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not in ${timeoutMs} ms: ${what}`);
    await wait(10);
  }
}

describe.each(databaseKinds)('events on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  const feeds: EventFeed[] = [];
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); });
  afterEach(async () => {
    await Promise.all(feeds.splice(0).map((feed) => feed.close()));
    await fresh.close();
  });

  const append = (...events: EventInput[]): Promise<void> => inTransaction(fresh.db, (tx) => appendEvents(tx, events));
  const newFeed = async (checkMs = 60_000): Promise<EventFeed> => {
    const feed = new EventFeed({ db: fresh.db, databaseUrl: fresh.url, checkMs });
    feeds.push(feed);
    await feed.start();
    return feed;
  };

  test('an event goes over the wire with what it has, and no more', async () => {
    await append(output('a', { ts: '2030-01-02T03:04:05.678Z', deploy_id: 'dpl_1', rollout_id: 'rol_1', host: 'h', component: 'c' }), { type: 'node.state', host: 'h', data: { online: true } });
    expect(await readEvents(fresh.db)).toEqual([
      { id: expect.any(Number), type: 'step.output', ts: '2030-01-02T03:04:05.678Z', deploy_id: 'dpl_1', rollout_id: 'rol_1', host: 'h', component: 'c', data: { lines: [{ stream: 'stdout', text: 'a' }] } },
      { id: expect.any(Number), type: 'node.state', ts: expect.stringMatching(/^\d{4}-.*Z$/), host: 'h', data: { online: true } },
    ]);
  });

  test('output that no database column can hold is stored all the same', async () => {
    await append(output('nul \u0000, half \ud83d a pair \udc00, whole 😀'));
    expect((await readEvents(fresh.db))[0]?.data).toEqual({ lines: [{ stream: 'stdout', text: 'nul \ufffd, half \ufffd a pair \ufffd, whole 😀' }] });
  });

  test('a second event with the same dedupe key is dropped, also in parallel, and the rest of its batch is kept', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, index) => append(output('same', { dedupe_key: 'h+1' }), output(`own ${index}`))));
    const texts = (await readEvents(fresh.db)).map(({ data }) => JSON.stringify(data));
    expect(texts.filter((text) => text.includes('same'))).toHaveLength(1);
    expect(texts).toHaveLength(11);
  });

  test('reads are filtered and bounded', async () => {
    await append(...Array.from({ length: 30 }, (_, index) => output(`${index}`, { rollout_id: `rol_${index % 3}`, deploy_id: `dpl_${index % 2}` })));
    const ids = (await readEvents(fresh.db, { limit: 1000 })).map(({ id }) => id);
    expect((await readEvents(fresh.db, { after: ids[9] ?? 0, limit: 5 })).map(({ id }) => id)).toEqual(ids.slice(10, 15));
    expect(await readEvents(fresh.db, { rolloutId: 'rol_1' })).toHaveLength(10);
    expect(await readEvents(fresh.db, { deployId: 'dpl_1', rolloutId: 'rol_1' })).toHaveLength(5);
    expect(await lastEventId(fresh.db)).toBe(ids.at(-1));
  });

  test('ids increase in commit order: a reader that goes on from its last id never misses one of 8 writers', async () => {
    const perWriter = 60;
    const db = createPrisma(fresh.url, { poolSize: 12 });
    let writing = true;
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for (let last = false; !last; ) {
        last = !writing;
        for (let more = true; more; ) {
          const page = await readEvents(fresh.db, { after: seen.at(-1) ?? 0, limit: 1000 });
          seen.push(...page.map(({ id }) => id));
          more = page.length > 0;
        }
      }
    };
    const write = async (writer: number): Promise<void> => {
      for (let index = 0; index < perWriter; index += 1) {
        // Every third transaction gives up after it took its ids; the commits of the others are spread out in time.
        await inTransaction(db, async (tx) => {
          await appendEvents(tx, [output(`${writer}-${index}a`), output(`${writer}-${index}b`)]);
          if ((writer + index) % 7 === 0) await wait(3);
          if (index % 3 === 2) throw new Error('rolled back on purpose');
        }).catch((error: unknown) => { if (!String(error).includes('on purpose')) throw error; });
      }
    };
    const reading = read();
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    writing = false;
    await reading;
    await db.$disconnect();
    const all = (await fresh.db.event.findMany({ orderBy: { id: 'asc' }, select: { id: true } })).map(({ id }) => Number(id));
    expect(all).toHaveLength(8 * perWriter * 2 * 2 / 3);
    expect(seen).toEqual(all);
  });

  test('without the lock that same reader does miss some: the proof bites', async () => {
    // Two transactions by hand: the one that took the lower id commits last.
    await withClient(fresh.url, (first) => withClient(fresh.url, async (second) => {
      const insert = `INSERT INTO events (type, data) VALUES ('step.output', '{}')`;
      await first.query('BEGIN');
      await first.query(insert);
      await second.query(insert);
      const [seen] = await readEvents(fresh.db);
      await first.query('COMMIT');
      expect(await readEvents(fresh.db, { after: seen?.id ?? 0 })).toEqual([]);
      expect(await readEvents(fresh.db)).toHaveLength(2);
    }));
  });

  test('a feed hands every event to every subscriber, in order, within moments', async () => {
    const feed = await newFeed();
    await append(output('before'));
    const got: EventView[][] = [[], [], []];
    await until(() => feed.connected, 'connected');
    const [first, second, third] = got;
    if (!first || !second || !third) throw new Error('unreachable');
    feed.subscribe({ after: 0 }, (event) => void first.push(event));
    await until(() => first.length === 1, 'the old one');
    feed.subscribe({}, (event) => void second.push(event));
    feed.subscribe({ rolloutId: 'rol_2' }, (event) => void third.push(event));
    const begun = Date.now();
    await append(output('one', { rollout_id: 'rol_1' }), output('two', { rollout_id: 'rol_2' }));
    await until(() => first.length === 3 && second.length === 2 && third.length === 1, 'all delivered');
    expect(Date.now() - begun).toBeLessThan(2000);
    expect(first).toEqual(await readEvents(fresh.db));
    expect(second).toEqual(first.slice(1));
    expect(third).toEqual(first.slice(2));
  });

  test('subscribers that join anywhere while others write see no gap and no repeat', async () => {
    const feed = await newFeed();
    await append(...Array.from({ length: 1700 }, (_, index) => output(`old ${index}`, { rollout_id: `rol_${index % 2}` })));
    const logs: { after: number; filter: string | undefined; ids: number[] }[] = [];
    let writing = true;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let index = 0; index < 60; index += 1) await append(output(`${writer}-${index}`, { rollout_id: `rol_${index % 2}` }));
    });
    const joining = (async (): Promise<void> => {
      for (let index = 0; writing || index < 30; index += 1) {
        const log = { after: (index * 97) % 1900, filter: index % 3 === 0 ? 'rol_1' : undefined, ids: [] as number[] };
        logs.push(log);
        feed.subscribe({ after: log.after, ...(log.filter === undefined ? {} : { rolloutId: log.filter }) }, async (event) => {
          log.ids.push(event.id);
          if (index % 5 === 0 && log.ids.length % 100 === 0) await wait(1);
        });
        await wait(20);
        if (index > 60) return;
      }
    })();
    await Promise.all(writers);
    writing = false;
    await joining;
    const all = await fresh.db.event.findMany({ orderBy: { id: 'asc' }, select: { id: true, rollout_id: true } });
    const wanted = (log: (typeof logs)[number]): number[] => all.filter(({ id, rollout_id }) => Number(id) > log.after && (log.filter === undefined || rollout_id === log.filter)).map(({ id }) => Number(id));
    await until(() => logs.every((log) => log.ids.length >= wanted(log).length), 'everybody has everything');
    for (const log of logs) expect(log.ids).toEqual(wanted(log));
    expect(logs.length).toBeGreaterThanOrEqual(30);
  });

  test('a feed whose connection is cut comes back by itself, without a gap or a repeat', async () => {
    const feed = await newFeed();
    const ids: number[] = [];
    feed.subscribe({ after: 0 }, (event) => void ids.push(event.id));
    let writing = true;
    const writer = (async (): Promise<void> => {
      for (let index = 0; writing; index += 1) {
        await append(output(`${index}`)).catch(() => undefined); // the cut may hit a writer's connection too: then nothing was written
        await wait(5);
      }
    })();
    for (let cut = 0; cut < 4; cut += 1) {
      await until(() => feed.connected, 'connected again');
      const before = ids.length;
      await until(() => ids.length > before + 3, 'events flow');
      const killed = await withClient(fresh.url, (client) => client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maestro-events' AND datname = current_database()`));
      expect(killed.rowCount).toBe(1);
      await until(() => !feed.connected, 'the loss is noticed');
    }
    await until(() => feed.connected, 'connected at last');
    writing = false;
    await writer;
    await append(output('last'));
    const all = (await fresh.db.event.findMany({ orderBy: { id: 'asc' }, select: { id: true } })).map(({ id }) => Number(id));
    await until(() => ids.length >= all.length, 'everything arrived');
    expect(ids).toEqual(all);
  });

  test('what was written while nobody listened arrives after the reconnect', async () => {
    const feed = await newFeed();
    const ids: number[] = [];
    feed.subscribe({}, (event) => void ids.push(event.id));
    const name = new URL(fresh.url).pathname.slice(1);
    const allow = (yes: boolean) => withClient(server.url, (client) => client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${yes}`));
    await append(output('opens the writer’s connection'));
    await until(() => ids.length === 1, 'the first arrived');
    await allow(false);
    await withClient(server.url, (client) => client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maestro-events' AND datname = $1`, [name]));
    await until(() => !feed.connected, 'the loss is noticed');
    await append(output('in between'), output('too'));
    await wait(500);
    expect([feed.connected, ids.length]).toEqual([false, 1]);
    await allow(true);
    await until(() => ids.length === 3, 'both arrived');
    expect(ids).toEqual((await readEvents(fresh.db)).map(({ id }) => id));
  });

  test('a lost notification is made up for by the regular check', async () => {
    const feed = await newFeed(100);
    const ids: number[] = [];
    feed.subscribe({}, (event) => void ids.push(event.id));
    await withClient(fresh.url, (client) => client.query(`INSERT INTO events (type, data) VALUES ('node.state', '{}')`));
    await until(() => ids.length === 1, 'found without NOTIFY', 5000);
  });

  test('a subscriber that throws is let go, the others go on; after unsubscribing nothing arrives', async () => {
    const errors: unknown[] = [];
    const feed = new EventFeed({ db: fresh.db, databaseUrl: fresh.url, onError: (error) => errors.push(error) });
    feeds.push(feed);
    await feed.start();
    const [calls, good, left]: [number[], number[], number[]] = [[], [], []];
    feed.subscribe({}, (event) => { calls.push(event.id); throw new Error('bad subscriber'); });
    feed.subscribe({}, (event) => void good.push(event.id));
    const leave = feed.subscribe({}, (event) => void left.push(event.id));
    await append(output('1'));
    await until(() => good.length === 1 && left.length === 1, 'the first');
    leave();
    await append(output('2'));
    await until(() => good.length === 2, 'the second');
    expect([calls.length, left.length]).toEqual([1, 1]);
    expect(errors).toEqual([expect.objectContaining({ message: 'bad subscriber' })]);
  });

  test('a feed that cannot reach its database says so, and a closed one takes no subscribers', async () => {
    const nowhere = 'postgresql://maestro@127.0.0.1:1/none';
    const lost = new EventFeed({ db: createPrisma(nowhere), databaseUrl: nowhere });
    await expect(lost.start()).rejects.toMatchObject({ code: 'unavailable' });
    await lost.close();
    const feed = await newFeed();
    await feed.close();
    expect(() => feed.subscribe({}, () => undefined)).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});

import { listNodes, nodesByName, seen, sweepNodes } from '../../control/nodes/index.js';
import { readEvents } from '../../control/events/index.js';
import { countQueries, databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';

const facts = { docker: true, systemd: false, missing: ['systemd'] };

describe.each(databaseKinds)('nodes on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); });
  afterEach(() => fresh.close());

  const changes = async (): Promise<unknown[]> => (await readEvents(fresh.db)).map(({ type, host, data }) => [type, host, data['online']]);
  const silent = (seconds: number) => fresh.db.$executeRaw`UPDATE nodes SET last_seen_at = now() - make_interval(secs => ${seconds})`;

  test('a host is a node from its first hello on, and its latest facts are kept', async () => {
    const { db } = fresh;
    await seen(db, { node: 'web-01', facts, version: '0.1.0', address: '10.0.0.1' });
    await seen(db, { node: 'web-01', facts: { ...facts, systemd: true, missing: [] }, version: '0.2.0' });
    expect((await listNodes(db)).items).toEqual([{
      node_id: expect.stringMatching(/^nod_/), name: 'web-01', online: true, last_seen_at: expect.any(String), facts: { docker: true, systemd: true, missing: [] }, version: '0.2.0', address: '10.0.0.1', allow: [],
    }]);
  });

  test('only coming and going are events: many hellos, in parallel too, make one', async () => {
    const { db } = fresh;
    await Promise.all(Array.from({ length: 12 }, () => seen(db, { node: 'web-01', facts, version: '1' })));
    for (let index = 0; index < 3; index += 1) await seen(db, { node: 'web-01', facts, version: '1' });
    expect(await db.node.count()).toBe(1);
    expect(await changes()).toEqual([['node.state', 'web-01', true]]);
    expect(await sweepNodes(db)).toEqual([]);
    await silent(16);
    expect((await listNodes(db)).items[0]?.online).toBe(false);
    const swept = await Promise.all([sweepNodes(db), sweepNodes(db), sweepNodes(db)]);
    expect(swept.flat()).toEqual(['web-01']);
    expect(await sweepNodes(db)).toEqual([]);
    await seen(db, { node: 'web-01', facts, version: '1' });
    expect(await changes()).toEqual([['node.state', 'web-01', true], ['node.state', 'web-01', false], ['node.state', 'web-01', true]]);
  });

  test('what a host has found or lost since is an event too, once', async () => {
    const { db } = fresh;
    for (const docker of [false, false, true, true]) await seen(db, { node: 'web-01', facts: { ...facts, docker }, version: '1' });
    expect(await changes()).toEqual([['node.state', 'web-01', true], ['node.state', 'web-01', true]]);
  });

  test('a host counts as online for 15 seconds', async () => {
    const { db } = fresh;
    await seen(db, { node: 'web-01', facts, version: '1' });
    await silent(14);
    expect((await listNodes(db)).items[0]?.online).toBe(true);
    await silent(15.1);
    expect((await listNodes(db)).items[0]?.online).toBe(false);
  });

  test('a hello of a host that is online costs one statement', async () => {
    const { db, url } = fresh;
    const hello = { node: 'web-01', facts, version: '1' };
    await seen(db, hello);
    expect(await countQueries(url, (one) => seen(one, hello))).toBe(1);
  });

  test('nodes are listed by name and found by name', async () => {
    const { db } = fresh;
    for (const node of ['c', 'a', 'b']) await seen(db, { node, facts, version: '1' });
    const page = await listNodes(db, { limit: 2 });
    expect(page.items.map(({ name }) => name)).toEqual(['a', 'b']);
    expect((await listNodes(db, { limit: 2, cursor: page.next_cursor ?? '' })).items.map(({ name }) => name)).toEqual(['c']);
    const found = await nodesByName(db, ['a', 'c', 'nobody']);
    expect([...found.keys()].sort()).toEqual(['a', 'c']);
    expect(found.get('a')?.online).toBe(true);
  });
});

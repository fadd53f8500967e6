import { readEvents } from '../../control/events/index.js';
import { getDeploy, listDeploys, tombstoneDeploy } from '../../control/deploys/index.js';
import { seen } from '../../control/nodes/index.js';
import { getDrift, observedSummaries, recordStates } from '../../control/observed/index.js';
import { openRollout, recordRolloutState, startRollout } from '../../control/rollouts/index.js';
import type { PlacementSeen, WatchedVersion } from '../../spec/drift.js';
import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor, shop } from './documents.js';

const facts = { docker: true, systemd: true, missing: [] };
const stream = 'a'.repeat(16);
const stopped = { field: 'container.status', kind: 'stopped' as const, from: 'exited', to: 'running' };

describe.each(databaseKinds)('observed states on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  let deployId: string;
  let watched: WatchedVersion[];
  let sequence = 0;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => {
    fresh = await server.freshDatabase();
    deployId = await shop(fresh.db);
    watched = [{ deploy_id: deployId, version: 1, role: 'active', placements: ['db', 'web'].map((component) => ({ component }) as never) }];
    await seen(fresh.db, { node: 'web-01', facts, version: '1' });
    const { rollout_id } = await openRollout(fresh.db, actor, { deployId, version: 1, kind: 'apply' });
    await startRollout(fresh.db, rollout_id);
    await recordRolloutState(fresh.db, rollout_id, { state: 'succeeded', reason: '' });
  });
  afterEach(() => fresh.close());

  const state = (over: Partial<PlacementSeen> = {}): PlacementSeen => ({ deploy_id: deployId, component: 'web', version: 1, state: 'running', detail: '', drift: [], ...over });
  const tell = (states: PlacementSeen[], at = (sequence += 1), host = 'web-01') => recordStates(fresh.db, host, watched, { stream, sequence: at, states });
  const events = async () => (await readEvents(fresh.db, { limit: 1000 })).filter(({ type }) => type.startsWith('component.')).map(({ type, component, host, data }) => [type, host, component, data['state'] ?? data['kinds']]);
  const web = async () => (await getDrift(fresh.db, deployId)).placements.find(({ component }) => component === 'web');

  test('a state is told once, and every change of it is an event', async () => {
    await tell([state(), state({ component: 'db' })]);
    await tell([state()]);
    await tell([state({ state: 'failed', detail: 'exited', drift: [stopped] })]);
    await tell([state({ state: 'failed', detail: 'exited', drift: [stopped] })]);
    await tell([state()]);
    expect(await events()).toEqual([
      ['component.state', 'web-01', 'web', 'running'], ['component.state', 'web-01', 'db', 'running'],
      ['component.state', 'web-01', 'web', 'failed'], ['component.drift', 'web-01', 'web', ['stopped']],
      ['component.state', 'web-01', 'web', 'running'], ['component.drift', 'web-01', 'web', []],
    ]);
  });

  test('the same events stay one each when a report comes twice, and at once', async () => {
    const drifted = [state({ state: 'failed', drift: [stopped] })];
    await tell([state()]);
    await Promise.all([tell(drifted, 50), tell(drifted, 50), tell(drifted, 50)]);
    expect((await events()).slice(1)).toEqual([['component.state', 'web-01', 'web', 'failed'], ['component.drift', 'web-01', 'web', ['stopped']]]);
  });

  test('a report that was overtaken changes nothing', async () => {
    await tell([state({ state: 'failed' })], 60);
    await tell([state()], 59);
    expect(await web()).toMatchObject({ state: 'failed' });
    await recordStates(fresh.db, 'web-01', watched, { stream: 'b'.repeat(16), sequence: 1, states: [state()] });
    expect(await web()).toMatchObject({ state: 'running' });
  });

  test('a host says nothing of what it does not have to look after', async () => {
    await tell([state({ component: 'other' }), state({ deploy_id: 'dpl_somebodyelses0000' })]);
    expect(await fresh.db.componentState.count()).toBe(0);
    expect(await events()).toEqual([]);
  });

  test('drift is told by placement, kind and field; what nobody has looked at is not known', async () => {
    await tell([state({ state: 'failed', detail: 'it is exited', drift: [stopped] })]);
    expect(await getDrift(fresh.db, deployId)).toEqual({
      deploy_id: deployId, version: 1, drifted: true, kinds: ['stopped'], placements: [
        { host: 'web-01', component: 'db', state: 'unknown', detail: 'its host has not looked at it yet', version: null, since: null, seen_at: null, kinds: [], fields: [] },
        { host: 'web-01', component: 'web', state: 'failed', detail: 'it is exited', version: 1, since: expect.any(String), seen_at: expect.any(String), kinds: ['stopped'], fields: [stopped] },
      ],
    });
    expect((await getDeploy(fresh.db, deployId)).placements.map((one) => one.state)).toEqual(['unknown', 'failed']);
    expect((await listDeploys(fresh.db)).items[0]).toMatchObject({ drift: { placements: 1, kinds: ['stopped'] }, observed: { failed: 1 } });
  });

  test('since is when the state began, and a host that falls silent is offline, not well', async () => {
    await tell([state()]);
    const since = (await web())?.since;
    await tell([state({ detail: 'still' })]);
    expect((await web())?.since).toBe(since);
    await fresh.db.$executeRaw`UPDATE nodes SET last_seen_at = now() - interval '16 seconds'`;
    expect(await web()).toMatchObject({ state: 'host_offline', detail: 'web-01 does not speak; it was running when it was seen last', since });
    expect((await observedSummaries(fresh.db, [deployId])).get(deployId)?.observed).toEqual({ host_offline: 1 });
  });

  test('what a host has stopped looking at is not known any more', async () => {
    await tell([state()]);
    await fresh.db.$executeRaw`UPDATE component_states SET seen_at = now() - interval '5 minutes'`;
    expect(await web()).toMatchObject({ state: 'unknown' });
  });

  test('what a version does not place any more, and what a deleted deploy had, is forgotten', async () => {
    await tell([state(), state({ component: 'db' })]);
    await fresh.db.$executeRaw`UPDATE component_states SET component = 'gone' WHERE component = 'db'`;
    const { rollout_id } = await openRollout(fresh.db, actor, { deployId, version: 1, kind: 'apply' });
    await startRollout(fresh.db, rollout_id);
    await recordRolloutState(fresh.db, rollout_id, { state: 'succeeded', reason: '' });
    expect((await fresh.db.componentState.findMany()).map(({ component }) => component)).toEqual(['web']);
    await tombstoneDeploy(fresh.db, actor, deployId);
    expect(await fresh.db.componentState.count()).toBe(0);
  });

  test('texts that the database cannot hold are told without what it refuses', async () => {
    await tell([state({ detail: 'a\u0000b', drift: [{ ...stopped, from: '\ud800' }] })]);
    expect(await web()).toMatchObject({ detail: 'a\uFFFDb' });
  });
});

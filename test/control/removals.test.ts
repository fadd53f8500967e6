import { readEvents } from '../../control/events/index.js';
import { findDeploy } from '../../control/deploys/index.js';
import { submitVersion } from '../../control/deploys/submit.js';
import { createPlan } from '../../control/plans/index.js';
import { beginRemovals, hostsOf, openTeardown, recordRemovals, recordRemoving, removalsOn, startTeardown } from '../../control/removals/index.js';
import type { Renderer } from '../../control/rendering/desired.js';
import { getRollout, openRollout, recordRolloutState, recordSteps, startRollout } from '../../control/rollouts/index.js';
import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor, shop, twoComponents } from './documents.js';

const failure = { code: 'timeout' as const, message: 'web-01 did not answer', fix: '', phase: null, put_back: false, output_tail: '', phases: [] };

describe.each(databaseKinds)('removals on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  let deployId: string;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => {
    fresh = await server.freshDatabase();
    deployId = await shop(fresh.db);
  });
  afterEach(() => fresh.close());

  const renderer = { desired: (_deploy: string, version: number, host: string) => Promise.resolve([{ component: `of v${version} on ${host}` }]) } as unknown as Renderer;
  const apply = async (version: number, prune?: { volumes: boolean }): Promise<string> => {
    const { rollout_id } = await openRollout(fresh.db, actor, { deployId, version, kind: 'apply', prune });
    await startRollout(fresh.db, rollout_id);
    return rollout_id;
  };
  const succeed = async (rolloutId: string): Promise<void> => {
    const { steps } = await getRollout(fresh.db, rolloutId);
    await recordSteps(fresh.db, rolloutId, steps.filter(({ action }) => action !== 'remove').map(({ step }) => ({ step, state: 'succeeded', attempt: 1 })));
    await recordRolloutState(fresh.db, rolloutId, { state: 'succeeded', reason: '' });
  };
  /** Without `web`, on another host. */
  const moved = (): Promise<unknown> => submitVersion(fresh.db, actor, { deployId, yaml: twoComponents().replace('components: [db, web]', 'components: [db]').replaceAll('web-01', 'db-01') });
  const answer = (host: string, run: string) => removalsOn({ db: fresh.db, renderer }, host, run);

  test('a host is told what stays, by an open run that removes, on hosts the deploy was ever on', async () => {
    await succeed(await apply(1));
    await moved();
    const plain = await apply(2);
    await expect(answer('db-01', plain)).rejects.toMatchObject({ code: 'not_found' });
    await succeed(plain);
    const rollout = await apply(2, { volumes: true });
    expect(await answer('web-01', rollout)).toEqual({ deploy_id: deployId, placements: [{ component: 'of v2 on web-01' }], order: ['db', 'web'], volumes: true });
    await expect(answer('other-01', rollout)).rejects.toMatchObject({ code: 'not_found' });
    await succeed(rollout);
    await expect(answer('web-01', rollout)).rejects.toMatchObject({ code: 'not_found' });
    expect(await answer('web-01', await createPlan(fresh.db, actor, { deployId, version: 2, prune: { volumes: false } }))).toMatchObject({ volumes: false });
    await expect(answer('web-01', await createPlan(fresh.db, actor, { deployId, version: 2 }))).rejects.toMatchObject({ code: 'not_found' });
  });

  test('every placement that the version does not have any more is a step, until it has been removed', async () => {
    await succeed(await apply(1));
    await moved();
    const rollout = await apply(2, { volumes: false });
    expect(await beginRemovals(fresh.db, rollout)).toEqual({ hosts: ['db-01', 'web-01'], steps: { 'db-01': [], 'web-01': ['db', 'web'] } });
    expect(await beginRemovals(fresh.db, rollout)).toEqual(await beginRemovals(fresh.db, rollout));
    await recordRemoving(fresh.db, rollout, 'web-01', ['db', 'web']);
    const outcome = { components: ['db', 'web'], failure: null, placements: [{ component: 'db', whole: true, removed: ['container db', 'network n'], kept: ['the volume v is in use'] }] };
    for (let times = 0; times < 2; times += 1) await recordRemovals(fresh.db, rollout, 'web-01', outcome);
    const { steps } = await getRollout(fresh.db, rollout);
    expect(steps.filter(({ host }) => host === 'web-01')).toMatchObject([
      { step: 'web-01/db', state: 'succeeded', action: 'remove', operations: ['remove container db', 'remove network n'], reason: 'stays: the volume v is in use' }, { step: 'web-01/web', state: 'unchanged', action: 'remove' },
    ]);
    expect((await readEvents(fresh.db, { rolloutId: rollout, limit: 1000 })).filter(({ type }) => type === 'step.output').map(({ data }) => data)).toEqual([
      { lines: [{ stream: 'info', text: 'removed container db' }, { stream: 'info', text: 'removed network n' }, { stream: 'info', text: 'stays: the volume v is in use' }] },
    ]);
    await succeed(rollout);
    expect((await beginRemovals(fresh.db, await apply(2, { volumes: false }))).steps['web-01']).toEqual(['web']);
  });

  test('a teardown takes the turn, removes all, and its success deletes the deploy', async () => {
    expect(await openTeardown(fresh.db, actor, { deployId, volumes: false })).toBeNull();
    await succeed(await apply(1));
    const opened = await openTeardown(fresh.db, actor, { deployId, volumes: true });
    const id = opened?.rollout_id ?? '';
    await expect(openRollout(fresh.db, actor, { deployId, version: 1, kind: 'apply' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(openTeardown(fresh.db, actor, { deployId, volumes: true })).rejects.toMatchObject({ code: 'conflict' });
    expect(await startTeardown(fresh.db, id)).toMatchObject({ state: 'running' });
    expect((await beginRemovals(fresh.db, id)).steps).toEqual({ 'web-01': ['db', 'web'] });
    expect(await answer('web-01', id)).toMatchObject({ placements: [], volumes: true });
    await recordRemovals(fresh.db, id, 'web-01', { components: ['db', 'web'], placements: [], failure });
    expect((await getRollout(fresh.db, id)).steps).toMatchObject([{ state: 'failed', reason: 'web-01 did not answer' }, { state: 'failed' }]);
    await recordRolloutState(fresh.db, id, { state: 'failed', reason: 'x' });
    expect(await findDeploy(fresh.db, deployId)).toMatchObject({ active_version: 1 });
    const again = (await openTeardown(fresh.db, actor, { deployId, volumes: false }))?.rollout_id ?? '';
    await startTeardown(fresh.db, again);
    await recordRolloutState(fresh.db, again, { state: 'succeeded', reason: '' });
    await expect(findDeploy(fresh.db, deployId)).rejects.toMatchObject({ code: 'not_found' });
    expect(await hostsOf(fresh.db, deployId)).toEqual(['web-01']);
  });
});

/** A rollout that is taken back, and one that goes on with another version, as the database keeps them. */
import { listAudit } from '../../control/audit/index.js';
import { createDeploy, getDeploy, submitVersion } from '../../control/deploys/index.js';
import { readEvents } from '../../control/events/index.js';
import { getRollout, loadRollout, openRollback, openRollout, recordRolloutState, recordSteps, retargetRollout, startRollout, type OpenedRollback } from '../../control/rollouts/index.js';
import type { StepState } from '../../spec/words.js';
import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor, twoComponents } from './documents.js';

const cause = { trigger: 'web-01/web', asked_by: null, reason: 'web: http 503' };
const idOf = (answer: OpenedRollback): string => ('rollout_id' in answer ? answer.rollout_id : '');

describe.each(databaseKinds)('on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => { fresh = await server.freshDatabase(); });
  afterEach(() => fresh.close());

  const run = async (deployId: string, version: number): Promise<string> => {
    const { rollout_id: id } = await openRollout(fresh.db, actor, { deployId, version, kind: 'apply' });
    await startRollout(fresh.db, id);
    return id;
  };
  const record = (id: string, steps: Record<string, StepState>): Promise<void> => recordSteps(fresh.db, id, Object.entries(steps).map(([step, state]) => ({ step, state, attempt: 1, reason: 'so it is' })));

  /** v1 has succeeded; v2 changed db, failed at web, and is paused. */
  const failing = async (second = twoComponents('shop', '1.28')): Promise<{ deployId: string; id: string }> => {
    const { deploy_id: deployId } = await createDeploy(fresh.db, actor, { yaml: twoComponents(), files: [] });
    const first = await run(deployId, 1);
    await record(first, { 'web-01/db': 'succeeded', 'web-01/web': 'succeeded' });
    await recordRolloutState(fresh.db, first, { state: 'succeeded', reason: '' });
    await submitVersion(fresh.db, actor, { deployId, yaml: second, files: [] });
    const id = await run(deployId, 2);
    await record(id, { 'web-01/db': 'succeeded', 'web-01/web': 'failed' });
    await recordRolloutState(fresh.db, id, { state: 'paused', reason: '1 failed' });
    return { deployId, id };
  };

  test('the failed one ends and the other is there, in one moment: a new version with what the active one had', async () => {
    const { deployId, id } = await failing();
    const answer = await openRollback(fresh.db, id, cause);
    expect(answer).toEqual({ rollout_id: expect.any(String) as string, version: 3 });
    const failed = await getRollout(fresh.db, id);
    expect(failed).toMatchObject({ state: 'failed', rolled_back_by: idOf(answer), reason: `web: http 503; v1 comes back as v3 by ${idOf(answer)}` });
    expect(await getRollout(fresh.db, idOf(answer))).toMatchObject({
      state: 'pending', kind: 'rollback', version: 3, rollback_of: id, started_by: 'maestro',
      cause: { ...cause, from_version: 2, to_version: 1, kept: [], missing: [] },
    });
    expect((await getDeploy(fresh.db, deployId)).versions[0]).toMatchObject({ number: 3, kind: 'rollback', parent: 1 });
    expect((await listAudit(fresh.db)).items[0]).toMatchObject({ action: 'rollout.rollback', details: { rollback_of: id, trigger: 'web-01/web' } });
    const told = (await readEvents(fresh.db, { limit: 1000 })).slice(-3).map(({ type, data }) => [type, data['state'] ?? data['version']]);
    expect(told).toEqual([['rollout.state', 'failed'], ['deploy.version', 3], ['rollout.state', 'pending']]);
  });

  test('it walks what was changed, dependents first, and the same graph every time', async () => {
    const { id } = await failing();
    const rollback = idOf(await openRollback(fresh.db, id, cause));
    const loaded = await loadRollout(fresh.db, rollback);
    expect(loaded).toMatchObject({ automatic: true, kind: 'rollback', version: 3 });
    expect(loaded.graph.steps.map(({ id: step, waits_for }) => [step, waits_for.map(({ from }) => from)])).toEqual([['web-01/db', ['web-01/web']], ['web-01/web', []]]);
    await startRollout(fresh.db, rollback);
    await record(rollback, { 'web-01/db': 'succeeded', 'web-01/web': 'unchanged' });
    await recordRolloutState(fresh.db, rollback, { state: 'succeeded', reason: '' });
    expect((await loadRollout(fresh.db, rollback)).graph).toEqual(loaded.graph);
  });

  test('only its success makes the other one rolled back, and its version the active one', async () => {
    const { deployId, id } = await failing();
    const rollback = idOf(await openRollback(fresh.db, id, cause));
    await startRollout(fresh.db, rollback);
    await record(rollback, { 'web-01/db': 'succeeded', 'web-01/web': 'succeeded' });
    expect(await getRollout(fresh.db, id)).toMatchObject({ state: 'failed' });
    await recordRolloutState(fresh.db, rollback, { state: 'succeeded', reason: '' });
    const back = await getRollout(fresh.db, id);
    expect(back.state).toBe('rolled_back');
    expect(back.steps.map(({ step, state }) => [step, state])).toEqual([['web-01/db', 'rolled_back'], ['web-01/web', 'failed']]);
    expect(await getDeploy(fresh.db, deployId)).toMatchObject({ active_version: 3 });
  });

  test('one that is aborted leaves the other as failed', async () => {
    const { deployId, id } = await failing();
    const rollback = idOf(await openRollback(fresh.db, id, cause));
    await startRollout(fresh.db, rollback);
    await recordRolloutState(fresh.db, rollback, { state: 'aborted', reason: '' });
    expect(await getRollout(fresh.db, id)).toMatchObject({ state: 'failed' });
    expect(await getDeploy(fresh.db, deployId)).toMatchObject({ active_version: 1 });
  });

  test('however often it is asked for, also at once, there is one', async () => {
    const { id } = await failing();
    const answers = await Promise.all(Array.from({ length: 10 }, () => openRollback(fresh.db, id, cause)));
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(await fresh.db.rollout.count()).toBe(3);
    expect(await fresh.db.version.count()).toBe(3);
  });

  test('what opted out stays, and is named; so is what the version that comes back does not have', async () => {
    const second = twoComponents('shop', '1.28').replace('container_name: shop-db }', 'container_name: shop-db }\n    rollback: false').replace('components: [db, web]', 'components: [db, web, mail]')
      .replace('deployment:', '  mail:\n    source: { type: docker, image: mail }\n    run: { type: docker, container_name: mail }\ndeployment:');
    const { id } = await failing(second);
    await record(id, { 'web-01/mail': 'succeeded' });
    const rollback = await getRollout(fresh.db, idOf(await openRollback(fresh.db, id, cause)));
    expect(rollback.cause).toMatchObject({ kept: ['web-01/db'], missing: ['web-01/mail'] });
    expect(rollback.steps.map(({ step }) => step)).toEqual(['web-01/web']);
  });

  test('secrets and claims are those of the version that comes back', async () => {
    const { deployId, id } = await failing();
    await fresh.db.versionSecrets.create({ data: { deploy_id: deployId, version: 1, secrets: { 'db/password': 4 } } });
    await fresh.db.versionClaims.create({ data: { deploy_id: deployId, version: 1, hosts: ['web-01'], digest: 'abc', claims: [] } });
    await openRollback(fresh.db, id, cause);
    expect(await fresh.db.versionSecrets.findMany({ where: { version: 3 } })).toMatchObject([{ secrets: { 'db/password': 4 } }]);
    expect(await fresh.db.versionClaims.findMany({ where: { version: 3 } })).toMatchObject([{ hosts: ['web-01'], digest: 'abc' }]);
  });

  test('a first rollout has nothing to go back to, and one that has ended is not taken back', async () => {
    const { deploy_id: deployId } = await createDeploy(fresh.db, actor, { yaml: twoComponents(), files: [] });
    const id = await run(deployId, 1);
    expect(await openRollback(fresh.db, id, cause)).toEqual({ refused: 'no version of this deploy has succeeded yet, so there is none to go back to' });
    await recordRolloutState(fresh.db, id, { state: 'aborted', reason: '' });
    expect(await openRollback(fresh.db, id, cause)).toEqual({ refused: 'it has ended (aborted)' });
  });

  describe('another version', () => {
    test('is what the rollout is of from then on; steps it does not have are skipped', async () => {
      const { deployId, id } = await failing();
      const without = twoComponents('shop', '1.29').replace('components: [db, web]', 'components: [db]').replace(/  web:[\s\S]*depends_on: \[db\]\n/, '');
      await submitVersion(fresh.db, actor, { deployId, yaml: without, files: [] });
      const answer = await retargetRollout(fresh.db, id, 3, 'tess');
      expect(answer).toMatchObject({ version: 3, graph: { steps: [{ id: 'web-01/db' }] } });
      expect(await retargetRollout(fresh.db, id, 3, 'tess')).toEqual(answer);
      const rollout = await getRollout(fresh.db, id);
      expect(rollout).toMatchObject({ version: 3, state: 'paused' });
      expect(rollout.steps.map(({ step, state, reason }) => [step, state, reason])).toEqual([['web-01/db', 'succeeded', 'so it is'], ['web-01/web', 'skipped', 'v3 does not have it']]);
      await recordRolloutState(fresh.db, id, { state: 'succeeded', reason: '' });
      expect(await getDeploy(fresh.db, deployId)).toMatchObject({ active_version: 3 });
    });

    test('is refused when it is not there, while something runs, and in a rollout that takes another one back', async () => {
      const { deployId, id } = await failing();
      expect(await retargetRollout(fresh.db, id, 9, 'tess')).toEqual({ refused: 'there is no version 9' });
      await submitVersion(fresh.db, actor, { deployId, yaml: twoComponents('shop', '1.29'), files: [] });
      await recordRolloutState(fresh.db, id, { state: 'running', reason: '' });
      expect(await retargetRollout(fresh.db, id, 3, 'tess')).toMatchObject({ refused: expect.stringContaining('only while it is paused') as string });
      const rollback = idOf(await openRollback(fresh.db, id, cause));
      await startRollout(fresh.db, rollback);
      await recordRolloutState(fresh.db, rollback, { state: 'paused', reason: 'x' });
      expect(await retargetRollout(fresh.db, rollback, 3, 'tess')).toMatchObject({ refused: expect.stringContaining('keeps its version') as string });
    });
  });
});

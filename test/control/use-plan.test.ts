/** Carrying out a plan: exactly what was reviewed, exactly once, or not at all. */
import { createDeploy, submitVersion } from '../../control/deploys/index.js';
import { createPlan, plannedFingerprints, recordPlan, type HostAnswer } from '../../control/plans/index.js';
import { openRollout, recordRolloutState, type OpenedRollout, type OpenRolloutRequest } from '../../control/rollouts/index.js';
import { MaestroError } from '../../spec/errors.js';
import type { PlacementBasis } from '../../spec/planned.js';
import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor, shop, twoComponents } from './documents.js';

const seen = (component: string, hash = 'one'): PlacementBasis => ({ component, hash, fingerprint: { digest: `seen ${component}`, parts: { container: 'there' } } });
const answer = (over: Partial<HostAnswer> = {}): HostAnswer => ({ host: 'web-01', reachable: true, detail: '', components: [], basis: [seen('db'), seen('web')], ...over });
const hashes = (over: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> => new Map(Object.entries({ 'web-01/db': 'one', 'web-01/web': 'one', ...over }));

describe.each(databaseKinds)('a plan on %s', (kind) => {
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

  const planned = async (over: Partial<Parameters<typeof createPlan>[2]> = {}, hosts = [answer()]): Promise<string> => {
    const id = await createPlan(fresh.db, actor, { deployId, version: 1, secrets: { 'db/password': 1 }, ...over });
    await recordPlan(fresh.db, id, { hosts });
    return id;
  };
  const apply = (planId: string, over: Partial<OpenRolloutRequest> = {}): Promise<OpenedRollout> =>
    openRollout(fresh.db, actor, { deployId, version: 1, kind: 'apply', secrets: { 'db/password': 1 }, plan: { planId, hashes: hashes() }, ...over });
  const finish = (id: string): Promise<unknown> => recordRolloutState(fresh.db, id, { state: 'failed', reason: 'for the test' });
  const refusal = async (pending: Promise<unknown>): Promise<MaestroError> => {
    const before = await fresh.db.rollout.count();
    const error = await pending.then(() => null, (thrown: unknown) => thrown);
    expect(await fresh.db.rollout.count()).toBe(before);
    if (error instanceof MaestroError) return error;
    throw new Error('it was not refused', { cause: error });
  };

  test('is carried out: the rollout remembers it, and its hosts are told how they were seen', async () => {
    const id = await planned();
    const { rollout_id: rollout } = await apply(id);
    expect(await fresh.db.rollout.findUnique({ where: { id: rollout } })).toMatchObject({ plan_id: id, version: 1 });
    expect(await fresh.db.auditEntry.findFirst({ where: { action: 'rollout.apply' } })).toMatchObject({ details: { plan_id: id, plan_digest: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(await plannedFingerprints(fresh.db, rollout, 'web-01')).toEqual(new Map([['db', seen('db').fingerprint], ['web', seen('web').fingerprint]]));
    expect(await plannedFingerprints(fresh.db, rollout, 'web-09')).toEqual(new Map());
  });

  test('a rollout without a plan tells its hosts nothing of one', async () => {
    const { rollout_id: rollout } = await openRollout(fresh.db, actor, { deployId, version: 1, kind: 'apply' });
    expect(await plannedFingerprints(fresh.db, rollout, 'web-01')).toBeNull();
  });

  test('is carried out once: of 20 at the same time one wins, and the others are told which', async () => {
    const id = await planned();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => apply(id)));
    const [winner, ...others] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect([others, await fresh.db.rollout.count()]).toEqual([[], 1]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'plan_used', details: { plan_id: id, rollout_id: winner?.rollout_id } });
    await finish(winner?.rollout_id ?? '');
    expect(await refusal(apply(id))).toMatchObject({ code: 'plan_used', details: { rollout_id: winner?.rollout_id, state: 'failed' } });
  });

  test('and not after its time, nor before its hosts have answered', async () => {
    const id = await planned();
    await fresh.db.plan.update({ where: { id }, data: { expires_at: new Date(Date.now() - 1) } });
    expect(await refusal(apply(id))).toMatchObject({ code: 'plan_expired' });
    expect(await refusal(apply(await createPlan(fresh.db, actor, { deployId, version: 1 })))).toMatchObject({ code: 'unavailable' });
  });

  test('nor for another deploy, nor as another kind of rollout', async () => {
    const id = await planned();
    const { deploy_id: other } = await createDeploy(fresh.db, actor, { yaml: twoComponents('other'), files: [] });
    expect(await refusal(apply(id, { deployId: other }))).toMatchObject({ code: 'not_found' });
    expect(await refusal(apply('pln_none'))).toMatchObject({ code: 'not_found' });
    expect(await refusal(apply(id, { kind: 'rollback' }))).toMatchObject({ code: 'validation_error' });
  });

  test('a rollback is carried out by the plan of its dry run', async () => {
    const id = await planned({ kind: 'rollback' });
    expect(await refusal(apply(id))).toMatchObject({ code: 'validation_error' });
    expect(await apply(id, { kind: 'rollback' })).toMatchObject({ version: 2 });
  });

  const stale: Record<string, [moved: RegExp, make: () => Promise<[planId: string, over?: Partial<OpenRolloutRequest>]>]> = {
    'another version than was asked for': [/it is a plan of version 1, and version 2 was asked for/, async () => {
      await submitVersion(fresh.db, actor, { deployId, yaml: twoComponents('shop', '1.28'), files: [] });
      return [await planned(), { version: 2 }];
    }],
    'a rollout that was opened since': [/the rollout rol_\S+ of version 1 was opened since/, async () => {
      const id = await planned();
      await finish((await openRollout(fresh.db, actor, { deployId, version: 1, kind: 'apply' })).rollout_id);
      return [id];
    }],
    'a rollout that was going on meanwhile': [/the rollout rol_\S+ was going on when it was made/, async () => {
      const { rollout_id: rollout } = await openRollout(fresh.db, actor, { deployId, version: 1, kind: 'apply' });
      const id = await planned();
      await finish(rollout);
      return [id];
    }],
    'a secret in another version': [/the secret db\/password has version 2 now, version 1 in the plan/, async () => [await planned(), { secrets: { 'db/password': 2 } }]],
    'a secret that is gone': [/the secret db\/password has no version now/, async () => [await planned(), { secrets: {} }]],
    'another rendering': [/web-01\/web is rendered differently now/, async () => ['', { plan: { planId: await planned(), hashes: hashes({ 'web-01/web': 'two' }) } }]],
    'a host that could not be asked': [/web-01 could not be asked/, async () => [await planned({}, [{ host: 'web-01', reachable: false, detail: 'web-01 does not answer', components: [] }])]],
    'a placement that no host has seen': [/web-01\/web is rendered differently now/, async () => [await planned({}, [answer({ basis: [seen('db')] })])]],
    'a placement that is not there any more': [/web-01\/old is not in the version any more/, async () => [await planned({}, [answer({ basis: [seen('db'), seen('web'), seen('old')] })])]],
    'a plan of an older Maestro': [/by an older Maestro/, async () => {
      const id = await planned();
      await fresh.db.$executeRaw`UPDATE plans SET basis = NULL, kind = NULL`;
      return [id];
    }],
  };
  test.each(Object.entries(stale))('is refused, with what moved: %s', async (_, [moved, make]) => {
    const error = await refusal(apply(...(await make())));
    expect(error).toMatchObject({ code: 'plan_stale', details: { moved: [expect.stringMatching(moved)] } });
    expect(error.message).toMatch(moved);
    expect(error.fix).toMatch(/Diff again/);
  });

  test('a rollout that is open is what an apply hears of first', async () => {
    const id = await planned();
    const { rollout_id: rollout } = await openRollout(fresh.db, actor, { deployId, version: 1, kind: 'apply' });
    expect(await refusal(apply(id))).toMatchObject({ code: 'conflict', details: { rollout_id: rollout } });
  });
});

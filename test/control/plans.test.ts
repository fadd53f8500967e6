import { createPlan, getPlan, loadPlan, planDigest, recordPlan, type PlanHost } from '../../control/plans/index.js';
import { readEvents } from '../../control/events/index.js';
import { openRun } from '../../control/runs.js';
import { tombstoneDeploy } from '../../control/deploys/index.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { actions, type Action } from '../../spec/words.js';
import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor, shop } from './documents.js';

const placement = (component: string, action: Action): PlacementPlan =>
  ({ component, action, restart: false, downtime: false, reasons: ['because'], fields: [{ field: 'image', kind: 'desired', from: null, to: 'nginx' }], files: [], operations: [{ op: 'check_health' }], observed_state: 'missing', needs_prepare: false });
const hosts: PlanHost[] = [
  { host: 'web-01', reachable: true, detail: '', components: actions.map((action, index) => placement(`c${index}`, action)) },
  { host: 'web-02', reachable: false, detail: 'not seen for 40 s', components: [] },
  { host: 'web-03', reachable: true, detail: '', components: [placement('c1', 'create')] },
];

describe.each(databaseKinds)('plans on %s', (kind) => {
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

  test('a plan is what the hosts answered, with a digest, good for 15 minutes', async () => {
    const { db } = fresh;
    const id = await createPlan(db, actor, { deployId, version: 1 });
    expect(id).toMatch(/^pln_/);
    await expect(getPlan(db, id)).rejects.toMatchObject({ code: 'unavailable' });
    const recorded = await recordPlan(db, id, { hosts });
    expect(Date.parse(recorded.expires_at) - Date.now()).toBeGreaterThan(14.9 * 60_000);
    expect(Date.parse(recorded.expires_at) - Date.now()).toBeLessThanOrEqual(15 * 60_000);
    expect(await getPlan(db, id)).toEqual({
      plan_id: id, plan_digest: planDigest(deployId, 1, hosts), expires_at: recorded.expires_at, version: 1, hosts,
      summary: { create: 2, update: 1, restart: 1, reload: 1, unchanged: 1, remove: 1, conflict: 1 },
    });
    expect((await readEvents(db)).at(-1)).toMatchObject({ type: 'plan.created', deploy_id: deployId, data: { plan_id: id, digest: recorded.digest } });
    expect(await loadPlan(db, id)).toMatchObject({ plan_id: id, deploy_id: deployId, version: 1 });
  });

  test('the first record stands, however often and with whatever it is repeated', async () => {
    const { db } = fresh;
    const id = await createPlan(db, actor, { deployId, version: 1 });
    const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => recordPlan(db, id, { hosts: hosts.slice(0, 1 + (index % 3)) })));
    expect(new Set(answers.map(({ digest }) => digest)).size).toBe(1);
    expect((await readEvents(db)).filter(({ type }) => type === 'plan.created')).toHaveLength(1);
    expect((await getPlan(db, id)).plan_digest).toBe(answers[0]?.digest);
  });

  test('unknown plans, versions and deleted deploys are not found', async () => {
    const { db } = fresh;
    await expect(createPlan(db, actor, { deployId, version: 9 })).rejects.toMatchObject({ code: 'not_found' });
    await expect(recordPlan(db, 'pln_none', { hosts })).rejects.toMatchObject({ code: 'not_found' });
    await expect(getPlan(db, 'pln_none')).rejects.toMatchObject({ code: 'not_found' });
    await tombstoneDeploy(db, actor, deployId);
    await expect(createPlan(db, actor, { deployId, version: 1 })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a host may ask on behalf of a plan for five minutes', async () => {
    const { db } = fresh;
    const id = await createPlan(db, actor, { deployId, version: 1 });
    expect(await openRun(db, id)).toEqual({ run_id: id, deploy_id: deployId, version: 1, rollout_id: null });
    await db.$executeRaw`UPDATE plans SET created_at = now() - interval '301 seconds'`;
    expect(await openRun(db, id)).toBeNull();
    for (const unknown of ['pln_none', 'rol_none', 'x']) expect(await openRun(db, unknown)).toBeNull();
  });
});

test('the digest depends on everything shown and on nothing else', () => {
  const digest = planDigest('dpl_1', 1, hosts);
  expect(planDigest('dpl_1', 1, [...hosts].reverse())).toBe(digest);
  const [first, ...rest] = hosts;
  if (!first) throw new Error('no hosts');
  const variants = [
    planDigest('dpl_2', 1, hosts), planDigest('dpl_1', 2, hosts), planDigest('dpl_1', 1, rest),
    planDigest('dpl_1', 1, [{ ...first, reachable: false }, ...rest]),
    planDigest('dpl_1', 1, [{ ...first, components: first.components.map((one) => ({ ...one, reasons: ['other'] })) }, ...rest]),
  ];
  expect(new Set([digest, ...variants]).size).toBe(variants.length + 1);
});

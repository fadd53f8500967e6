import { createPlan, getPlan, keepDiffs, loadPlan, planDigest, recordPlan, type HostAnswer } from '../../control/plans/index.js';
import { readEvents } from '../../control/events/index.js';
import { openRun } from '../../control/runs.js';
import { tombstoneDeploy } from '../../control/deploys/index.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { actions, type Action } from '../../spec/words.js';
import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor, shop } from './documents.js';

const placement = (component: string, action: Action): PlacementPlan =>
  ({ component, action, restart: false, downtime: false, reasons: ['because'], fields: [{ field: 'image', kind: 'desired', from: null, to: 'nginx' }], files: [], operations: [{ op: 'check_health' }], observed_state: 'missing', needs_prepare: false });
const hosts: HostAnswer[] = [
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
      plan_id: id, plan_digest: recorded.digest, expires_at: recorded.expires_at, version: 1, component: null, component_from: null, hosts: hosts.map((host) => ({ ...host, fingerprint: null })),
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

  test('the lines of files stand in their places, as long as they came before the plan was recorded', async () => {
    const { db } = fresh;
    const id = await createPlan(db, actor, { deployId, version: 1 });
    const file = (path: string) => ({ path, old_sha256: null, new_sha256: 'a'.repeat(64), kind: 'desired' as const });
    const answer: HostAnswer[] = [{ host: 'web-01', reachable: true, detail: '', components: [{ ...placement('web', 'update'), files: [file('/etc/a'), file('/etc/b')] }] }];
    const lines = { component: 'web', path: '/etc/a', unified_diff: '+one\u0000\n', note: null };
    expect(await keepDiffs(db, id, 'web-01', [{ ...lines, unified_diff: 'of an attempt before' }])).toBe(true);
    expect(await keepDiffs(db, id, 'web-01', [lines, { ...lines, path: '/etc/b', unified_diff: null, note: 'secret' }])).toBe(true);
    const { digest } = await recordPlan(db, id, { hosts: answer });
    expect(await keepDiffs(db, id, 'web-01', [{ ...lines, unified_diff: 'nobody reviewed it' }])).toBe(false);
    const view = await getPlan(db, id);
    expect(view.plan_digest).toBe(digest);
    expect(view.hosts[0]?.components[0]?.files).toEqual([{ ...file('/etc/a'), unified_diff: '+one\uFFFD\n', note: null }, { ...file('/etc/b'), unified_diff: null, note: 'secret' }]);
    await db.$executeRaw`UPDATE plans SET created_at = now() - interval '25 hours'`;
    await createPlan(db, actor, { deployId, version: 1 });
    expect((await getPlan(db, id)).hosts[0]?.components[0]?.files).toEqual([file('/etc/a'), file('/etc/b')]);
  });

  test('an answer is bounded: the lines of the hosts that come last are left out', async () => {
    const { db } = fresh;
    const id = await createPlan(db, actor, { deployId, version: 1 });
    const names = Array.from({ length: 12 }, (_, index) => `web-${String(index + 10)}`);
    const answers = names.map((host): HostAnswer => ({ host, reachable: true, detail: '', components: [{ ...placement('web', 'update'), files: [{ path: '/etc/a', old_sha256: null, new_sha256: 'a', kind: 'desired' }] }] }));
    for (const host of names) await keepDiffs(db, id, host, [{ component: 'web', path: '/etc/a', unified_diff: 'x'.repeat(500_000), note: null }]);
    await recordPlan(db, id, { hosts: answers });
    const shown = (await getPlan(db, id)).hosts.map(({ components }) => components[0]?.files[0]?.unified_diff !== undefined);
    expect(shown).toEqual(names.map((_, index) => index < 8));
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

test('the digest depends on everything that was decided on or shown, and on nothing else', () => {
  const basis = { secrets: { 'db/password': 1 }, order: 'as it is', rollouts: 2, open_rollout: null };
  const plan = { deploy_id: 'dpl_1', version: 1, kind: 'apply' as const, basis };
  const [first, ...rest] = hosts;
  if (!first) throw new Error('no hosts');
  const seen = (over: object = {}): HostAnswer => ({ ...first, basis: [{ component: 'c0', hash: 'one', fingerprint: { digest: 'seen', parts: { container: 'seen' } }, ...over }] });
  const asked = [seen(), ...rest];
  const digest = planDigest(plan, asked);
  expect(planDigest(plan, [...asked].reverse())).toBe(digest);
  expect(planDigest({ ...plan, basis: { ...basis, rollouts: 3 } }, asked)).toBe(digest);
  const variants = [
    planDigest({ ...plan, deploy_id: 'dpl_2' }, asked), planDigest({ ...plan, version: 2 }, asked), planDigest({ ...plan, kind: 'rollback' }, asked), planDigest(plan, rest),
    planDigest({ ...plan, basis: { ...basis, secrets: { 'db/password': 2 } } }, asked), planDigest({ ...plan, basis: { ...basis, order: 'another' } }, asked),
    planDigest(plan, [seen({ hash: 'two' }), ...rest]), planDigest(plan, [seen({ fingerprint: { digest: 'moved', parts: { container: 'moved' } } }), ...rest]),
    planDigest(plan, [{ ...seen(), reachable: false }, ...rest]),
    planDigest(plan, [{ ...seen(), components: first.components.map((one) => ({ ...one, reasons: ['other'] })) }, ...rest]),
    planDigest(plan, [{ ...seen(), components: first.components.map((one) => ({ ...one, identity: 'sha256:other' })) }, ...rest]),
  ];
  expect(new Set([digest, ...variants]).size).toBe(variants.length + 1);
});

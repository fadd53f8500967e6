/** The two workflows beside the rollout: `plan` asks every host and changes nothing; `operate` does one thing on some. */
import type { HostAnswer } from '../../activities/index.js';
import { graphOf } from './graphs.js';
import { countEvents, scheduledActivities } from './histories.js';
import { stepFailure } from './plans.js';
import { World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start({ hosts: ['h1', 'h2'] });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

const answersOf = (planId: string): HostAnswer[] => world.control.plans.get(planId)?.answers ?? [];

describe('plan', () => {
  test('asks every host once and calls nothing else', async () => {
    const { planId, hosts, handle } = await world.plan(graphOf({ 'h1/db': [], 'h1/web': ['h1/db'], 'h2/web': [] }));
    expect(await handle.result()).toEqual({ plan_id: planId });
    expect(hosts.calls.map(({ call }) => call).sort()).toEqual(['observe h1', 'observe h1', 'observe h2', 'observe h2']);
    expect(scheduledActivities(await handle.fetchHistory()).map(({ type, queue }) => `${type} ${queue}`).sort()).toEqual(['observe host-h1', 'observe host-h2']);
    expect(answersOf(planId)).toMatchObject([
      { host: 'h1', reachable: true, detail: '', components: [{ component: 'db', action: 'create' }, { component: 'web', action: 'create' }] },
      { host: 'h2', reachable: true, detail: '', components: [{ component: 'web', action: 'create' }] },
    ]);
  });

  test('a host that does not answer is told as unreachable in about 5 s; the others are answered all the same', async () => {
    const started = performance.now();
    const { planId, hosts, handle } = await world.plan(graphOf({ 'h1/db': [], 'nowhere/web': [], 'h2/web': [] }));
    await handle.result();
    const tookMs = performance.now() - started;
    console.info(`plan with an unreachable host: ${(tookMs / 1000).toFixed(1)} s`);
    expect(tookMs).toBeLessThan(12_000);
    expect(answersOf(planId)).toMatchObject([
      { host: 'h1', reachable: true }, { host: 'nowhere', reachable: false, detail: 'nowhere does not answer', components: [] }, { host: 'h2', reachable: true },
    ]);
    expect(hosts.names('begun').sort()).toEqual(['observe h1', 'observe h2']);
  }, 30_000);

  test('a host that answers with a failure is reachable, and the failure is told', async () => {
    const { planId, handle } = await world.plan(graphOf({ 'h1/db': [], 'h2/web': [] }), (hosts) => hosts.fail('observe h2', stepFailure('Docker does not answer', 'dependency_missing')));
    await handle.result();
    expect(answersOf(planId)).toMatchObject([{ host: 'h1', reachable: true }, { host: 'h2', reachable: true, detail: 'Docker does not answer', components: [] }]);
  });

  test('is recorded once, after every answer', async () => {
    const { handle } = await world.plan(graphOf({ 'h1/db': [], 'h2/web': [] }));
    await handle.result();
    expect(countEvents(await handle.fetchHistory())).toMatchObject({ markerRecorded: 2, activityTaskScheduled: 2 });
  });
});

describe('operate', () => {
  test('does it on every host named, and only there', async () => {
    const rollout = world.rollout(graphOf({ 'h1/web': [], 'h2/web': [] }));
    expect(await world.operate(rollout, { component: 'web', hosts: ['h1', 'h2'], verb: 'restart' })).toEqual({ h1: { ok: true, detail: 'restart' }, h2: { ok: true, detail: 'restart' } });
    expect(rollout.hosts.names('begun').sort()).toEqual(['operate h1/web', 'operate h2/web']);
  });

  test('a failure on one host does not keep it from the others', async () => {
    const rollout = world.rollout(graphOf({ 'h1/web': [], 'h2/web': [] }));
    rollout.hosts.fail('operate h1/web', stepFailure('the container does not start', 'runtime_error'));
    expect(await world.operate(rollout, { component: 'web', hosts: ['h1', 'h2'], verb: 'start' }))
      .toEqual({ h1: { ok: false, detail: 'the container does not start' }, h2: { ok: true, detail: 'start' } });
  });
});

/** A rollout that finds everything as it shall be asks each host once, and does nothing else. */
import { countEvents, markerNames, scheduledActivities } from './histories.js';
import { flatGraph, hostNames } from './graphs.js';
import { World } from './world.js';

const hosts = hostNames(10);
let world: World;
beforeAll(async () => {
  world = await World.start({ hosts });
}, 120_000);
afterAll(() => world?.stop(), 60_000);

describe('nothing to do', () => {
  test.each([1, 3, 10])('on %i hosts: one activity for each in the history, and nothing else but local markers and the watch for silent hosts', async (count) => {
    const names = hosts.slice(0, count);
    const graph = flatGraph(names, 4);
    const rollout = world.rollout(graph, { unchanged: graph.steps.map(({ id }) => id) });
    const started = performance.now();
    expect(await (await rollout.start()).ends()).toBe('succeeded');
    const tookMs = performance.now() - started;
    const history = await rollout.history();
    expect(scheduledActivities(history).sort((a, b) => a.queue.localeCompare(b.queue))).toEqual(names.map((host) => ({ type: 'observe', queue: `host-${host}` })).sort((a, b) => a.queue.localeCompare(b.queue)));
    const { markerRecorded, timerCanceled = 0, ...rest } = countEvents(history);
    expect(rest).toEqual({
      workflowExecutionStarted: 1, activityTaskScheduled: count, activityTaskStarted: count, activityTaskCompleted: count, timerStarted: count, workflowExecutionCompleted: 1,
    });
    // An answer in the same task as the end needs no cancelling of its timer.
    expect(timerCanceled).toBeLessThanOrEqual(count);
    expect(markerNames(history)).toEqual(new Set(['core_local_activity']));
    // At the most: the begin, a record for each host's answer, the end.
    expect(markerRecorded).toBeLessThanOrEqual(count + 2);
    expect(new Set(Object.values(rollout.states))).toEqual(new Set(['unchanged']));
    console.info(`no-op, ${count} hosts: ${tookMs.toFixed(0)} ms, ${history.events?.length} events`);
  });

  test('the story is short: running, each step unchanged, succeeded', async () => {
    const graph = flatGraph(['h1', 'h2'], 2);
    const rollout = world.rollout(graph, { unchanged: graph.steps.map(({ id }) => id) });
    await (await rollout.start()).ends();
    expect(rollout.record.story.at(0)).toMatchObject({ rollout: 'running' });
    expect(rollout.record.story.at(-1)).toMatchObject({ rollout: 'succeeded' });
    expect(rollout.record.story.slice(1, -1).map((told) => ('step' in told ? `${told.step} ${told.state}` : told.rollout)).sort())
      .toEqual(['h1/c1 unchanged', 'h1/c2 unchanged', 'h2/c1 unchanged', 'h2/c2 unchanged']);
  });
});

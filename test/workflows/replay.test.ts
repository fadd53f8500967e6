/** Rollouts that were begun by an earlier build go on with this one: recorded histories replay on the code as it is now. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { readRecorded, toHistory, type RecordedHistory } from './recorded-history.js';
import { bundle } from './world.js';

const folder = new URL('histories/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, '')).sort();

const read = async (name: string): Promise<RecordedHistory> => readRecorded(await readFile(new URL(`${name}.json`, folder), 'utf8'));

let workflowBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'OFF' } }, shutdownSignals: [] });
  workflowBundle = await bundle();
}, 120_000);

const replay = (history: RecordedHistory): Promise<void> => Worker.runReplayHistory({ workflowBundle }, toHistory(history), 'deploy/dpl_1');

test('there are histories of what matters most', () => {
  expect(names).toEqual(expect.arrayContaining([
    'abort', 'another-version', 'approval', 'blue-green', 'canary', 'failure-and-retry', 'host-given-up', 'limits', 'no-op', 'silent-host', 'skip', 'taken-back', 'takes-back',
  ]));
});

test.each(names)('%s', async (name) => {
  await expect(replay(await read(name))).resolves.toBeUndefined();
}, 60_000);

describe('a history that this code would not have made is refused', () => {
  const altered = async (name: string, change: (events: RecordedHistory['events']) => RecordedHistory['events']): Promise<RecordedHistory> => ({ events: change((await read(name)).events) });

  test('another activity was scheduled', async () => {
    const history = await altered('failure-and-retry', (events) => events.map((event) => {
      const { activityTaskScheduledEventAttributes: scheduled } = event;
      return scheduled?.activityType.name === 'activate' ? { ...event, activityTaskScheduledEventAttributes: { ...scheduled, activityType: { name: 'deactivate' } } } : event;
    }));
    await expect(replay(history)).rejects.toBeInstanceOf(DeterminismViolationError);
  }, 60_000);

  test('a record was not made', async () => {
    const history = await altered('no-op', (events) => {
      const last = events.findLastIndex(({ eventType }) => eventType === 'EVENT_TYPE_MARKER_RECORDED');
      return events.filter((_event, index) => index !== last).map((event, index) => ({ ...event, eventId: String(index + 1) }));
    });
    await expect(replay(history)).rejects.toBeInstanceOf(DeterminismViolationError);
  }, 60_000);

  test('it ended otherwise', async () => {
    const history = await altered('no-op', (events) => events.map((event) =>
      event.eventType === 'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED' ? { ...event, eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW', workflowExecutionCompletedEventAttributes: undefined, workflowExecutionContinuedAsNewEventAttributes: {} } : event));
    await expect(replay(history)).rejects.toBeInstanceOf(DeterminismViolationError);
  }, 60_000);
});

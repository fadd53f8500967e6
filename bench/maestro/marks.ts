/** The moments of one rollout, in milliseconds after its request was sent. */
import type { Applied } from './session.js';
import type { History } from './history.js';

export type Marks = Record<string, number>;

const last = (times: readonly number[]): number => Math.max(...times);

export function marksOf({ sentAt, answeredAt, endedAt, events }: Applied, { startedAt, completedAt, tasks, activities }: History): Marks {
  const sentEpoch = performance.timeOrigin + sentAt;
  const after = (epoch: number): number => epoch - sentEpoch;
  const observes = activities.filter(({ type }) => type === 'observe');
  const observed = last(observes.map((activity) => activity.completedAt));
  const changes = activities.filter(({ type }) => type === 'activate');
  const next = tasks.filter((task) => task.startedAt > observed).map((task) => task.startedAt);
  const written = events.filter(({ type, data }) => type === 'rollout.state' && data?.['state'] === 'succeeded').map(({ ts }) => Date.parse(ts ?? ''));
  return {
    'workflow started in Temporal': after(startedAt),
    '202 answered': answeredAt - sentAt,
    'first workflow task begins': after(tasks[0]?.startedAt ?? startedAt),
    'hosts are asked (observe scheduled)': after(last(observes.map(({ scheduledAt }) => scheduledAt))),
    'last host begins to observe': after(last(observes.map((activity) => activity.startedAt))),
    'first host has observed': after(Math.min(...observes.map((activity) => activity.completedAt))),
    'last host has observed': after(observed),
    ...(next.length === 0 ? {} : { 'workflow task after the last observation begins': after(Math.min(...next)) }),
    ...(changes.length === 0 ? {} : {
      'first change scheduled (activate)': after(Math.min(...changes.map(({ scheduledAt }) => scheduledAt))),
      'last change scheduled': after(last(changes.map(({ scheduledAt }) => scheduledAt))),
      'last change done': after(last(changes.map((activity) => activity.completedAt))),
    }),
    ...(written.length === 0 ? {} : { 'success written (time of the event)': after(last(written)) }),
    'success told on the socket': endedAt - sentAt,
    'workflow completed': after(completedAt),
  };
}

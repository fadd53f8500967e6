/** `--profile`: where the time of a rollout goes, from Temporal's history, the events, the API's log and the CPU clocks. */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import type { Profile } from '../options.js';
import { median } from '../report/series.js';
import { columns } from '../report/table.js';
import { pullImages } from '../workload/fleet.js';
import { noteOf, workload } from '../workload/workload.js';
import { readHistory, type History } from './history.js';
import { marksOf, type Marks } from './marks.js';
import { Cases, all, none, one } from './maestro.js';
import { groupsOf } from './processes.js';
import { requestsBetween } from './request-log.js';
import { Session } from './session.js';

/** `name` → how often in one rollout, and how long each took (all of one rollout). */
type Tally = Record<string, number[]>;
interface Observation { marks: Marks; cpu: Record<string, number>; durations: Tally }

const runsOf: Record<Profile, number> = { first: 3, noop: 9, config: 6 };
/** CPU is accounted in hundredths of a second, and some of it is spent after the answer. */
const settleMs = 300;

export async function profileRollouts(profile: Profile, json: string | null): Promise<void> {
  const session = await Session.start();
  try {
    await pullImages(session.world.fleet);
    const cases = new Cases(session);
    await cases.renew();
    if (profile !== 'first') await cases.apply(all);
    const observations: Observation[] = [];
    for (let run = 0; run < runsOf[profile]; run += 1) {
      if (profile === 'first' && run > 0) await cases.renew();
      if (profile === 'config') await session.submit(cases.deployId, workload({ note: noteOf(run) }), 'bench');
      observations.push(await observe(session, cases.deployId, profile));
    }
    print(profile, observations);
    if (json !== null) await writeFile(json, `${JSON.stringify({ profile, load1: loadavg()[0], observations }, null, 2)}\n`);
  } finally {
    await session.stop();
  }
}

const expected = { first: all, noop: none, config: one };

async function observe(session: Session, deployId: string, profile: Profile): Promise<Observation> {
  const before = await cpuNow(session);
  const applied = await session.apply(deployId);
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const after = await cpuNow(session);
  await session.expect(applied.rolloutId, expected[profile]);
  const history = await readHistory(session.world.temporal, deployId);
  const { timeOrigin } = performance;
  const requests = await requestsBetween(session.world.stack.dataDir, timeOrigin + applied.sentAt, timeOrigin + applied.endedAt + settleMs);
  const { steps } = await session.world.api.ended(applied.rolloutId);
  return {
    marks: marksOf(applied, history),
    cpu: Object.fromEntries(Object.entries(after).map(([name, ms]) => [name, ms - (before[name] ?? 0)])),
    durations: tally([
      ...ofHistory(history),
      ...requests.map(({ route, ms }): [string, number] => [`API ${route}`, ms]),
      ...steps.flatMap(({ component, phases }) => (phases ?? []).map(({ phase, duration_ms }): [string, number] => [`phase ${phase} of ${component.startsWith('web') ? 'a container' : 'a unit'}`, duration_ms])),
    ]),
  };
}

function ofHistory({ activities, tasks, locals }: History): [string, number][] {
  return [
    ...tasks.flatMap((task): [string, number][] => [['workflow task: waiting', task.startedAt - task.scheduledAt], ['workflow task: running', task.completedAt - task.startedAt]]),
    ...locals.map(({ type, ms }): [string, number] => [`database activity ${type}`, ms]),
    ...activities.flatMap((activity): [string, number][] => [[`host activity ${activity.type}: waiting`, activity.startedAt - activity.scheduledAt], [`host activity ${activity.type}: running`, activity.completedAt - activity.startedAt]]),
  ];
}

function tally(entries: readonly [string, number][]): Tally {
  const found: Tally = {};
  for (const [name, ms] of entries) (found[name] ??= []).push(ms);
  return found;
}

/** Hosts summed up: which of them does what differs by a container. */
async function cpuNow(session: Session): Promise<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const { name, cpuMs } of await groupsOf(session.world)) {
    const summed = name.startsWith('host worker') ? 'host workers (3)' : name.startsWith('rest of') ? 'rest of the hosts: Docker, systemd, workload' : name;
    total[summed] = (total[summed] ?? 0) + cpuMs;
  }
  return total;
}

function print(profile: Profile, observations: readonly Observation[]): void {
  console.log(`\n${profile}: medians of ${observations.length} rollouts (load ${(loadavg()[0] ?? 0).toFixed(1)} on ${cpus().length} CPUs)\n`);
  console.log(`${marksTable(observations)}\n\n${durationsTable(observations)}\n\n${cpuTable(observations)}`);
}

const whole = (ms: number): string => ms.toFixed(ms < 10 ? 1 : 0);
const medianOf = (observations: readonly Observation[], value: (observation: Observation) => number | undefined): number => {
  const values = observations.map(value).filter((found) => found !== undefined);
  return values.length === 0 ? 0 : median(values);
};

function marksTable(observations: readonly Observation[]): string {
  const names = Object.keys(observations[0]?.marks ?? {});
  const sorted = names.map((name) => ({ name, at: medianOf(observations, ({ marks }) => marks[name]) })).sort((a, b) => a.at - b.at);
  const rows = sorted.map(({ name, at }, index) => [name, whole(at), `+${whole(at - (sorted[index - 1]?.at ?? 0))}`]);
  return columns([['moment', 'ms after POST', 'step'], ...rows]);
}

function durationsTable(observations: readonly Observation[]): string {
  const names = [...new Set(observations.flatMap(({ durations }) => Object.keys(durations)))].sort();
  const rows = names.map((name) => {
    const all = observations.flatMap(({ durations }) => durations[name] ?? []);
    const sum = (observation: Observation): number => (observation.durations[name] ?? []).reduce((total, ms) => total + ms, 0);
    return [name, whole(medianOf(observations, ({ durations }) => durations[name]?.length ?? 0)), whole(median(all)), whole(Math.max(...all)), whole(medianOf(observations, sum))];
  });
  return columns([['what', 'times', 'median ms', 'max ms', 'sum ms'], ...rows]);
}

function cpuTable(observations: readonly Observation[]): string {
  const names = Object.keys(observations[0]?.cpu ?? {});
  const rows = names.map((name) => [name, whole(medianOf(observations, ({ cpu }) => cpu[name]))]);
  return columns([['CPU of one rollout', 'ms'], ...rows, ['all', whole(medianOf(observations, ({ cpu }) => Object.values(cpu).reduce((sum, ms) => sum + ms, 0)))]]);
}

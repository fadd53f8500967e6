/** `--only rollout-model`: what the model behind the rollout page takes for a large rollout, in time and in memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readEvent } from '../../web/src/api/event-stream.js';
import type { Event } from '../../web/src/api/types.js';
import { Playback, Tape } from '../../web/src/features/rollout/model/playback.js';
import { addEvents, emptyLog, type RolloutLog } from '../../web/src/features/rollout/model/rollout-log.js';
import { RolloutFolder } from '../../web/src/features/rollout/model/rollout-model.js';
import { tellStory, type Story } from './story.js';

const shape = { rolloutId: 'rol_benchbenchbench00', deployId: 'dpl_benchbenchbench00', placements: 500, events: 50_000 };
const batch = 300;
const rounds = 5;

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

function timed<T>(work: () => T): { ms: number; result: T } {
  const started = performance.now();
  const result = work();
  return { ms: performance.now() - started, result };
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

function heapOf<T>(work: () => T): { bytes: number; result: T } {
  collect();
  const before = process.memoryUsage().heapUsed;
  const result = work();
  collect();
  return { bytes: process.memoryUsage().heapUsed - before, result };
}

const fold = (events: readonly Event[]): RolloutLog => {
  const log = emptyLog(shape.rolloutId);
  addEvents(log, events);
  return log;
};

/** As a page does that follows: a model after every batch. The longest batch is what a person would feel. */
function followed({ snapshot, events }: Story): { total: number; longest: number } {
  const log = emptyLog(shape.rolloutId);
  const folder = new RolloutFolder();
  let longest = 0;
  const { ms: total } = timed(() => {
    for (let at = 0; at < events.length; at += batch) {
      const { ms } = timed(() => {
        addEvents(log, events.slice(at, at + batch));
        folder.model(snapshot, log);
      });
      longest = Math.max(longest, ms);
    }
  });
  return { total, longest };
}

function shuffled(events: readonly Event[]): Event[] {
  const mixed = [...events, ...events.slice(0, events.length / 10)];
  let seed = 42;
  for (let at = mixed.length - 1; at > 0; at -= 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = seed % (at + 1);
    [mixed[at], mixed[other]] = [mixed[other] as Event, mixed[at] as Event];
  }
  return mixed;
}

function seeks({ snapshot, events }: Story): number {
  const tape = new Tape(shape.rolloutId);
  tape.add(events);
  const playback = new Playback(snapshot, tape);
  const width = playback.endMs - playback.startMs;
  return Math.max(...[0.9, 0.1, 0.55, 0.02, 0.99, 0.3].map((share) => timed(() => playback.modelAt(playback.startMs + share * width)).ms));
}

export function measureRolloutModel(): Promise<void> {
  const story = tellStory(shape);
  const { events, snapshot } = story;
  const lines = events.map((event) => JSON.stringify(event));
  const read = median(Array.from({ length: rounds }, () => timed(() => lines.map((line) => readEvent(JSON.parse(line)))).ms));
  const inOrder = median(Array.from({ length: rounds }, () => timed(() => fold(events)).ms));
  const mixed = shuffled(events);
  const outOfOrder = median(Array.from({ length: rounds }, () => timed(() => fold(mixed)).ms));
  const { bytes, result: log } = heapOf(() => fold(lines.map((line) => JSON.parse(line) as Event)));
  const model = median(Array.from({ length: rounds }, () => timed(() => new RolloutFolder().model(snapshot, log)).ms));
  const live = followed(story);
  const rows: [string, string][] = [
    ['reading and checking the lines', `${read.toFixed(0)} ms`],
    ['taking the events in, in order', `${inOrder.toFixed(0)} ms`],
    ['taking them in shuffled, a tenth of them twice', `${outOfOrder.toFixed(0)} ms`],
    ['the model of it all', `${model.toFixed(1)} ms`],
    [`following: a model every ${batch} events, in all`, `${live.total.toFixed(0)} ms`],
    ['  the longest of these steps', `${live.longest.toFixed(1)} ms`],
    ['playback: the longest jump of six', `${seeks(story).toFixed(1)} ms`],
    ['heap of what is kept (the events as text: ', `${megabytes(bytes)} MiB`],
  ];
  const textMiB = megabytes(lines.reduce((total, line) => total + line.length, 0));
  console.log(`\nRollout model: ${events.length} events of ${snapshot.steps.length} placements`);
  for (const [what, figure] of rows) console.log(`  ${(what.endsWith(': ') ? `${what}${textMiB} MiB)` : what).padEnd(56)} ${figure}`);
  return Promise.resolve();
}

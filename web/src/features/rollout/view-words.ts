/** The words of the page around the placements: its views, the timeline, the report and the playback. */
import type { Action } from '../../api/words.js';
import { plural } from '../../ui/plural.js';
import type { AnswerVerb } from './model/answers.js';
import type { WaveState } from './model/waves.js';

const placements = (count: number) => plural(count, 'placement');

export const viewWords = {
  views: { steps: 'Steps', timeline: 'Timeline', graph: 'Graph' },
  viewsLabel: 'Views of the rollout',
  since: 'since',
  legend: 'Show only',
  all: (count: number) => `All ${count}`,
  none: 'No placement is in this state now.',
  showAll: 'Show all',
  table: 'Placements',
  pick: 'Pick a placement to see its phases, attempts and output.',
  panel: (component: string, host: string) => `${component} on ${host}`,
  close: 'Close the details',
  nothing: { title: 'This rollout has no placements', sentence: 'Its version deploys nothing to any host.' },
  tryAgain: 'Diff and apply again',
  whatRuns: 'See what runs now',
  editYaml: 'Mend the YAML',
  retryWith: (version: number) => `Retry with version ${version}`,
  nextSteps: 'Answers to the rollout',
} as const;

export const strategyWords = {
  maxParallel: (count: number) => `${plural(count, 'host')} at a time`,
  maxFailures: (count: number) => `stops after ${plural(count, 'failed host')}`,
  verify: (duration: string) => `each change is watched for ${duration}`,
  approval: 'starts only when approved',
  wave: (index: number, of: number) => `Wave ${index + 1} of ${of}`,
  waveHosts: (done: number, hosts: number) => `${done} of ${plural(hosts, 'host')}`,
  waveStates: { done: 'done', now: 'under way', failed: 'failed', next: 'not begun' } satisfies Record<WaveState, string>,
} as const;

export const attemptWords = {
  title: 'Attempts',
  columns: { attempt: 'Attempt', state: 'State', took: 'Time', why: 'What came of it' },
  separator: (attempt: number) => `attempt ${attempt}`,
  waits: 'What it waits for',
} as const;

export const timelineWords = {
  label: 'Timeline of the placements',
  rollout: 'Rollout',
  waited: (duration: string, label: string | null) => `waited ${duration}${label === null ? '' : `: ${label}`}`,
  blocked: (duration: string, label: string | null) => `blocked ${duration}${label === null ? '' : `: ${label}`}`,
  worked: (duration: string, outcome: string | null) => `worked ${duration}${outcome === null ? '' : `, ${outcome.toLowerCase()}`}`,
  range: (from: string, to: string) => `${from} to ${to}`,
  goesOn: 'now',
  nothing: 'nothing yet',
  rest: (duration: string) => `${duration} of rest, drawn short`,
  legend: { wait: 'waits', block: 'is blocked', work: 'at work', good: 'ended well', bad: 'failed' },
  reading: 'Reading what happened so far…',
} as const;

export const graphWords = {
  label: 'Graph of hosts, components and what waits for what',
  twin: 'The same as a table is in the view “Steps”.',
  depends: 'depends on',
  order: 'comes after',
  tooMany: (count: number) => `${plural(count, 'connection')} left out, to keep the picture readable.`,
  loading: 'Drawing the graph…',
} as const;

const verbs: Record<AnswerVerb, string> = { retry: 'retried', resume: 'resumed it', pause: 'paused it', skip: 'skipped', approve: 'approved', rollback: 'asked for the roll back', abort: 'aborted it' };
const actionsDone: Record<Action, string> = { create: 'created', update: 'updated', restart: 'restarted', reload: 'reloaded', unchanged: 'unchanged', remove: 'removed', conflict: 'in conflict' };

export const reportWords = {
  title: 'Report',
  took: 'It took',
  rested: (duration: string) => `of which ${duration} it rested for a person`,
  changed: 'What changed',
  nothingChanged: 'Nothing had to change.',
  unchanged: (count: number) => `${placements(count)} unchanged`,
  done: actionsDone,
  more: (count: number) => `and ${count} more`,
  left: 'What did not come about',
  slowest: 'Slowest placements',
  mostlyIn: (phase: string) => `most of it in the phase “${phase}”`,
  restarts: 'Restarted',
  noRestarts: 'Nothing was restarted.',
  retried: 'Retried',
  phases: 'Time by phase',
  phase: 'Phase', total: 'In all', of: 'Placements',
  answers: 'Who answered',
  noAnswers: 'Nobody had to answer.',
  verbs,
  copy: 'Copy as Markdown',
} as const;

export const playbackWords = {
  open: 'Play it back',
  title: 'Playback',
  close: 'Back to the end',
  note: 'This is how it stood then. Nothing can be answered from here.',
  play: 'Play', pause: 'Pause',
  position: 'Moment',
  speed: 'Speed',
  speedOf: (times: number) => `${times}×`,
  at: (elapsed: string, total: string) => `${elapsed} of ${total}`,
  loading: 'Reading the stored events…',
  nothing: 'No events of this rollout are stored.',
} as const;

import type { Phase, RolloutKind, RolloutState, StepState } from '../../api/words.js';
import { plural } from '../../ui/plural.js';

export const rolloutStateWords: Record<RolloutState, string> = {
  pending: 'Queued', running: 'Running', paused: 'Paused', awaiting_approval: 'Waiting for approval', succeeded: 'Succeeded',
  failed: 'Failed', aborted: 'Aborted', rolled_back: 'Rolled back',
};

export const stepStateWords: Record<StepState, string> = {
  pending: 'Pending', waiting: 'Waiting', running: 'Running', unchanged: 'Unchanged', succeeded: 'Succeeded', failed: 'Failed',
  blocked: 'Blocked', skipped: 'Skipped', aborted: 'Aborted', rolled_back: 'Rolled back',
};

/** What is going on in a phase, as the rest of "Waiting for api on api-01: …". */
export const phaseDoing: Record<Phase, string> = {
  fetch: 'fetching', build: 'building', test: 'testing', files: 'writing files', start: 'starting', health: 'health check',
  verify: 'verifying', switch: 'switching over', stop_old: 'stopping the old one', cleanup: 'cleaning up',
};

export const phaseNames: Record<Phase, string> = {
  fetch: 'fetch', build: 'build', test: 'tests', files: 'files', start: 'start', health: 'health check',
  verify: 'verification', switch: 'switch-over', stop_old: 'stop of the old one', cleanup: 'clean-up',
};

export const kindWords: Record<RolloutKind, string> = { apply: 'Apply', rollback: 'Roll back', teardown: 'Tear down' };

const placement = (component: string, host: string) => `${component} on ${host}`;
const placements = (count: number) => plural(count, 'placement');

/** One plain sentence for where a rollout stands. */
export const sentences = {
  queued: 'Queued. It starts as soon as a control-plane worker takes it.',
  atWork: 'at work',
  observing: 'Asking the hosts what they run now.',
  waiting: (component: string, host: string, doing: string) => `Waiting for ${placement(component, host)}: ${doing}.`,
  waitingMany: (component: string, host: string, doing: string, others: number) =>
    `Waiting for ${placements(others + 1)}, first ${placement(component, host)}: ${doing}.`,
  behind: (waiting: number) => `${placements(waiting)} ${waiting === 1 ? 'waits' : 'wait'} behind it.`,
  held: (component: string, host: string, reason: string) => `${placement(component, host)} cannot start yet: ${reason}.`,
  betweenSteps: (done: number, all: number) => `${done} of ${placements(all)} done; the next one starts now.`,
  paused: (what: string, blocked: number) =>
    `Paused: ${what}${blocked === 0 ? '' : ` and ${blocked} more ${blocked === 1 ? 'is' : 'are'} blocked by that`}. Nothing more happens until you retry, skip or abort.`,
  failedOne: (component: string, host: string, why: string | null) => `${placement(component, host)} failed${why === null ? '' : ` (${why})`}`,
  failedMany: (failed: number) => `${placements(failed)} failed`,
  pausedClear: 'Paused: nothing failed is left. Resume to go on, or abort.',
  approval: (why: string | null) => (why === null ? 'Waiting for a person to approve it.' : `${why.charAt(0).toUpperCase()}${why.slice(1)}.`),
  pausedFor: (why: string) => `${why.charAt(0).toUpperCase()}${why.slice(1)}. What was running has finished; resume to go on.`,
  succeeded: (version: number, changed: number, unchanged: number) =>
    changed === 0
      ? `Version ${version} is active; nothing had to change.`
      : `Version ${version} is active: ${changed} changed, ${unchanged} unchanged.`,
  failed: (failed: number) => `Failed: ${placements(failed)} did not come up. The version that was active before still is.`,
  takenBack: 'Failed. The version that was active before comes back by a rollout of its own.',
  aborted: (done: number, all: number) => `Aborted. ${done} of ${placements(all)} had been done and stay as they are.`,
  rolledBack: 'Rolled back: what was changed has been put back.',
} as const;

export const rolloutWords = {
  title: (name: string, version: number) => `Version ${version} of ${name}`,
  heading: 'Rollout',
  deploys: 'Deploys',
  ofVersion: (version: number) => `of version ${version}`,
  progress: (done: number, all: number) => `${done} of ${placements(all)} done`,
  startedBy: (who: string) => `by ${who}`,
  started: 'Started',
  took: 'Took',
  running: 'Running for',
  temporal: 'Open in Temporal Web',
  fullPage: 'Open the rollout page',
  withVersion: (version: number) => `with version ${version}`,
  binding: (index: number) => `Binding ${index + 1}`,
  strategy: { sequential: 'one after the other', parallel: 'side by side', canary: 'canary', blue_green: 'blue-green' } as Record<string, string>,
  columns: { state: 'State', placement: 'Component', host: 'Host', now: 'What happens', took: 'Time', details: 'Details' },
  details: (component: string, host: string) => `Details of ${placement(component, host)}`,
  willDo: 'Plan',
  operations: 'Done on the host',
  phases: 'Phases',
  phase: 'Phase', duration: 'Duration', remark: 'Remark',
  goesOn: 'goes on',
  attempt: (attempt: number) => `attempt ${attempt}`,
  reason: 'Why',
  output: 'Output',
  outputOf: (component: string, host: string) => `Output of ${placement(component, host)}`,
  noOutput: 'No output yet.',
  dropped: (count: number) => `${plural(count, 'earlier line')} not shown`,
  follow: 'Follow new lines',
  followNew: (count: number) => plural(count, 'new line'),
  hold: 'Hold still',
  fullLog: 'Whole log',
  lines: (count: number) => plural(count, 'line'),
  waitsFor: (component: string, host: string) => `waits for ${placement(component, host)}`,
  notStarted: 'not started yet',
  nothingToChange: 'nothing to change',
  blockedBy: (ids: string[]) => `blocked by ${ids.join(', ')}`,
  failure: {
    title: (component: string, host: string) => `${placement(component, host)} failed`,
    phase: (phase: string) => `in the phase “${phase}”`,
    putBack: 'The old one was put back and serves again.',
    notPutBack: 'The old one was not put back.',
    tail: 'Last output',
    fix: 'What to do',
  },
  reconnecting: 'Live updates are interrupted; the page catches up by itself.',
} as const;

export const rollbackWords = {
  by: (done: boolean) => (done ? 'What this rollout changed has been taken back by another one.' : 'What this rollout changed is being taken back by another one.'),
  of: (from: number, to: number) => `This takes back what version ${from} changed: version ${to} comes back.`,
  open: 'Open it',
  openOther: 'Open the rollout that failed',
  trigger: (step: string) => `It was asked for by on_failure: ${step} failed.`,
  askedBy: (who: string) => `${who} asked for it.`,
  because: (reason: string) => `What had failed: ${reason}`,
  kept: (steps: string[]) => `Left as they are, by rollback: false: ${steps.join(', ')}.`,
  missing: (steps: string[]) => `Left as they are, because the version does not have them: ${steps.join(', ')}.`,
} as const;

export const rolloutActionWords = {
  approve: 'Approve',
  pause: 'Pause',
  rollback: 'Roll back…',
  rollbackTitle: 'Take this rollout back?',
  rollbackBody: 'What is under way ends first. Then the version that was active before comes back on every placement this rollout has changed, in reverse order, as a rollout of its own. Components with rollback: false stay as they are.',
  rollbackConfirm: 'Roll back',
  retryAll: 'Retry all failed',
  retry: 'Retry',
  retryOf: (component: string, host: string) => `Retry ${placement(component, host)}`,
  resume: 'Resume',
  abort: 'Abort',
  skip: 'Skip…',
  skipOf: (component: string, host: string) => `Skip ${placement(component, host)}`,
  cancel: 'Cancel',
  abortTitle: 'Abort this rollout?',
  abortBody: (done: number, all: number) =>
    `${done} of ${placements(all)} are done and stay as they are. Nothing else is started; what runs now ends first. The active version does not move. You can apply again at any time.`,
  abortConfirm: 'Abort the rollout',
  skipTitle: (component: string, host: string) => `Skip ${placement(component, host)}?`,
  skipBody: 'It is left as it is on the host, and what waits for it goes on as if it had succeeded. The note is kept with the rollout.',
  skipNote: 'Note: why it is right to skip it',
  skipConfirm: 'Skip it',
} as const;

/** The live page's model, without React: what it shows is a function of the snapshot and the set of events. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeEvents, rolloutModel } from '../../web/src/features/rollout/rollout-model.js';
import { rolloutSentence } from '../../web/src/features/rollout/rollout-sentence.js';
import type { Event } from '../../web/src/api/types.js';
import { event, finished, journey, phaseEvent, snapshot, stateEvent, stepRow } from './rollout-journey.js';

const stepOf = (events: Event[], id: string, base = snapshot()) => {
  const step = rolloutModel(base, events).steps.find((candidate) => candidate.id === id);
  if (!step) throw new Error(`no step ${id}`);
  return step;
};

/** Any order, any of them twice. */
const arrivals = fc.tuple(
  fc.shuffledSubarray(journey, { minLength: journey.length, maxLength: journey.length }),
  fc.array(fc.constantFrom(...journey), { maxLength: 30 }),
).chain(([all, again]) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }));

describe('tests of a component', () => {
  const tests = [{ name: 'smoke', when: 'post_deploy' as const, state: 'failed' as const, blocking: false, duration_ms: 12, detail: 'http 500' }];
  const begun = { state: 'running' };
  const done = (id: number, data: object) => stateEvent(id, 'db-01/db', data);

  test('are those of the last attempt, told by its end; what is malformed is left out', () => {
    expect(stepOf([done(1, begun), done(2, { state: 'succeeded', tests })], 'db-01/db').tests).toEqual(tests);
    expect(stepOf([done(1, { state: 'failed', tests }), done(2, { ...begun, attempt: 2 })], 'db-01/db').tests).toEqual([]);
    expect(stepOf([done(1, { state: 'succeeded', tests: [{ name: 1 }] })], 'db-01/db')).toMatchObject({ state: 'succeeded', tests: [] });
    expect(stepOf([], 'db-01/db', snapshot({ steps: [stepRow('db-01/db', { state: 'succeeded', tests })] })).tests).toEqual(tests);
  });
});

describe('events are canonical', () => {
  test('any order and any repetition of the same events gives the same model', () => {
    const expected = rolloutModel(snapshot(), journey);
    fc.assert(fc.property(arrivals, (events) => { expect(rolloutModel(snapshot(), events)).toEqual(expected); }), { numRuns: 300 });
  });

  test('arriving in batches, split anywhere, merges to the same as arriving at once', () => {
    fc.assert(fc.property(arrivals, fc.nat(), (events, cut) => {
      const at = cut % (events.length + 1);
      expect(mergeEvents(mergeEvents([], events.slice(0, at)), events.slice(at))).toEqual(journey);
    }));
  });

  test('a snapshot taken at any moment, with the whole log, gives the same states', () => {
    const later = snapshot({ state: 'succeeded', steps: finished });
    const states = (base: ReturnType<typeof snapshot>) => rolloutModel(base, journey).steps.map(({ id, state, attempt }) => ({ id, state, attempt }));
    expect(states(later)).toEqual(states(snapshot()));
  });

  test('events of another rollout change nothing', () => {
    const other = journey.map((item) => ({ ...item, id: item.id + 1_000, rollout_id: 'rol_other' }));
    expect(rolloutModel(snapshot(), [...journey, ...other])).toEqual(rolloutModel(snapshot(), journey));
  });

  test('an event whose data has not the expected shape is passed over, and those around it still count', () => {
    const broken = [event(900, 'step.state', { state: 'exploded' }), event(901, 'step.phase', null), event(902, 'step.output', { lines: 'x' }), event(903, 'rollout.state', {})];
    expect(rolloutModel(snapshot(), [...journey, ...broken])).toEqual(rolloutModel(snapshot(), journey));
  });
});

describe('a step', () => {
  test('without events is as the snapshot says', () => {
    const base = snapshot({ steps: [stepRow('api-01/api', { state: 'blocked', reason: 'waiting for db on db-01', blocked_by: ['db-01/db'] })] });
    expect(stepOf([], 'api-01/api', base)).toMatchObject({ state: 'blocked', reason: 'waiting for db on db-01', blockedBy: ['db-01/db'] });
  });

  test('of a rollout that has no step rows yet is pending, with what it waits for', () => {
    expect(stepOf([], 'api-01/api', snapshot({ state: 'pending', steps: [] }))).toMatchObject({ state: 'pending', waitsFor: [{ from: 'db-01/db' }] });
  });

  test('that runs tells its phase, when it began and the latest remark about it', () => {
    const step = stepOf([
      stateEvent(1, 'api-01/api', { state: 'running' }),
      phaseEvent(2, 'api-01/api', { phase: 'health', state: 'started', detail: '1 of 3, http 503' }),
      phaseEvent(5, 'api-01/api', { phase: 'health', state: 'started', detail: '2 of 3, http 503' }),
    ], 'api-01/api');
    expect(step.phase).toMatchObject({ phase: 'health', detail: '2 of 3, http 503', durationMs: null, startedAt: event(2, 'step.phase', {}).ts });
    expect(step.phases).toHaveLength(1);
  });

  test('that runs a phase nothing was told about tells what the host said last in it, and not what a program printed', () => {
    const said = (id: number, stream: string, text: string) => event(id, 'step.output', { lines: [{ stream, text }] }, 'api-01/api');
    const step = stepOf([
      stateEvent(1, 'api-01/api', { state: 'running' }),
      said(2, 'info', 'pulling'),
      phaseEvent(3, 'api-01/api', { phase: 'health', state: 'started' }),
      said(4, 'info', 'health: http 503 (1 of 3)'),
      said(5, 'stderr', 'no database'),
    ], 'api-01/api');
    expect(step).toMatchObject({ said: 'health: http 503 (1 of 3)', phase: { phase: 'health', detail: null, said: 'health: http 503 (1 of 3)' } });
  });

  test('between two phases does not claim the one before', () => {
    const told = [stateEvent(1, 'api-01/api', { state: 'running' }), phaseEvent(2, 'api-01/api', { phase: 'fetch', state: 'started' }), phaseEvent(3, 'api-01/api', { phase: 'fetch', state: 'ended', duration_ms: 5 })];
    expect(rolloutSentence(rolloutModel(snapshot(), told))).toBe('Waiting for api on api-01: at work.');
  });

  test('that has ended shows no running phase, even when the host told of one late', () => {
    const step = stepOf([
      stateEvent(1, 'api-01/api', { state: 'running' }),
      stateEvent(2, 'api-01/api', { state: 'failed' }),
      phaseEvent(3, 'api-01/api', { phase: 'health', state: 'started' }),
    ], 'api-01/api');
    expect(step).toMatchObject({ state: 'failed', phase: null });
  });

  test('that is retried forgets the failure and phases of before, and keeps its output', () => {
    const failure = { code: 'healthcheck_failed', message: 'http 503', fix: 'Look at the log.', phase: 'health', put_back: true, output_tail: '' };
    const step = stepOf([
      stateEvent(1, 'api-01/api', { state: 'running', attempt: 1 }),
      event(2, 'step.output', { lines: [{ stream: 'stderr', text: 'no database' }] }, 'api-01/api'),
      phaseEvent(3, 'api-01/api', { phase: 'health', state: 'started' }),
      stateEvent(4, 'api-01/api', { state: 'failed', attempt: 1, failure }),
      stateEvent(5, 'api-01/api', { state: 'running', attempt: 2 }),
    ], 'api-01/api');
    expect(step).toMatchObject({ state: 'running', attempt: 2, failure: null, phases: [], output: [{ text: 'no database', attempt: 1 }] });
  });

  test('keeps the last 2000 lines of output and says how many it let go', () => {
    const events = Array.from({ length: 250 }, (_, index) => event(index + 1, 'step.output', { lines: Array.from({ length: 10 }, (_unused, line) => ({ stream: 'stdout', text: `${index}.${line}` })) }, 'api-01/api'));
    const step = stepOf(events, 'api-01/api');
    expect(step.output).toHaveLength(2_000);
    expect(step.droppedLines).toBe(500);
    expect(step.output.at(-1)?.text).toBe('249.9');
  });
});

describe('the sentence', () => {
  const sentence = (events: Event[], base = snapshot()) => rolloutSentence(rolloutModel(base, events));
  const running = event(1, 'rollout.state', { state: 'running' });

  test('names the placement it waits for, its phase and what the last check said', () => {
    expect(sentence([
      running,
      stateEvent(2, 'api-01/api', { state: 'running' }),
      phaseEvent(3, 'api-01/api', { phase: 'health', state: 'started', detail: '2 of 3, http 503' }),
    ])).toBe('Waiting for api on api-01: health check 2 of 3, http 503.');
  });

  test('of a paused rollout says what failed, how much it holds up, and that it waits for a person', () => {
    expect(sentence([
      running,
      stateEvent(2, 'db-01/db', { state: 'failed' }),
      stateEvent(3, 'api-01/api', { state: 'blocked', blocked_by: ['db-01/db'] }),
      event(4, 'rollout.state', { state: 'paused' }),
    ])).toBe('Paused: db on db-01 failed and 1 more is blocked by that. Nothing more happens until you retry, skip or abort.');
  });

  test('of a rollout that changed nothing says so', () => {
    expect(sentence([
      running,
      stateEvent(2, 'db-01/db', { state: 'unchanged' }),
      stateEvent(3, 'api-01/api', { state: 'unchanged' }),
      event(4, 'rollout.state', { state: 'succeeded' }),
    ])).toBe('Version 2 is active; nothing had to change.');
  });
});

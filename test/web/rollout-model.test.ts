/** The live page's model, without React: what it shows is a function of the snapshot and the set of events. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keptChars, keptLines } from '../../web/src/features/rollout/model/output-tail.js';
import { addEvents, copyLog, emptyLog } from '../../web/src/features/rollout/model/rollout-log.js';
import { RolloutFolder, rolloutModel } from '../../web/src/features/rollout/model/rollout-model.js';
import { rolloutSentence, sentenceSince } from '../../web/src/features/rollout/model/rollout-sentence.js';
import { RolloutStore } from '../../web/src/features/rollout/model/rollout-store.js';
import type { Event } from '../../web/src/api/types.js';
import { event, finished, journey, phaseEvent, rolloutId, snapshot, stateEvent, stepRow } from './rollout-journey.js';

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

const base = snapshot();
const states = ['pending', 'waiting', 'running', 'unchanged', 'succeeded', 'failed', 'blocked', 'skipped', 'aborted', 'rolled_back'];
const word = fc.constantFrom('waiting for db on db-01', 'http 503', '', 'paused by ada');
/** Anything that may be told of two steps, valid or not, in any succession. */
const toldData = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('step.state' as const), data: fc.record({ state: fc.constantFrom(...states, 'exploded'), attempt: fc.integer({ min: 1, max: 4 }), reason: word }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('step.phase' as const), data: fc.record({ phase: fc.constantFrom('fetch', 'health', 'start'), state: fc.constantFrom('started', 'ended'), detail: word }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('step.output' as const), data: fc.record({ lines: fc.array(fc.record({ stream: fc.constantFrom('stdout', 'stderr', 'info'), text: fc.oneof(word, fc.constant('x'.repeat(5_000))) }), { maxLength: 60 }) }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('rollout.state' as const), data: fc.record({ state: fc.constantFrom('running', 'paused', 'failed'), reason: word }) }) },
);
const longLogs = fc.array(fc.tuple(toldData, fc.constantFrom('db-01/db', 'api-01/api', 'gone/x')), { minLength: 1, maxLength: 120 }).chain((told) => {
  const events = told.map(([{ type, data }, step], index) => event(index * 7 + 1, type, data, type === 'rollout.state' ? undefined : step));
  return fc.record({
    events: fc.constant(events),
    arrived: fc.tuple(fc.shuffledSubarray(events, { minLength: events.length }), fc.array(fc.constantFrom(...events), { maxLength: 40 })).chain(([all, again]) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length })),
    cut: fc.nat({ max: events.length }),
  });
});

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

  test('whoever was cut off anywhere goes on from what was kept, as if nothing had been', () => {
    const expected = rolloutModel(snapshot(), journey);
    fc.assert(fc.property(arrivals, fc.nat(), (events, cut) => {
      const at = cut % (events.length + 1);
      const before = emptyLog(rolloutId);
      addEvents(before, events.slice(0, at));
      for (const log of [structuredClone(before), copyLog(before)]) {
        addEvents(log, events.slice(at));
        expect(new RolloutFolder().model(snapshot(), log)).toEqual(expected);
      }
    }));
  });

  test('any log of many steps, attempts and more output than is kept: shuffled and repeated it gives the same', () => {
    fc.assert(fc.property(longLogs, ({ events, arrived, cut }) => {
      const expected = rolloutModel(snapshot(), events);
      expect(rolloutModel(snapshot(), arrived)).toEqual(expected);
      const log = emptyLog(rolloutId);
      addEvents(log, arrived.slice(0, cut));
      const resumed = structuredClone(log);
      addEvents(resumed, arrived.slice(cut));
      expect(new RolloutFolder().model(snapshot(), resumed)).toEqual(expected);
    }), { numRuns: Number(process.env['MODEL_RUNS'] ?? 100) });
  });

  test('a store that folds after every batch tells the same as one that folds once, and draws nothing anew that has not changed', () => {
    fc.assert(fc.property(arrivals, fc.integer({ min: 1, max: 9 }), (events, size) => {
      const store = new RolloutStore(rolloutId);
      store.setSnapshot(base);
      for (let at = 0; at < events.length; at += size) store.add(events.slice(at, at + size));
      expect(store.model()).toEqual(rolloutModel(base, journey));
      const before = store.model();
      store.add(journey);
      expect(store.model()).toBe(before);
      store.add([stateEvent(2_000, 'api-01/api', { state: 'failed', attempt: 2 })]);
      expect(store.model()?.steps[0]).toBe(before?.steps[0]);
      expect(store.model()?.bindings[0]).toBe(before?.bindings[0]);
      expect(store.model()?.steps[1]).not.toBe(before?.steps[1]);
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
    expect(step).toMatchObject({ state: 'running', attempt: 2, failure: null, phases: [], output: [{ text: 'no database' }] });
  });

  test('keeps the last lines of output within a number of lines and of characters, and says how many it let go', () => {
    const told = (count: number, text: string) => Array.from({ length: count }, (_, index) => event(index + 1, 'step.output', { lines: Array.from({ length: 10 }, (_unused, line) => ({ stream: 'stdout', text: `${index}.${line}${text}` })) }, 'api-01/api'));
    const many = stepOf(told(100, ''), 'api-01/api');
    expect(many.output).toHaveLength(keptLines);
    expect(many.droppedLines).toBe(1_000 - keptLines);
    expect(many.output.at(-1)?.text).toBe('99.9');
    const long = stepOf(told(20, 'x'.repeat(100_000)), 'api-01/api');
    expect(long.output.reduce((total, { text }) => total + text.length, 0)).toBeLessThanOrEqual(keptChars);
    expect(long.output.length + long.droppedLines).toBe(200);
  });

  test('tells each attempt, with why it ended, and each wait with its name', () => {
    const step = stepOf([
      stateEvent(1, 'api-01/api', { state: 'waiting', reason: 'waiting for db on db-01' }),
      stateEvent(2, 'api-01/api', { state: 'waiting', reason: 'waiting for db on db-01' }),
      stateEvent(5, 'api-01/api', { state: 'running' }),
      stateEvent(9, 'api-01/api', { state: 'failed', reason: 'http 503' }),
      stateEvent(20, 'api-01/api', { state: 'pending', attempt: 2 }),
      stateEvent(21, 'api-01/api', { state: 'running', attempt: 2 }),
      stateEvent(25, 'api-01/api', { state: 'succeeded', attempt: 2 }),
    ], 'api-01/api');
    expect(step.attempts.map(({ attempt, state, reason, fromId }) => ({ attempt, state, reason, fromId }))).toEqual([{ attempt: 1, state: 'failed', reason: 'http 503', fromId: 0 }, { attempt: 2, state: 'succeeded', reason: null, fromId: 20 }]);
    const at = (id: number) => event(id, 'step.state', {}).ts;
    expect(step.spans).toEqual([
      { kind: 'wait', from: at(1), to: at(5), label: 'waiting for db on db-01', attempt: 1, outcome: null },
      { kind: 'work', from: at(5), to: at(9), label: null, attempt: 1, outcome: 'failed' },
      { kind: 'wait', from: at(20), to: at(21), label: null, attempt: 2, outcome: null },
      { kind: 'work', from: at(21), to: at(25), label: null, attempt: 2, outcome: 'succeeded' },
    ]);
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

  test('tells since when: of the phase that goes on, or of the rest', () => {
    const at = (id: number) => event(id, 'step.state', {}).ts;
    const told = [running, stateEvent(2, 'api-01/api', { state: 'running' }), phaseEvent(3, 'api-01/api', { phase: 'health', state: 'started' })];
    expect(sentenceSince(rolloutModel(snapshot(), told))).toBe(at(3));
    expect(sentenceSince(rolloutModel(snapshot(), [...told, event(8, 'rollout.state', { state: 'paused', reason: 'one' }), event(9, 'rollout.state', { state: 'paused', reason: 'two' })]))).toBe(at(8));
  });

  test('names what cannot start and why, when nothing runs', () => {
    expect(sentence([running, stateEvent(2, 'api-01/api', { state: 'waiting', reason: 'its host has not answered for 40s' })])).toBe('api on api-01 cannot start yet: its host has not answered for 40s.');
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

/** What the views of a rollout decide, without React: waves, the axis of time, the report, the picture, and how it stood before. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { graphPicture } from '../../web/src/features/rollout/model/graph-layout.js';
import { Playback, Tape } from '../../web/src/features/rollout/model/playback.js';
import { reportMarkdown } from '../../web/src/features/rollout/model/report-markdown.js';
import { reportOf } from '../../web/src/features/rollout/model/report.js';
import { rolloutModel } from '../../web/src/features/rollout/model/rollout-model.js';
import { timeScale } from '../../web/src/features/rollout/model/time-scale.js';
import { wavesOf } from '../../web/src/features/rollout/model/waves.js';
import type { Event } from '../../web/src/api/types.js';
import { event, finished, journey, rolloutId, snapshot, stateEvent, stepRow } from './rollout-journey.js';

const ended = snapshot({ state: 'succeeded', ended_at: event(15, 'rollout.state', {}).ts, steps: finished, answers: [{ verb: 'retry', by: 'ada', at: event(11, 'rollout.state', {}).ts, step: null, note: null, binding: null, version: null }] });
const msOf = (id: number): number => Date.parse(event(id, 'rollout.state', {}).ts);

/** As the log is read: some at a time, the last of them once more. */
const taped = (events: Event[]): Tape => {
  const tape = new Tape(rolloutId);
  for (let at = 0; at < events.length; at += 700) tape.add(events.slice(Math.max(0, at - 1), at + 700));
  return tape;
};

describe('playback', () => {
  test('stands at any moment as the events until then tell, wherever it was before', () => {
    const playback = new Playback(ended, taped(journey));
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1 }), (moments) => {
      for (const id of moments) {
        const shown = playback.modelAt(msOf(id) + 10);
        const known = rolloutModel(snapshot({ state: 'pending' }), journey.filter((told) => told.id <= id));
        expect(shown.state).toBe(known.state);
        expect(shown.steps.map(({ state, attempt, output }) => [state, attempt, output.length])).toEqual(known.steps.map(({ state, attempt, output }) => [state, attempt, output.length]));
        expect(shown.answers.length).toBe(id >= 11 ? 1 : 0);
      }
    }));
  });

  test('goes back and forth in a long one, over what it keeps, as if read anew', () => {
    const many = Array.from({ length: 12_000 }, (_, index) => event(index + 1, 'step.output', { lines: [{ stream: 'stdout', text: String(index) }] }, 'api-01/api'));
    const playback = new Playback(ended, taped(many));
    for (const id of [12_000, 3, 7_500, 3_999, 4_000, 4_001, 8_000, 11_000, 1]) expect(playback.modelAt(msOf(id)).steps[1]?.output.at(-1)?.text).toBe(String(id - 1));
    expect(playback.startMs).toBe(msOf(1));
    expect(playback.endMs).toBe(msOf(12_000));
  });
});

describe('waves of a canary', () => {
  const hosts = ['h1', 'h2', 'h3', 'h4', 'h5'];
  const group = { strategy: 'canary' as const, bindings: [0], hosts, waves: [1, 2, 2] };
  const graph = { steps: hosts.map((host) => ({ id: `${host}/api`, host, component: 'api', binding: 0, waits_for: [] })), groups: [group] };
  const canary = snapshot({ graph, bindings: [{ index: 0, hosts, components: ['api'], strategy: 'canary' }], steps: hosts.map((host) => stepRow(`${host}/api`, { binding: 0 })) });
  const states = (events: Parameters<typeof rolloutModel>[1]) => {
    const model = rolloutModel(canary, events);
    return wavesOf(group, model.steps).map(({ hosts: own, done, state }) => [own.length, done, state]);
  };

  test('are done, under way, failed or to come', () => {
    expect(states([])).toEqual([[1, 0, 'next'], [2, 0, 'next'], [2, 0, 'next']]);
    const first = stateEvent(1, 'h1/api', { state: 'succeeded' });
    expect(states([first, stateEvent(2, 'h2/api', { state: 'succeeded' }), stateEvent(3, 'h3/api', { state: 'running' })])).toEqual([[1, 1, 'done'], [2, 1, 'now'], [2, 0, 'next']]);
    expect(states([stateEvent(1, 'h1/api', { state: 'failed' })])[0]).toEqual([1, 0, 'failed']);
  });
});

describe('the axis of time', () => {
  const model = (pauseMs: number) => {
    const later = (id: number) => new Date(msOf(id) + pauseMs).toISOString();
    const moved = journey.map((told) => (told.id < 11 ? told : { ...told, ts: later(told.id) }));
    return rolloutModel({ ...ended, ended_at: later(15) }, moved);
  };

  test('keeps the order of moments, from 0 to 1, and finds the way back', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 400_000_000 }), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }), (pauseMs, places) => {
      const scale = timeScale(model(pauseMs), 0);
      expect(scale.at(scale.startMs)).toBeCloseTo(0);
      expect(scale.at(scale.endMs)).toBeCloseTo(1);
      const sorted = [...places].sort((a, b) => a - b);
      const moments = sorted.map((place) => scale.momentAt(place));
      expect(moments).toEqual([...moments].sort((a, b) => a - b));
      moments.forEach((moment, index) => { expect(scale.at(moment)).toBeCloseTo(sorted[index] ?? 0, 5); });
    }));
  });

  test('draws a rest of days short, so that the work around it is seen', () => {
    expect(timeScale(model(0), 0).squeezed).toEqual([]);
    const scale = timeScale(model(3 * 86_400_000), 0);
    expect(scale.squeezed).toHaveLength(1);
    expect(scale.at(msOf(9))).toBeGreaterThan(0.15);
  });
});

describe('the report', () => {
  const model = rolloutModel(ended, journey);
  const report = reportOf(model);

  test('says what changed, how long it took and rested, what was slowest, and who answered', () => {
    expect(report).toMatchObject({ durationMs: 15_000, restedMs: 1_000, unchanged: 1, answers: [{ verb: 'retry', by: 'ada' }] });
    expect(report.changed.map(({ action, steps }) => [action, steps.map(({ id }) => id)])).toEqual([['update', ['api-01/api']]]);
    expect(report.retried.map(({ id }) => id)).toEqual(['api-01/api']);
    expect(report.slowest).toMatchObject([{ workMs: 8_000, phase: 'health' }]);
  });

  test('as text holds the same, and what comes from elsewhere is no markup in it', () => {
    const text = reportMarkdown({ ...model, deployName: '<b>*x*' }, { ...report, answers: [{ ...ended.answers[0] ?? { verb: 'skip', at: '', by: '' }, verb: 'skip', by: 'ada', step: 'api-01/api', note: '[a](javascript:x)\n# b', binding: null, version: null, at: '' }] });
    expect(text).toContain('1 updated: api on api-01');
    expect(text).toContain('\\<b\\>\\*x\\*');
    expect(text).toContain('\\[a\\](javascript:x) \\# b');
  });
});

describe('the graph', () => {
  test('draws every placement once, inside of its host, with what it depends on; also in a circle of hosts', () => {
    const steps = rolloutModel(snapshot(), []).steps;
    const circle = steps.map((step) => (step.id === 'db-01/db' ? { ...step, waitsFor: [{ from: 'api-01/api', reason: 'host_group' as const, needs_green: false }] } : step));
    const picture = graphPicture({ steps: circle });
    expect(picture.hosts.flatMap(({ steps: placed }) => placed.map(({ step }) => step.id)).sort()).toEqual(['api-01/api', 'db-01/db']);
    expect(picture.connections.map(({ from, to, kind }) => [from, to, kind])).toEqual([['db-01/db', 'api-01/api', 'depends'], ['host:api-01', 'host:db-01', 'order']]);
    for (const host of picture.hosts) for (const { y } of host.steps) expect(y).toBeLessThan(host.height);
    expect(new Set(picture.hosts.map(({ x, y }) => `${x},${y}`)).size).toBe(2);
  });

  test('stays readable: too many connections are left out, and counted', () => {
    const [db, api] = rolloutModel(snapshot(), []).steps;
    if (!db || !api) throw new Error('no steps');
    const many = Array.from({ length: 30 }, (_, index) => ({ ...db, id: `d${index}/db`, host: `d${index}` }));
    const wide = Array.from({ length: 30 }, (_, index) => ({ ...api, id: `a${index}/api`, host: `a${index}`, waitsFor: many.map(({ id }) => ({ from: id, reason: 'depends_on' as const, needs_green: true })) }));
    const { connections, leftOut } = graphPicture({ steps: [...many, ...wide] });
    expect(connections.length + leftOut).toBe(900);
    expect(leftOut).toBe(500);
  });
});

/** A large rollout as its hosts and its workflow would tell it: 500 placements on 100 hosts, in waves, some of which fail and are tried again. */
import type { Event, Rollout } from '../../web/src/api/types.js';

const startMs = Date.parse('2026-11-01T10:00:00.000Z');
const perHost = 5;
const kinds = ['db', 'cache', 'api', 'worker', 'web'] as const;
const phases = ['fetch', 'files', 'start', 'health'] as const;

export interface Story { snapshot: Rollout; events: Event[] }
export interface Shape { rolloutId: string; deployId: string; placements: number; events: number }

const placementsOf = ({ placements }: Shape) => Array.from({ length: placements }, (_, index) => {
  const host = `host-${String(Math.floor(index / perHost)).padStart(3, '0')}`;
  const component = kinds[index % perHost] ?? 'web';
  return { id: `${host}/${component}`, host, component, binding: Math.floor(index / perHost / 10) };
});

const failure = { code: 'healthcheck_failed', message: 'http 503 (3 of 3)', fix: 'Look at the output.', phase: 'health', put_back: true, output_tail: 'no database', phases: [] };

/** Each placement's own events, to be mixed; output fills up to the number asked for. */
function toldOf(step: string, index: number, outputs: number): { type: Event['type']; data: object; after: number }[] {
  const fails = index % 50 === 7;
  const run = (attempt: number, ending: 'failed' | 'succeeded', from: number) => [
    { type: 'step.state' as const, data: { step, state: 'running', attempt, action: 'update' }, after: from },
    ...phases.flatMap((phase, place) => [
      { type: 'step.phase' as const, data: { phase, state: 'started' }, after: from + place * 10 + 1 },
      { type: 'step.phase' as const, data: { phase, state: 'ended', duration_ms: 900 + index }, after: from + place * 10 + 9 },
    ]),
    { type: 'step.state' as const, data: { step, state: ending, attempt, action: 'update', ...(ending === 'failed' ? { failure, reason: failure.message } : {}) }, after: from + 41 },
  ];
  return [
    { type: 'step.state' as const, data: { step, state: 'waiting', attempt: 1, reason: `waiting for a place: step ${index}`, blocked_by: [] }, after: 0 },
    ...run(1, fails ? 'failed' : 'succeeded', 10),
    ...(fails ? run(2, 'succeeded', 120) : []),
    ...Array.from({ length: outputs }, (_, line) => ({
      type: 'step.output' as const, after: 11 + (line % 30),
      data: { lines: Array.from({ length: 1 + (line % 4) }, (_unused, place) => ({ stream: place === 0 ? 'info' : 'stdout', text: `${step} line ${line}.${place}: pulled layer ${'0123456789abcdef'.repeat(3)}` })) },
    })),
  ].sort((left, right) => left.after - right.after);
}

export function tellStory(shape: Shape): Story {
  const { rolloutId, deployId } = shape;
  const places = placementsOf(shape);
  const bare = places.reduce((count, { id }, index) => count + toldOf(id, index, 0).length, 2);
  const outputs = (index: number): number => Math.floor((shape.events - bare + places.length - 1 - index) / places.length);
  const told = places.flatMap(({ id, host, component }, index) => toldOf(id, index, outputs(index)).map((one) => ({ ...one, host, component, at: one.after + Math.floor(index / perHost) * 7 })));
  const events: Event[] = told.sort((left, right) => left.at - right.at).map(({ type, data, host, component, at }, index) => ({
    id: index + 2, type, ts: new Date(startMs + at * 1_000).toISOString(), deploy_id: deployId, rollout_id: rolloutId, host, component, data,
  }));
  const state = (id: number, at: string, name: string): Event => ({ id, type: 'rollout.state', ts: at, deploy_id: deployId, rollout_id: rolloutId, data: { state: name, reason: '' } });
  const endTs = events.at(-1)?.ts ?? new Date(startMs).toISOString();
  return { events: [state(1, new Date(startMs).toISOString(), 'running'), ...events, state(events.length + 2, endTs, 'succeeded')], snapshot: snapshotOf(shape, endTs) };
}

function snapshotOf(shape: Shape, endTs: string): Rollout {
  const places = placementsOf(shape);
  const bindings = [...new Set(places.map(({ binding }) => binding))].map((index) => ({
    index, hosts: [...new Set(places.filter(({ binding }) => binding === index).map(({ host }) => host))], components: [...kinds], strategy: 'parallel',
  }));
  const started = new Date(startMs).toISOString();
  return {
    rollout_id: shape.rolloutId, deploy_id: shape.deployId, deploy_name: 'large', version: 1, kind: 'apply', state: 'succeeded', reason: '', created_at: started, started_at: started, ended_at: endTs,
    started_by: 'ada', workflow_id: `deploy/${shape.deployId}`, temporal_url: null, rollback_of: null, cause: null, rolled_back_by: null, answers: [],
    graph: { steps: places.map((place) => ({ ...place, waits_for: [] })) }, bindings,
    steps: places.map(({ id, host, component, binding }) => ({
      step: id, host, component, binding, state: 'succeeded', phase: null, attempt: 1, reason: '', blocked_by: [], action: 'update', plan: null, failure: null, phases: [], operations: [], tests: [], started_at: started, ended_at: endTs,
    })),
  };
}

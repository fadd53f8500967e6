import fc from 'fast-check';
import { mergeStep, stepHasEnded, type StepRecord, type StepRow } from '../../control/rollouts/merge-step.js';
import { stepStates } from '../../spec/words.js';

const empty: StepRow = { state: 'pending', attempt: 0, reason: '', blocked_by: [], action: null, plan: null, failure: null, phases: [], operations: [], tests: [], started_at: null, ended_at: null };
const now = new Date('2030-01-01T00:00:00Z');
const record: fc.Arbitrary<StepRecord> = fc.record({
  step: fc.constant('h/c'),
  state: fc.constantFrom(...stepStates),
  attempt: fc.integer({ min: 0, max: 3 }),
  reason: fc.constantFrom('', 'waiting for db', 'http 503'),
});
const apply = (row: StepRow, records: readonly StepRecord[]): StepRow => records.reduce((at, one) => mergeStep(at, one, now)?.row ?? at, row);

test('recording again what was just recorded changes nothing and announces nothing', () => {
  fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), (records) => {
    const row = apply(empty, records);
    const last = records.at(-1);
    if (!last) return;
    const again = mergeStep(row, last, new Date(now.getTime() + 1000));
    if (again && again.row.state === row.state && again.row.reason === row.reason) expect(again).toEqual({ row, announce: false });
  }));
});

test('attempts never go back, and an ended attempt never goes back into work', () => {
  fc.assert(fc.property(fc.array(record, { maxLength: 12 }), record, (records, next) => {
    const row = apply(empty, records);
    const merged = mergeStep(row, next, now)?.row ?? row;
    expect(merged.attempt).toBeGreaterThanOrEqual(row.attempt);
    if (merged.attempt === row.attempt && stepHasEnded(row.state)) expect(stepHasEnded(merged.state)).toBe(true);
  }));
});

test('a step has an end exactly when its state is one, and a start once it ran', () => {
  fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), (records) => {
    const row = apply(empty, records);
    expect(row.ended_at !== null).toBe(stepHasEnded(row.state));
    if (row.state === 'running') expect(row.started_at).not.toBeNull();
  }));
});

test('what blocks is forgotten when nothing blocks any more', () => {
  const blocked = mergeStep(empty, { step: 'h/c', state: 'blocked', attempt: 0, reason: 'waiting for db', blocked_by: ['h/db'] }, now)?.row ?? empty;
  expect(mergeStep(blocked, { step: 'h/c', state: 'waiting', attempt: 0 }, now)?.row.blocked_by).toEqual(['h/db']);
  expect(mergeStep(blocked, { step: 'h/c', state: 'running', attempt: 1 }, now)?.row.blocked_by).toEqual([]);
});

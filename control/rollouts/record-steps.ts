/** Progress of placements: rows and events in one transaction, as often as it is repeated. */
import type { Step } from '../../prisma/generated/client.js';
import { MaestroError } from '../../spec/errors.js';
import { stepId } from '../../spec/graph-types.js';
import { inTransaction, notFound, type Db, type Tx } from '../database.js';
import { appendEvents, type EventInput } from '../events/index.js';
import { storable, storableObject, stored } from '../json.js';
import { mergeStep, type StepRecord, type StepRow } from './merge-step.js';

/**
 * The same state, attempt and reason again makes no second event; see mergeStep for what is kept and what is dropped.
 * Of a step that stands where the last of `records` leaves it, those before are not told: it has been there already.
 */
export async function recordSteps(db: Db, rolloutId: string, records: readonly StepRecord[]): Promise<void> {
  if (records.length === 0) return;
  await inTransaction(db, async (tx) => {
    const rows = await lockSteps(tx, rolloutId, records);
    const now = new Date();
    const changed = new Map<string, StepRow>();
    const events: EventInput[] = [];
    for (const record of news(records, rows, rolloutId, now)) {
      const merged = mergeStep(current(changed, rows, record.step, rolloutId), clean(record), now);
      if (!merged) continue;
      changed.set(record.step, merged.row);
      if (merged.announce) events.push(stepEvent({ id: rolloutId, deploy_id: rows.deploy_id }, merged.row, placed(rows, record.step)));
    }
    await saveSteps(tx, rolloutId, changed, now);
    await appendEvents(tx, events);
  });
}

/** Records are repeated when their first answer got lost: the way to where a step stands is not gone twice. */
function news(records: readonly StepRecord[], rows: LockedSteps, rolloutId: string, now: Date): StepRecord[] {
  const last = new Map(records.map((record) => [record.step, record]));
  const arrived = new Set([...last.values()].filter((record) => mergeStep(current(new Map(), rows, record.step, rolloutId), clean(record), now)?.announce !== true));
  return records.filter((record) => {
    const ending = last.get(record.step);
    return ending === undefined || record === ending || !arrived.has(ending);
  });
}

interface LockedSteps { deploy_id: string; steps: Map<string, Step> }

/** Locked in one order, so that parallel records of the same steps queue up instead of deadlocking. */
async function lockSteps(tx: Tx, rolloutId: string, records: readonly StepRecord[]): Promise<LockedSteps> {
  const ids = [...new Set(records.map(({ step }) => step))];
  const rows = await tx.$queryRaw<(Step & { deploy_id: string })[]>`
    SELECT s.*, r.deploy_id FROM steps s JOIN rollouts r ON r.id = s.rollout_id
    WHERE s.rollout_id = ${rolloutId} AND s.host || '/' || s.component = ANY(${ids}) ORDER BY s.host, s.component FOR UPDATE OF s`;
  const [first] = rows;
  if (first === undefined && (await tx.rollout.findUnique({ where: { id: rolloutId }, select: { id: true } })) === null) throw notFound('rollout', rolloutId);
  return { deploy_id: first?.deploy_id ?? '', steps: new Map(rows.map(({ deploy_id: _, ...step }) => [stepId(step.host, step.component), step])) };
}

function current(changed: ReadonlyMap<string, StepRow>, { steps }: LockedSteps, id: string, rolloutId: string): StepRow {
  const row = changed.get(id);
  if (row) return row;
  const step = steps.get(id);
  if (!step) throw new MaestroError('internal', `Rollout ${rolloutId} has no step "${id}".`, { fix: 'Start the rollout before recording its steps.', details: { rollout_id: rolloutId, step: id } });
  return stepRowOf(step);
}

export const stepRowOf = (step: Step): StepRow => ({ ...step, plan: stored(step.plan), failure: stored(step.failure), phases: stored(step.phases), tests: stored(step.tests) });

/** Reasons and output of commands may hold what the database refuses. */
const clean = (record: StepRecord): StepRecord => stored<StepRecord>(storableObject(record));

type Placed = Pick<Step, 'host' | 'component'>;

const placed = ({ steps }: LockedSteps, id: string): Placed => steps.get(id) ?? { host: '', component: '' };

export function stepEvent(rollout: { id: string; deploy_id: string }, row: StepRow, { host, component }: Placed): EventInput {
  const { state, attempt, reason, blocked_by, action, failure, phases, tests } = row;
  return {
    type: 'step.state', deploy_id: rollout.deploy_id, rollout_id: rollout.id, host, component,
    data: { step: stepId(host, component), state, attempt, reason, blocked_by, action, failure, phases, ...(tests.length === 0 ? {} : { tests }), started_at: row.started_at, ended_at: row.ended_at },
  };
}

/** All rows in one statement: a first wave reports every placement at once. */
async function saveSteps(tx: Tx, rolloutId: string, changed: ReadonlyMap<string, StepRow>, now: Date): Promise<void> {
  if (changed.size === 0) return;
  const rows = JSON.stringify([...changed].map(([id, row]) => storable({ id, ...row, updated_at: now })));
  await tx.$executeRaw`
    UPDATE steps SET state = r.state, attempt = r.attempt, reason = r.reason, blocked_by = r.blocked_by, action = r.action, plan = r.plan,
      failure = r.failure, phases = r.phases, operations = r.operations, tests = r.tests, started_at = r.started_at, ended_at = r.ended_at, updated_at = r.updated_at
    FROM jsonb_to_recordset(${rows}::jsonb) AS r(id text, state step_state, attempt int, reason text, blocked_by text[], action text, plan jsonb,
      failure jsonb, phases jsonb, operations text[], tests jsonb, started_at timestamptz, ended_at timestamptz, updated_at timestamptz)
    WHERE steps.rollout_id = ${rolloutId} AND steps.host || '/' || steps.component = r.id`;
}

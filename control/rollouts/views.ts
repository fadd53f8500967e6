/** Rollouts as the API shows them. */
import type { Step } from '../../prisma/generated/client.js';
import { bindingHosts, type DeployDocument } from '../../spec/document/index.js';
import { stepId, type GraphStep, type RolloutGraph } from '../../spec/graph-types.js';
import type { TestResult } from '../../spec/test-results.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { rolloutWorkflowId, type RolloutKind, type RolloutState, type StepState } from '../../spec/words.js';
import { amongDeploys, type Scope } from '../access/index.js';
import { notFound, type Reader } from '../database.js';
import { readEvents, type EventView } from '../events/index.js';
import { stored } from '../json.js';
import { pageLimit, readCursor, timeOfCursor, toPage, type Page, type PageRequest } from '../paging.js';
import { storedDocument } from '../documents/stored-document.js';
import { rolloutAnswers, type AnswerView } from './answers.js';
import { graphFields, graphOfRollout } from './load-rollout.js';
import type { PhaseTiming, StepFailure } from './merge-step.js';
import type { RecordedCause } from './open-rollback.js';

export interface RolloutSummary {
  rollout_id: string;
  deploy_id: string;
  deploy_name: string;
  version: number;
  kind: RolloutKind;
  state: RolloutState;
  reason: string;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  started_by: string;
}
export interface BindingView { index: number; hosts: string[]; components: string[]; strategy: string }
export interface StepView {
  step: string;
  host: string;
  component: string;
  binding: number;
  state: StepState;
  /** Under way in a running step; where it failed in a failed one. */
  phase: string | null;
  attempt: number;
  reason: string;
  blocked_by: string[];
  action: string | null;
  plan: PlacementPlan | null;
  failure: StepFailure | null;
  phases: PhaseTiming[];
  operations: string[];
  /** How the tests of the component ended, in the order in which they ran. */
  tests: TestResult[];
  started_at: string | null;
  ended_at: string | null;
}
export interface RolloutView extends RolloutSummary {
  workflow_id: string;
  temporal_url: string | null;
  graph: RolloutGraph;
  bindings: BindingView[];
  steps: StepView[];
  /** Set when this rollout takes another one back: which, and the chain of reasons. */
  rollback_of: string | null;
  cause: RecordedCause | null;
  /** The rollout that takes this one back. */
  rolled_back_by: string | null;
  /** What people have answered, oldest first. */
  answers: AnswerView[];
}
export interface RolloutViewOptions { /** Where Temporal Web shows a workflow. */ temporalUrl?: (workflowId: string) => string | null }

const time = (date: Date | null): string | null => date?.toISOString() ?? null;

const summaryFields = {
  id: true, deploy_id: true, version: true, kind: true, state: true, reason: true, created_at: true, started_at: true, ended_at: true, started_by: true,
  deploy: { select: { name: true } },
} as const;
type SummaryRow = Omit<RolloutSummary, 'rollout_id' | 'deploy_name' | 'created_at' | 'started_at' | 'ended_at'>
  & { id: string; deploy: { name: string }; created_at: Date; started_at: Date | null; ended_at: Date | null };

const summary = ({ id, deploy, deploy_id, version, kind, state, reason, started_by, ...row }: SummaryRow): RolloutSummary => ({
  rollout_id: id, deploy_id, deploy_name: deploy.name, version, kind, state, reason,
  created_at: row.created_at.toISOString(), started_at: time(row.started_at), ended_at: time(row.ended_at), started_by,
});

/** Newest first, of one deploy or of all in `scope`. */
export async function listRollouts(db: Reader, { deployId, ...request }: PageRequest & { deployId?: string | undefined } = {}, scope?: Scope): Promise<Page<RolloutSummary>> {
  const limit = pageLimit(request.limit);
  const key = readCursor(request.cursor, 2);
  const before = key ? { created_at: timeOfCursor(key[0]), id: key[1] ?? '' } : undefined;
  const rows = await db.rollout.findMany({
    where: {
      ...(deployId === undefined ? {} : { deploy_id: deployId }),
      AND: amongDeploys(scope).map((id) => ({ deploy_id: id })),
      ...(before ? { OR: [{ created_at: { lt: before.created_at } }, { created_at: before.created_at, id: { lt: before.id } }] } : {}),
    },
    orderBy: [{ created_at: 'desc' }, { id: 'desc' }],
    take: limit + 1,
    select: summaryFields,
  });
  return toPage(rows, limit, summary, (row) => [row.created_at.toISOString(), row.id]);
}

/** Steps in the graph's order; before the rollout starts they are all pending. */
export async function getRollout(db: Reader, rolloutId: string, { temporalUrl = () => null }: RolloutViewOptions = {}): Promise<RolloutView> {
  const row = await db.rollout.findUnique({
    where: { id: rolloutId },
    select: { ...summaryFields, ...graphFields, rollback_of: true, cause: true, taken_back_by: { select: { id: true } }, steps: { orderBy: { position: 'asc' } } },
  });
  if (!row) throw notFound('rollout', rolloutId);
  const document = storedDocument(row.content.yaml, `${row.deploy_id}/v${row.version}`);
  const graph = await graphOfRollout(db, row);
  const phases = row.steps.some(({ state }) => state === 'running') ? await currentPhases(db, rolloutId) : new Map<string, string>();
  const workflow_id = rolloutWorkflowId(row.deploy_id);
  return {
    ...summary(row),
    workflow_id,
    temporal_url: temporalUrl(workflow_id),
    graph,
    bindings: bindings(document),
    steps: row.steps.length > 0 ? row.steps.map((step) => stepView(step, phases)) : graph.steps.map(notStarted),
    rollback_of: row.rollback_of,
    cause: stored<RecordedCause | null>(row.cause),
    rolled_back_by: row.taken_back_by?.id ?? null,
    answers: await rolloutAnswers(db, rolloutId),
  };
}

const bindings = (document: DeployDocument): BindingView[] =>
  document.deployment.map((binding, index) => ({ index, hosts: bindingHosts(document, binding), components: binding.components, strategy: binding.strategy }));

function stepView(step: Step, phases: ReadonlyMap<string, string>): StepView {
  const { host, component, binding, state, attempt, reason, blocked_by, action, operations } = step;
  const id = stepId(host, component);
  const failure = stored<StepFailure | null>(step.failure);
  const phase = state === 'running' ? phases.get(id) ?? null : state === 'failed' ? failure?.phase ?? null : null;
  return {
    step: id, host, component, binding, state, phase, attempt, reason, blocked_by, action,
    plan: stored(step.plan), failure, phases: stored(step.phases), operations, tests: stored(step.tests), started_at: time(step.started_at), ended_at: time(step.ended_at),
  };
}

const notStarted = ({ id, host, component, binding }: GraphStep): StepView => ({
  step: id, host, component, binding, state: 'pending', phase: null, attempt: 0, reason: '', blocked_by: [],
  action: null, plan: null, failure: null, phases: [], operations: [], tests: [], started_at: null, ended_at: null,
});

/** The phase each step reported last, unless it has ended. Hosts report phases as events; there is no second place for them. */
async function currentPhases(db: Reader, rolloutId: string): Promise<Map<string, string>> {
  const rows = await db.$queryRaw<{ host: string; component: string; phase: string; state: string }[]>`
    SELECT DISTINCT ON (host, component) host, component, data->>'phase' AS phase, data->>'state' AS state
    FROM events WHERE rollout_id = ${rolloutId} AND type = 'step.phase' AND host IS NOT NULL AND component IS NOT NULL
    ORDER BY host, component, id DESC`;
  return new Map(rows.filter(({ state }) => state === 'started').map(({ host, component, phase }) => [stepId(host, component), phase]));
}

const logBatch = 500;

/** Every event of a rollout so far with an id above `start`, in order, read a page at a time. */
export async function* rolloutLog(db: Reader, rolloutId: string, start = 0): AsyncGenerator<EventView> {
  const rollout = await db.rollout.findUnique({ where: { id: rolloutId }, select: { id: true } });
  if (!rollout) throw notFound('rollout', rolloutId);
  for (let after = start; ; ) {
    const events = await readEvents(db, { rolloutId, after, limit: logBatch });
    yield* events;
    after = events.at(-1)?.id ?? after;
    if (events.length < logBatch) return;
  }
}

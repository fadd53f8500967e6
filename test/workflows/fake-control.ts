/**
 * The database's side of the workflows, in memory. A step's row becomes what the real one would, by the same pure
 * function; the story is every announcement in the order it was recorded.
 */
import type { BegunRollout, ControlActivities, OpenedRollback, PlanHost, RetargetedRollout, RollbackCause, StepRecord } from '../../activities/index.js';
import { mergeStep, type StepRow } from '../../control/rollouts/merge-step.js';
import type { RolloutGraph } from '../../spec/graph-types.js';
import { packGraph } from '../../spec/packed-graph.js';
import { rollbackGraph } from '../../spec/rollback-graph.js';
import { Signal, type Gate } from './signal.js';
import { isOpenRollout, type RolloutState, type StepState } from '../../spec/words.js';

export type Told = { step: string; state: StepState; attempt: number; reason: string; blocked_by: string[] } | { rollout: RolloutState; reason: string };

export class RolloutRecord {
  state: RolloutState = 'pending';
  reason = '';
  readonly story: Told[] = [];
  readonly steps = new Map<string, StepRow>();
  /** Records that came too late to be kept. A walk that is right sends none. */
  readonly dropped: StepRecord[] = [];
  begun = 0;
  /** The graph of the version that succeeded last; null: none did. */
  previous: RolloutGraph | null = null;
  /** Graphs of other versions, for retries with them. */
  readonly versions = new Map<number, RolloutGraph>();
  /** Components that stay in a rollback. */
  keeps: string[] = [];
  takesBack: { rolloutId: string; cause: RollbackCause } | null = null;
  version = 1;
  private away = 0;
  private beforeBegin = (): Promise<void> => Promise.resolve();

  constructor(readonly rolloutId: string, readonly deployId: string, public graph: RolloutGraph) {}

  /** The database takes its time to begin. */
  holdBegin(): Gate {
    const [reached, opened] = [new Signal(), new Signal()];
    this.beforeBegin = async () => {
      reached.give();
      await opened.given;
    };
    return { reached: reached.given, open: () => opened.give() };
  }

  /** The next `times` calls about this rollout fail. */
  goAway(times: number): void {
    this.away = times;
  }

  answer(): void {
    if (this.away === 0) return;
    this.away -= 1;
    throw new Error('the database does not answer');
  }

  async begin(): Promise<BegunRollout> {
    await this.beforeBegin();
    this.answer();
    this.begun += 1;
    if (this.state === 'pending') this.become('running', '');
    for (const { id } of this.graph.steps) if (!this.steps.has(id)) this.steps.set(id, newRow());
    return { rollout_id: this.rolloutId, deploy_id: this.deployId, version: this.version, kind: this.takesBack === null ? 'apply' : 'rollback', graph: packGraph(this.graph), state: this.state, automatic: this.takesBack !== null };
  }

  retarget(version: number): RetargetedRollout {
    const graph = this.versions.get(version);
    if (graph === undefined) return { refused: `there is no version ${version}` };
    this.version = version;
    this.graph = graph;
    for (const { id } of graph.steps) if (!this.steps.has(id)) this.steps.set(id, newRow());
    for (const [id] of this.steps) if (!graph.steps.some((step) => step.id === id)) this.steps.set(id, { ...newRow(), state: 'skipped' });
    return { version, graph };
  }

  add(record: StepRecord): void {
    const row = this.steps.get(record.step);
    if (row === undefined) throw new Error(`no step ${record.step}`);
    const merged = mergeStep(row, record, new Date());
    if (merged === null) {
      this.dropped.push(record);
      return;
    }
    this.steps.set(record.step, merged.row);
    const { state, attempt, reason, blocked_by } = merged.row;
    if (merged.announce) this.story.push({ step: record.step, state, attempt, reason, blocked_by });
  }

  become(state: RolloutState, reason: string): void {
    if (this.state !== 'pending' && !isOpenRollout(this.state)) return;
    if (this.state === state && this.reason === reason) return;
    this.state = state;
    this.reason = reason;
    this.story.push({ rollout: state, reason });
  }
}

const newRow = (): StepRow => ({
  state: 'pending', attempt: 0, reason: '', blocked_by: [], action: null, plan: null, failure: null, phases: [], operations: [], tests: [], started_at: null, ended_at: null,
});

export class FakeControl implements ControlActivities {
  readonly rollouts = new Map<string, RolloutRecord>();
  readonly plans = new Map<string, { hosts: string[]; answers: PlanHost[] | null }>();

  beginRollout = (rolloutId: string): Promise<BegunRollout> => this.rollout(rolloutId).begin();

  record = async (rolloutId: string, steps: StepRecord[], rollout?: { state: RolloutState; reason: string }): Promise<void> => {
    const record = this.rollout(rolloutId);
    record.answer();
    for (const step of steps) record.add(step);
    if (rollout !== undefined) record.become(rollout.state, rollout.reason);
  };

  onRollback = (_from: string, _to: RolloutRecord): void => undefined;

  openRollback = (rolloutId: string, cause: RollbackCause): Promise<OpenedRollback> => {
    const failed = this.rollout(rolloutId);
    const id = `${rolloutId}-back`;
    if (failed.previous === null) return Promise.resolve({ refused: 'no version has succeeded yet' });
    if (this.rollouts.has(id)) return Promise.resolve({ rollout_id: id, version: 2 });
    failed.become('failed', cause.reason);
    const changed = [...failed.steps].filter(([, { state }]) => ['succeeded', 'failed', 'aborted'].includes(state)).map(([step]) => step);
    const { graph } = rollbackGraph(failed.previous, { changed: new Set(changed), keeps: new Set(failed.keeps) });
    const record = new RolloutRecord(id, failed.deployId, graph);
    record.takesBack = { rolloutId, cause };
    this.rollouts.set(id, record);
    this.onRollback(rolloutId, record);
    return Promise.resolve({ rollout_id: id, version: 2 });
  };

  retargetRollout = (rolloutId: string, version: number): Promise<RetargetedRollout> => Promise.resolve(this.rollout(rolloutId).retarget(version));

  planHosts = (planId: string): Promise<string[]> => Promise.resolve(this.plan(planId).hosts);

  recordPlan = (planId: string, answers: PlanHost[]): Promise<void> => {
    this.plan(planId).answers = answers;
    return Promise.resolve();
  };

  private rollout(id: string): RolloutRecord {
    const found = this.rollouts.get(id);
    if (found === undefined) throw new Error(`no rollout ${id}`);
    return found;
  }

  private plan(id: string): { hosts: string[]; answers: PlanHost[] | null } {
    const found = this.plans.get(id);
    if (found === undefined) throw new Error(`no plan ${id}`);
    return found;
  }
}

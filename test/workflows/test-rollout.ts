/** One rollout as a test drives it: started, answered, and looked at from all sides. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { controlQueue, type RolloutState, type StepState } from '../../spec/words.js';
import { abortUpdate, approveUpdate, pauseUpdate, rollbackUpdate, resumeUpdate, retryUpdate, rolloutStateQuery, skipUpdate, workflowTypes, type RolloutInput, type RolloutResult } from '../../workflows/shared.js';
import type { RolloutRecord } from './fake-control.js';
import type { StepRow } from '../../control/rollouts/merge-step.js';
import type { FakeHosts } from './fake-hosts.js';
import type { History } from './histories.js';
import { waitFor } from './wait-for.js';

type RolloutWorkflow = (input: RolloutInput) => Promise<RolloutResult>;
const actor = 'tess';

export class TestRollout {
  constructor(private readonly client: Client, readonly workflowId: string, readonly record: RolloutRecord, readonly hosts: FakeHosts) {}

  get handle(): WorkflowHandle<RolloutWorkflow> {
    return this.client.workflow.getHandle<RolloutWorkflow>(this.workflowId);
  }

  /** As the API starts it. */
  async start(): Promise<this> {
    const { rolloutId: rollout_id, deployId: deploy_id } = this.record;
    await this.client.workflow.start(workflowTypes.rollout, {
      taskQueue: controlQueue, workflowId: this.workflowId, args: [{ rollout_id, deploy_id }], memo: { rollout_id },
      workflowIdConflictPolicy: 'FAIL', workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    return this;
  }

  /** Until the database has been told this state. */
  until(state: RolloutState, timeoutMs?: number): Promise<void> {
    return waitFor(() => this.record.state === state, () => `${this.workflowId} to be ${state}; it is ${this.record.state}: ${JSON.stringify(this.states)}`, timeoutMs);
  }

  untilStep(step: string, state: StepState, timeoutMs?: number): Promise<void> {
    return waitFor(() => this.states[step] === state, () => `${step} to be ${state}; it is ${this.states[step] ?? 'not there yet'}`, timeoutMs);
  }

  async ends(): Promise<RolloutState> {
    return (await this.handle.result()).state;
  }

  step(id: string): StepRow {
    const row = this.record.steps.get(id);
    if (row === undefined) throw new Error(`no step ${id}`);
    return row;
  }

  get states(): Record<string, StepState> {
    return Object.fromEntries([...this.record.steps].map(([id, { state }]) => [id, state]));
  }

  history(runId?: string): Promise<History> {
    return this.client.workflow.getHandle(this.workflowId, runId).fetchHistory();
  }

  query(): Promise<RolloutState> {
    return this.handle.query(rolloutStateQuery);
  }

  retry(step?: string): Promise<void> {
    return this.handle.executeUpdate(retryUpdate, { args: [step === undefined ? { actor } : { step, actor }] });
  }

  resume(): Promise<void> {
    return this.handle.executeUpdate(resumeUpdate, { args: [{ actor }] });
  }

  skip(step: string, note: string): Promise<void> {
    return this.handle.executeUpdate(skipUpdate, { args: [{ step, note, actor }] });
  }

  retryWith(version: number): Promise<void> {
    return this.handle.executeUpdate(retryUpdate, { args: [{ version, actor }] });
  }

  pause(): Promise<void> {
    return this.handle.executeUpdate(pauseUpdate, { args: [{ actor }] });
  }

  approve(binding?: number): Promise<void> {
    return this.handle.executeUpdate(approveUpdate, { args: [binding === undefined ? { actor } : { binding, actor }] });
  }

  rollback(): Promise<void> {
    return this.handle.executeUpdate(rollbackUpdate, { args: [{ actor }] });
  }

  abort(): Promise<void> {
    return this.handle.executeUpdate(abortUpdate, { args: [{ actor }] });
  }
}

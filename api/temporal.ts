/**
 * The API's line to Temporal: starting workflows and asking them to go on. Connected lazily and with a deadline on every
 * call, so that the API lives and answers while Temporal does not.
 */
import {
  Client, Connection, isGrpcServiceError, ServiceError, WorkflowExecutionAlreadyStartedError, WorkflowFailedError, WorkflowNotFoundError,
  WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError, type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure, type DataConverter, type UpdateDefinition } from '@temporalio/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrorCode, MaestroError } from '../spec/errors.js';
import { controlQueue, logsWorkflowId, operateWorkflowId, planWorkflowId, rolloutWorkflowId } from '../spec/words.js';
import { logsWorkflowType, type LogsWork } from '../workflows/shared-logs.js';
import { workflowTypes, type OperateInput, type PlanInput, type RolloutInput } from '../workflows/shared.js';

const standardCallTimeoutMs = 3_000;
const standardUpdateTimeoutMs = 15_000;
/** The longest a diff may take; the plan workflow gives up on hosts before. */
const planTimeoutMs = 60_000;
/** Longer than a host follows. */
const logsTimeoutMs = 11 * 60_000;
/** The previous workflow of this deploy closes within moments of its last row; longer waiting is the sweeper's work. */
const reopenWaitMs = 2_000;
const reopenStepMs = 200;
/** Well within the time that a process has to stop. */
const closeWaitMs = 1_000;

export interface TemporalOptions {
  address: string;
  namespace: string;
  /** For every call that only asks or starts; default 3 s. */
  callTimeoutMs?: number;
  /** For an answer to a rollout to be taken or refused by its workflow; default 15 s. */
  updateTimeoutMs?: number;
  /** Of control/payloads; without, history is readable to whoever reads Temporal's database. */
  dataConverter?: DataConverter;
}

export interface Orchestrator {
  /** False: Temporal took nothing; the row stays `pending` and the sweeper starts it. */
  startRollout(input: RolloutInput, type?: string): Promise<boolean>;
  /** Returns when every host has answered or was given up on. */
  runPlan(input: PlanInput): Promise<void>;
  runOperate(input: OperateInput): Promise<unknown>;
  /** Starts a host telling log lines. `done` never rejects: an error is what it ends with; `cancel` asks it to stop. */
  startLogs(input: LogsWork): Promise<{ done: Promise<MaestroError | null>; cancel(): Promise<void> }>;
  /** `input` goes to the workflow of this very rollout, or nowhere; once, however often it is sent with the same `id`. */
  update<A>(rollout: RolloutInput, definition: UpdateDefinition<void, [A]>, input: A, id: string): Promise<void>;
  /** Whether the update with this id was taken: the one who sent it may not have heard. */
  hasTaken(rollout: RolloutInput, id: string): Promise<boolean>;
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

const unavailable = (cause: unknown): MaestroError =>
  new MaestroError('unavailable', 'Temporal cannot be reached, so no workflow can be asked', { fix: 'Wait for Temporal to come back (GET /readyz says when), then send the request again.', details: { part: 'temporal' }, cause });

const tooSlow = (what: string, seconds: number, cause: unknown): MaestroError =>
  new MaestroError('timeout', `${what} did not answer within ${seconds} s`, { fix: 'Check that the control-plane worker runs, then try again.', cause });

const isTransport = (error: unknown): boolean => error instanceof ServiceError || isGrpcServiceError(error);

/** The failure an activity or workflow raised, below the SDK's wrappers. */
function applicationFailure(error: unknown, depth = 0): ApplicationFailure | null {
  if (error instanceof ApplicationFailure) return error;
  if (depth > 6 || !(error instanceof Error)) return null;
  return applicationFailure(error.cause, depth + 1);
}

function workflowFailure(what: string, error: WorkflowFailedError): MaestroError {
  const failure = applicationFailure(error);
  if (failure === null) return tooSlow(what, planTimeoutMs / 1000, error);
  return new MaestroError(isErrorCode(failure.type) ? failure.type : 'internal', failure.message, { cause: error });
}

function logsFailure(host: string, error: unknown): MaestroError {
  const failure = applicationFailure(error);
  if (failure !== null) return new MaestroError(isErrorCode(failure.type) ? failure.type : 'internal', failure.message, { cause: error });
  return isTransport(error) ? unavailable(error) : new MaestroError('host_offline', `${host} does not answer`, { fix: 'See that the host and its worker run, then ask again.', cause: error });
}

export function createOrchestrator({ address, namespace, callTimeoutMs = standardCallTimeoutMs, updateTimeoutMs = standardUpdateTimeoutMs, dataConverter }: TemporalOptions): Orchestrator {
  const connection = Connection.lazy({ address, connectTimeout: callTimeoutMs });
  const { workflow } = new Client({ connection, namespace, ...(dataConverter === undefined ? {} : { dataConverter }) });
  const underWay = new Set<Promise<unknown>>();

  function until<T>(deadline: number, call: () => Promise<T>): Promise<T> {
    const work = connection.withDeadline(deadline, call);
    const ended = (): void => void underWay.delete(work);
    underWay.add(work);
    work.then(ended, ended);
    return work;
  }
  const within = <T>(timeoutMs: number, call: () => Promise<T>): Promise<T> => until(Date.now() + timeoutMs, call);

  /** A call that is to be repeated at the moment would find its line gone, and throw where nobody listens. */
  async function close(): Promise<void> {
    await Promise.race([Promise.allSettled(underWay), sleep(closeWaitMs, undefined, { ref: false })]);
    await connection.close();
  }

  /** Another start of the same rollout (the sweeper, another API process) is as good as ours. */
  async function runsAlready(input: RolloutInput): Promise<boolean> {
    const { memo, status } = await workflow.getHandle(rolloutWorkflowId(input.deploy_id)).describe();
    return status.name === 'RUNNING' && memo?.['rollout_id'] === input.rollout_id;
  }

  async function start(input: RolloutInput, type: string): Promise<boolean> {
    try {
      await workflow.start(type, {
        taskQueue: controlQueue,
        workflowId: rolloutWorkflowId(input.deploy_id),
        args: [input],
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        memo: { rollout_id: input.rollout_id },
      });
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return runsAlready(input);
    }
  }

  async function startRollout(input: RolloutInput, type: string = workflowTypes.rollout): Promise<boolean> {
    for (const deadline = Date.now() + reopenWaitMs; ; await sleep(reopenStepMs)) {
      try {
        if (await within(callTimeoutMs, () => start(input, type))) return true;
      } catch (error) {
        if (isTransport(error) || error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
      if (Date.now() >= deadline) return false;
    }
  }

  /** One that nobody else starts: where the answer got lost, its being there is the answer. */
  async function startOwn(type: string, options: { workflowId: string; args: unknown[]; workflowExecutionTimeout: number }): Promise<WorkflowHandle> {
    try {
      return await within(callTimeoutMs, () => workflow.start(type, { taskQueue: controlQueue, ...options }));
    } catch (error) {
      const handle = workflow.getHandle(options.workflowId);
      if (isTransport(error) && (await within(callTimeoutMs, () => handle.describe()).then(() => true, () => false))) return handle;
      throw error;
    }
  }

  async function execute(what: string, type: string, workflowId: string, input: PlanInput | OperateInput): Promise<unknown> {
    try {
      const handle = await startOwn(type, { workflowId, args: [input], workflowExecutionTimeout: planTimeoutMs });
      const result: unknown = await within(planTimeoutMs + callTimeoutMs, () => handle.result());
      return result;
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw workflowFailure(what, error);
      if (isTransport(error)) throw unavailable(error);
      throw error;
    }
  }

  async function startLogs(input: LogsWork): ReturnType<Orchestrator['startLogs']> {
    try {
      const handle = await startOwn(logsWorkflowType, { workflowId: logsWorkflowId(input.run_id), args: [input], workflowExecutionTimeout: logsTimeoutMs });
      const done = within(logsTimeoutMs, () => handle.result()).then(() => null, (error: unknown) => logsFailure(input.host, error));
      return { done, cancel: () => within(callTimeoutMs, () => handle.cancel()).then(() => undefined, () => undefined) };
    } catch (error) {
      throw isTransport(error) ? unavailable(error) : error;
    }
  }

  async function update<A>(rollout: RolloutInput, definition: UpdateDefinition<void, [A]>, input: A, id: string): Promise<void> {
    const handle: WorkflowHandle = workflow.getHandle(rolloutWorkflowId(rollout.deploy_id));
    for (const deadline = Date.now() + updateTimeoutMs; ; await sleep(reopenStepMs)) {
      try {
        if (!(await within(callTimeoutMs, () => runsAlready(rollout)))) throw notRunning(rollout);
        return await until(deadline, () => handle.executeUpdate(definition, { args: [input], updateId: id }));
      } catch (error) {
        // Told that it took too long before it did: nobody knows whether it was taken, and sent again it is the same one.
        const lost = error instanceof WorkflowUpdateRPCTimeoutOrCancelledError && Date.now() + reopenStepMs < deadline;
        if (!lost) throw updateError(rollout, error, updateTimeoutMs);
      }
    }
  }

  function hasTaken({ deploy_id: deployId }: RolloutInput, id: string): Promise<boolean> {
    const handle = workflow.getHandle(rolloutWorkflowId(deployId)).getUpdateHandle(id);
    return within(callTimeoutMs, () => handle.result()).then(() => true, () => false);
  }

  return {
    startRollout,
    startLogs,
    update,
    hasTaken,
    runPlan: async (input) => { await execute('The plan', workflowTypes.plan, planWorkflowId(input.plan_id), input); },
    runOperate: (input) => execute('The hosts', workflowTypes.operate, operateWorkflowId(input.run_id), input),
    isReady: () => within(callTimeoutMs, () => connection.workflowService.getSystemInfo({})).then(() => true, () => false),
    close,
  };
}

const notRunning = ({ rollout_id }: RolloutInput): MaestroError =>
  new MaestroError('conflict', 'No workflow runs for this rollout', { fix: 'Look at the rollout again: it has ended, or it is being started.', details: { rollout_id } });

function updateError(rollout: RolloutInput, error: unknown, updateTimeoutMs: number): unknown {
  if (error instanceof WorkflowNotFoundError) return notRunning(rollout);
  if (error instanceof WorkflowUpdateFailedError) {
    return new MaestroError('conflict', applicationFailure(error.cause)?.message ?? error.message, { fix: 'Look at the rollout again and choose what its state allows.', details: { rollout_id: rollout.rollout_id }, cause: error });
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return tooSlow('The rollout', updateTimeoutMs / 1000, error);
  return isTransport(error) ? unavailable(error) : error;
}

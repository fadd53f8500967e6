/**
 * What a host may ask Temporal, decided without I/O. Everything that is not listed is refused. A request that passes is
 * a fresh message with the fields that are named here: the namespace and the identity are ours, the queue is the host's
 * own, the task token is one that was given to this host, and what nobody knows is gone.
 */
import proto, { type temporal } from '@temporalio/proto';
import { hostQueue } from '../../spec/words.js';
import { Refusal, status } from './status.js';
import { type Caller, type TokenKey, unwrapToken, wrapToken } from './task-token.js';

const { workflowservice, enums, taskqueue } = { workflowservice: proto.temporal.api.workflowservice.v1, enums: proto.temporal.api.enums.v1, taskqueue: proto.temporal.api.taskqueue.v1 };

export const servicePath = '/temporal.api.workflowservice.v1.WorkflowService/';

export interface RuleContext { namespace: string; keys: readonly TokenKey[] }

/** Between a host's bytes and history's: the place of a codec. Both may change the message that they are given. */
export interface PayloadCodec {
  /** A task on its way to its host. */
  toHost(caller: Caller, task: Task): Promise<void>;
  /** What a host answers to its task, on its way into history. */
  fromHost(caller: Caller, answer: Answer): Promise<void>;
}

export type Task = temporal.api.workflowservice.v1.PollActivityTaskQueueResponse;
export type Answer =
  | temporal.api.workflowservice.v1.RecordActivityTaskHeartbeatRequest | temporal.api.workflowservice.v1.RespondActivityTaskCompletedRequest
  | temporal.api.workflowservice.v1.RespondActivityTaskFailedRequest | temporal.api.workflowservice.v1.RespondActivityTaskCanceledRequest;

export type Passed =
  /** Answered without Temporal. */
  | { kind: 'constant'; bytes: Uint8Array }
  | { kind: 'poll'; method: string; bytes: Uint8Array }
  | { kind: 'answer'; method: string; message: Answer; encode(): Uint8Array };

const identityOf = ({ host }: Caller): string => `host/${host}`;

const systemInfo = workflowservice.GetSystemInfoResponse.encode({
  serverVersion: '1.29.0',
  capabilities: { signalAndQueryHeader: true, internalErrorDifferentiation: true, activityFailureIncludeHeartbeat: true, encodedFailureAttributes: true, sdkMetadata: true },
}).finish();

const described = ({ namespace }: RuleContext): Uint8Array => workflowservice.DescribeNamespaceResponse.encode({
  namespaceInfo: { name: namespace, state: enums.NamespaceState.NAMESPACE_STATE_REGISTERED, capabilities: {} }, config: {}, replicationConfig: {},
}).finish();

type Rule = (bytes: Uint8Array, caller: Caller, context: RuleContext) => Passed;

const poll: Rule = (bytes, caller, { namespace }) => {
  const { taskQueue } = workflowservice.PollActivityTaskQueueRequest.decode(bytes);
  const own = hostQueue(caller.host);
  const normal = taskQueue?.kind === enums.TaskQueueKind.TASK_QUEUE_KIND_NORMAL;
  if (taskQueue?.name !== own || !normal || (taskQueue.normalName ?? '') !== '') throw new Refusal(status.permissionDenied, `this host may poll its own queue only, which is ${own}`);
  const fresh = workflowservice.PollActivityTaskQueueRequest.create({ namespace, identity: identityOf(caller), taskQueue: taskqueue.TaskQueue.create({ name: own, kind: taskQueue.kind }) });
  return { kind: 'poll', method: 'PollActivityTaskQueue', bytes: workflowservice.PollActivityTaskQueueRequest.encode(fresh).finish() };
};

/** The fields that every answer has. */
function common(taskToken: Uint8Array, caller: Caller, { keys, namespace }: RuleContext): { taskToken: Uint8Array; namespace: string; identity: string } {
  const token = unwrapToken(keys, caller, taskToken);
  if (token === null) throw new Refusal(status.permissionDenied, 'the task token was not given to this host');
  return { taskToken: token, namespace, identity: identityOf(caller) };
}

const answer = (method: string, message: Answer, encode: () => Uint8Array): Passed => ({ kind: 'answer', method, message, encode });

const rules: Readonly<Record<string, Rule>> = {
  GetSystemInfo: () => ({ kind: 'constant', bytes: systemInfo }),
  DescribeNamespace: (_bytes, _caller, context) => ({ kind: 'constant', bytes: described(context) }),
  // Its polls end with its connection; there is nothing to tell Temporal.
  ShutdownWorker: () => ({ kind: 'constant', bytes: workflowservice.ShutdownWorkerResponse.encode({}).finish() }),
  PollActivityTaskQueue: poll,
  RecordActivityTaskHeartbeat(bytes, caller, context) {
    const { taskToken, details } = workflowservice.RecordActivityTaskHeartbeatRequest.decode(bytes);
    const fresh = workflowservice.RecordActivityTaskHeartbeatRequest.create({ ...common(taskToken, caller, context), details: details ?? null });
    return answer('RecordActivityTaskHeartbeat', fresh, () => workflowservice.RecordActivityTaskHeartbeatRequest.encode(fresh).finish());
  },
  RespondActivityTaskCompleted(bytes, caller, context) {
    const { taskToken, result } = workflowservice.RespondActivityTaskCompletedRequest.decode(bytes);
    const fresh = workflowservice.RespondActivityTaskCompletedRequest.create({ ...common(taskToken, caller, context), result: result ?? null });
    return answer('RespondActivityTaskCompleted', fresh, () => workflowservice.RespondActivityTaskCompletedRequest.encode(fresh).finish());
  },
  RespondActivityTaskFailed(bytes, caller, context) {
    const { taskToken, failure, lastHeartbeatDetails } = workflowservice.RespondActivityTaskFailedRequest.decode(bytes);
    const fresh = workflowservice.RespondActivityTaskFailedRequest.create({ ...common(taskToken, caller, context), failure: failure ?? null, lastHeartbeatDetails: lastHeartbeatDetails ?? null });
    return answer('RespondActivityTaskFailed', fresh, () => workflowservice.RespondActivityTaskFailedRequest.encode(fresh).finish());
  },
  RespondActivityTaskCanceled(bytes, caller, context) {
    const { taskToken, details } = workflowservice.RespondActivityTaskCanceledRequest.decode(bytes);
    const fresh = workflowservice.RespondActivityTaskCanceledRequest.create({ ...common(taskToken, caller, context), details: details ?? null });
    return answer('RespondActivityTaskCanceled', fresh, () => workflowservice.RespondActivityTaskCanceledRequest.encode(fresh).finish());
  },
};

export const allowedMethods: readonly string[] = Object.keys(rules);

/** The rule of a path, before anything of the message is read. Throws Refusal for what is not on the list. */
export function ruleOf(path: string): Rule {
  const name = path.startsWith(servicePath) ? path.slice(servicePath.length) : '';
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule === undefined) throw new Refusal(status.permissionDenied, 'hosts may not call this');
  return rule;
}

/** Throws Refusal. */
export function admit(path: string, bytes: Uint8Array, caller: Caller, context: RuleContext): Passed {
  const rule = ruleOf(path);
  try {
    return rule(bytes, caller, context);
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(status.invalidArgument, 'the message cannot be read');
  }
}

/** Null: there was nothing to do, and the poll ended. */
export function readTask(bytes: Uint8Array): Task | null {
  const task = workflowservice.PollActivityTaskQueueResponse.decode(bytes);
  return task.taskToken.length === 0 ? null : task;
}

/** A task as its host gets it. */
export function handOver(task: Task, caller: Caller, { keys }: RuleContext): Uint8Array {
  task.taskToken = wrapToken(keys, caller, task.taskToken);
  return workflowservice.PollActivityTaskQueueResponse.encode(task).finish();
}

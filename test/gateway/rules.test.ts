/** What a host may say to Temporal: the list, and what is left of a request that passes. */
import proto from '@temporalio/proto';
import fc from 'fast-check';
import { admit, allowedMethods, handOver, readTask, ruleOf, servicePath } from '../../gateway/grpc/rules.js';
import { Refusal, status } from '../../gateway/grpc/status.js';
import { unwrapToken, wrapToken } from '../../gateway/grpc/task-token.js';
import { allMethods } from './all-methods.js';

const { v1 } = proto.temporal.api.workflowservice;
const kinds = proto.temporal.api.enums.v1.TaskQueueKind;
const context = { namespace: 'prod', keys: [{ id: 1, key: Buffer.alloc(32, 7) }] };
const h1 = { host: 'h1', generation: 2 };
const h2 = { host: 'h2', generation: 1 };

const workflowId = 'deploy/dpl_1';
const taskOf = (token: Uint8Array): { workflowId: string; token: Uint8Array } => ({ workflowId, token });

function codeOf(work: () => unknown): number | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

const poll = (taskQueue: object | null): Uint8Array => v1.PollActivityTaskQueueRequest.encode({ namespace: 'other', identity: 'somebody', taskQueue }).finish();

test('T-H4, T-H5: of every method that Temporal has, only those of the list pass', () => {
  const passed = allMethods.filter((path) => codeOf(() => ruleOf(path)) === null);
  expect(allMethods.length).toBeGreaterThan(130);
  expect(passed.map((path) => path.slice(servicePath.length)).sort()).toEqual([...allowedMethods].sort());
  expect(allowedMethods).toHaveLength(8);
});

test.each([
  '', '/', 'PollActivityTaskQueue', servicePath, `${servicePath}pollActivityTaskQueue`, `${servicePath}PollActivityTaskQueue/`, `${servicePath}/PollActivityTaskQueue`, `${servicePath}%50ollActivityTaskQueue`,
  `${servicePath}PollActivityTaskQueue?x`, `${servicePath}constructor`, `${servicePath}__proto__`, `${servicePath}toString`, `/x${servicePath}PollActivityTaskQueue`, '/grpc.health.v1.Health/Check',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', `${servicePath}RespondActivityTaskCompletedById`, `${servicePath}RecordWorkerHeartbeat`, '/temporal.server.api.adminservice.v1.AdminService/DescribeHost',
])('the path "%s" is refused', (path) => {
  expect(codeOf(() => ruleOf(path))).toBe(status.permissionDenied);
});

const normal = kinds.TASK_QUEUE_KIND_NORMAL;
test.each<[string, object | null]>([
  ['of another host', { name: 'host-h2', kind: normal }], ['of the control plane', { name: 'control', kind: normal }], ['a partition of another', { name: '/_sys/host-h2/1', kind: normal }],
  ['a partition of its own', { name: '/_sys/host-h1/1', kind: normal }], ['sticky', { name: 'host-h1', kind: kinds.TASK_QUEUE_KIND_STICKY }], ['sticky to another', { name: 'host-h1', kind: kinds.TASK_QUEUE_KIND_STICKY, normalName: 'host-h2' }],
  ['normal, with a name behind', { name: 'host-h1', kind: normal, normalName: 'host-h2' }], ['without a kind', { name: 'host-h1' }], ['of an unknown kind', { name: 'host-h1', kind: 77 }], ['without a name', { name: '', kind: normal }], ['none', null],
  ['in upper case', { name: 'HOST-H1', kind: normal }], ['with a blank', { name: 'host-h1 ', kind: normal }], ['with a zero', { name: 'host-h1\u0000', kind: normal }], ['that looks alike', { name: 'host-h\u0131', kind: normal }], ['of its bare name', { name: 'h1', kind: normal }],
])('T-H1: a poll of a queue %s is refused', (_, queue) => {
  expect(codeOf(() => admit(`${servicePath}PollActivityTaskQueue`, poll(queue), h1, context))).toBe(status.permissionDenied);
});

test('a poll of the own queue passes as a new message: namespace and identity are ours, everything else is gone', () => {
  const asked = v1.PollActivityTaskQueueRequest.encode({
    namespace: 'temporal-system', identity: 'admin', taskQueue: { name: 'host-h1', kind: normal }, taskQueueMetadata: { maxTasksPerSecond: { value: 0 } },
    workerVersionCapabilities: { buildId: 'x', useVersioning: true }, deploymentOptions: { deploymentName: 'd', buildId: 'b' },
  }).finish();
  const unknown = Buffer.from([0xf2, 0x3f, 0x03, 1, 2, 3]);
  const passed = admit(`${servicePath}PollActivityTaskQueue`, Buffer.concat([asked, unknown]), h1, context);
  expect(passed).toMatchObject({ kind: 'poll', method: 'PollActivityTaskQueue' });
  if (passed.kind !== 'poll') throw new Error('not a poll');
  expect(v1.PollActivityTaskQueueRequest.toObject(v1.PollActivityTaskQueueRequest.decode(passed.bytes))).toEqual({ namespace: 'prod', identity: 'host/h1', taskQueue: { name: 'host-h1', kind: normal } });
  expect(Buffer.from(passed.bytes).includes(unknown)).toBe(false);
});

const answers = {
  RecordActivityTaskHeartbeat: v1.RecordActivityTaskHeartbeatRequest, RespondActivityTaskCompleted: v1.RespondActivityTaskCompletedRequest,
  RespondActivityTaskFailed: v1.RespondActivityTaskFailedRequest, RespondActivityTaskCanceled: v1.RespondActivityTaskCanceledRequest,
};

test.each(Object.entries(answers))('%s needs a token of this host, and goes on with Temporal\'s own', (method, type) => {
  const token = Buffer.from('the token of Temporal');
  const ask = (taskToken: Uint8Array, caller = h1) => admit(`${servicePath}${method}`, type.encode({ taskToken, namespace: 'x', identity: 'y' }).finish(), caller, context);
  const passed = ask(wrapToken(context.keys, h1, taskOf(token)));
  if (passed.kind !== 'answer') throw new Error('not an answer');
  expect(passed.workflowId).toBe(workflowId);
  expect(type.toObject(type.decode(passed.encode()))).toMatchObject({ namespace: 'prod', identity: 'host/h1', taskToken: token });
  for (const wrong of [token, wrapToken(context.keys, h2, taskOf(token)), wrapToken(context.keys, { ...h1, generation: 1 }, taskOf(token)), Buffer.alloc(0)]) expect(codeOf(() => ask(wrong))).toBe(status.permissionDenied);
  expect(codeOf(() => ask(wrapToken(context.keys, h1, taskOf(token)), h2))).toBe(status.permissionDenied);
});

test('results, failures and details of a host arrive as they were sent', () => {
  const payloads = { payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"ok":true}') }] };
  const taskToken = wrapToken(context.keys, h1, taskOf(Buffer.from('t')));
  const failure = { message: 'no', cause: { message: 'below', applicationFailureInfo: { type: 'timeout', nonRetryable: true, details: payloads } } };
  const passed = admit(`${servicePath}RespondActivityTaskFailed`, v1.RespondActivityTaskFailedRequest.encode({ taskToken, failure, lastHeartbeatDetails: payloads }).finish(), h1, context);
  if (passed.kind !== 'answer') throw new Error('not an answer');
  expect(v1.RespondActivityTaskFailedRequest.toObject(v1.RespondActivityTaskFailedRequest.decode(passed.encode()))).toMatchObject({ failure, lastHeartbeatDetails: payloads });
});

test('what needs no Temporal is answered from a constant, whatever is asked', () => {
  for (const method of ['GetSystemInfo', 'DescribeNamespace', 'ShutdownWorker']) {
    expect(admit(`${servicePath}${method}`, v1.DescribeNamespaceRequest.encode({ namespace: 'other', id: 'x' }).finish(), h1, context)).toMatchObject({ kind: 'constant' });
  }
  const described = admit(`${servicePath}DescribeNamespace`, Buffer.alloc(0), h1, context);
  if (described.kind !== 'constant') throw new Error('not a constant');
  expect(v1.DescribeNamespaceResponse.decode(described.bytes).namespaceInfo?.name).toBe('prod');
});

test('a task is handed over with a token that only its host can use', () => {
  const task = readTask(v1.PollActivityTaskQueueResponse.encode({ taskToken: Buffer.from('t'), activityId: 'a1', attempt: 2, workflowExecution: { workflowId, runId: 'r' }, input: { payloads: [{ data: Buffer.from('1') }] } }).finish());
  if (task === null) throw new Error('no task');
  const given = v1.PollActivityTaskQueueResponse.decode(handOver(task, h1, context));
  expect(given).toMatchObject({ activityId: 'a1', attempt: 2 });
  expect(unwrapToken(context.keys, h1, given.taskToken)).toEqual(taskOf(Buffer.from('t')));
  expect(unwrapToken(context.keys, h2, given.taskToken)).toBeNull();
  expect(readTask(v1.PollActivityTaskQueueResponse.encode({}).finish())).toBeNull();
});

test('any bytes at all are a refusal or a message of ours, never a fault', () => {
  fc.assert(fc.property(fc.constantFrom(...allowedMethods), fc.uint8Array({ maxLength: 400 }), (method, bytes) => {
    const code = codeOf(() => admit(`${servicePath}${method}`, bytes, h1, context));
    expect(code === null || code === status.permissionDenied || code === status.invalidArgument).toBe(true);
  }), { numRuns: 3_000 });
});

test('a failure nested without end is a refusal', () => {
  // A cause in a cause in a cause: two or three bytes a level.
  let bytes = Buffer.alloc(0);
  for (let level = 0; level < 60_000; level += 1) {
    const length: number[] = [];
    for (let rest = bytes.length; ; rest >>>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    if (bytes.length > 100_000) break;
    bytes = Buffer.concat([Buffer.of(0x22), Buffer.from(length), bytes]);
  }
  const request = Buffer.concat([v1.RespondActivityTaskFailedRequest.encode({ taskToken: wrapToken(context.keys, h1, taskOf(Buffer.from('t'))) }).finish(), Buffer.of(0x12), varint(bytes.length), bytes]);
  expect([status.invalidArgument, null]).toContain(codeOf(() => admit(`${servicePath}RespondActivityTaskFailed`, request, h1, context)));
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest <= 127) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}

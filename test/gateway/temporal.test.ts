/** The gateway in front of a real Temporal: what a host can do there, what it cannot, and that without the gateway it could. */
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { NativeConnection, Worker } from '@temporalio/worker';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemActor } from '../../control/actor.js';
import { revokeNode } from '../../control/identity/index.js';
import { allowedMethods, servicePath } from '../../gateway/grpc/rules.js';
import { status } from '../../gateway/grpc/status.js';
import type { Identity } from '../../host-worker/identity/identity.js';
import { hostQueue } from '../../spec/words.js';
import { startTemporal, type Temporal } from '../workflows/temporal.js';
import { allMethods } from './all-methods.js';
import { GrpcLine, useDoor } from './door.js';

const { v1 } = proto.temporal.api.workflowservice;
const normal = proto.temporal.api.enums.v1.TaskQueueKind.TASK_QUEUE_KIND_NORMAL;

let temporal: Temporal;
const context = useDoor(async () => {
  temporal = await startTemporal();
  return { temporalAddress: temporal.env.address };
});

const lines: GrpcLine[] = [];
afterEach(() => { for (const line of lines.splice(0)) line.close(); });
const lineOf = (identity: Identity | null): GrpcLine => {
  const line = new GrpcLine(context.door.url, identity, context.door.authorities.root);
  lines.push(line);
  return line;
};
/** Straight to Temporal, past the gateway. */
const direct = (): GrpcLine => {
  const line = new GrpcLine(`http://${temporal.env.address}`, null);
  lines.push(line);
  return line;
};

const pollOf = (queue: string) => v1.PollActivityTaskQueueRequest.encode({ namespace: 'default', identity: 'somebody', taskQueue: { name: queue, kind: normal } }).finish();
const poll = (line: GrpcLine, queue: string) => line.call(`${servicePath}PollActivityTaskQueue`, pollOf(queue), { headers: { 'grpc-timeout': '15S' } });

let count = 0;
const started: { handle: WorkflowHandle; result: Promise<unknown> }[] = [];
/** An activity of a workflow is due on the host's queue; `result` is what the workflow ends with. */
async function due(host: string): Promise<{ result: Promise<unknown> }> {
  count += 1;
  const handle = await temporal.env.client.workflow.start('one', { taskQueue: 'gateway-tests', workflowId: `one-${String(count)}-${randomBytes(4).toString('hex')}`, args: [hostQueue(host)] });
  const result = handle.result().catch((error: unknown) => error);
  started.push({ handle, result });
  return { result };
}

let stopWorkflows: () => Promise<void>;
beforeAll(async () => {
  const worker = await Worker.create({ connection: temporal.env.nativeConnection, taskQueue: 'gateway-tests', workflowsPath: fileURLToPath(new URL('one-activity.ts', import.meta.url)) });
  const running = worker.run();
  stopWorkflows = async () => { worker.shutdown(); await running; };
}, 60_000);
afterAll(async () => {
  // Nothing may ask a server that is gone.
  for (const { handle } of started) await handle.terminate().catch(() => undefined);
  await Promise.all(started.map(({ result }) => result));
  await stopWorkflows();
  await temporal.stop();
}, 60_000);

async function taskOf(line: GrpcLine, host: string): Promise<{ taskToken: Uint8Array }> {
  const answer = await poll(line, hostQueue(host));
  expect([answer.status, answer.message]).toEqual([0, '']);
  const task = v1.PollActivityTaskQueueResponse.decode(answer.bytes);
  expect(task.taskToken.length).toBeGreaterThan(0);
  return task;
}

const encoding = { encoding: Buffer.from('json/plain') };
const completed = (taskToken: Uint8Array, value: string) => v1.RespondActivityTaskCompletedRequest.encode({ taskToken, namespace: 'default', result: { payloads: [{ metadata: encoding, data: Buffer.from(JSON.stringify(value)) }] } }).finish();
const complete = (line: GrpcLine, taskToken: Uint8Array, value: string) => line.call(`${servicePath}RespondActivityTaskCompleted`, completed(taskToken, value));

it('carries a whole activity: the worker of a host polls, heartbeats and answers through it', async () => {
  const identity = await context.door.enrollHost('whole');
  const connection = await NativeConnection.connect({
    address: new URL(context.door.url).host, tls: { serverRootCACertificate: Buffer.from(identity.ca), clientCertPair: { crt: Buffer.from(identity.certificate), key: Buffer.from(identity.key) } }, grpcCompression: { codec: 'none' },
  });
  const worker = await Worker.create({
    connection, namespace: 'anything', taskQueue: hostQueue('whole'),
    activities: { work: (what: string) => (what === 'fail' ? Promise.reject(ApplicationFailure.nonRetryable('as asked', 'timeout', { why: 'a detail' })) : Promise.resolve(`done: ${what}`)) },
  });
  const running = worker.run();
  const { workflow } = temporal.env.client;
  const run = (what: string) => workflow.execute('one', { taskQueue: 'gateway-tests', workflowId: `whole-${what}`, args: [hostQueue('whole'), what] });
  expect(await run('it')).toBe('done: it');
  await expect(run('fail')).rejects.toMatchObject({ cause: { cause: { message: 'as asked', type: 'timeout', details: [{ why: 'a detail' }] } } });
  expect(await Promise.all(Array.from({ length: 40 }, (_, index) => run(`n${String(index)}`)))).toHaveLength(40);
  worker.shutdown();
  await running;
  await connection.close();
}, 60_000);

it('T-H1: gives a host the tasks of its own queue, and no others; straight at Temporal anybody takes them', async () => {
  const h1 = lineOf(await context.door.enrollHost('t1-a'));
  await due('t1-b');
  for (const queue of [hostQueue('t1-b'), 'control', 'gateway-tests', '/_sys/host-t1-b/1', '', 'HOST-T1-A', 'host-t1-a ']) {
    expect([queue, (await poll(h1, queue)).status]).toEqual([queue, status.permissionDenied]);
  }
  expect((await poll(direct(), hostQueue('t1-b'))).status).toBe(0);
});

it('T-H2: a token is good for the host that it was given to: stolen, by hand, or without its wrapping it is refused; straight at Temporal it is taken', async () => {
  const [h1, h2] = [lineOf(await context.door.enrollHost('t2-a')), lineOf(await context.door.enrollHost('t2-b'))];
  const { result } = await due('t2-b');
  const { taskToken } = await taskOf(h2, 't2-b');
  const bare = taskToken.subarray(34);
  for (const token of [taskToken, bare, randomBytes(120)]) {
    for (const method of ['RespondActivityTaskCompleted', 'RespondActivityTaskFailed', 'RespondActivityTaskCanceled', 'RecordActivityTaskHeartbeat']) {
      expect([method, (await h1.call(`${servicePath}${method}`, completed(token, 'stolen'))).status]).toEqual([method, status.permissionDenied]);
    }
  }
  const byId = v1.RespondActivityTaskCompletedByIdRequest.encode({ namespace: 'default', workflowId: 'x', activityId: '1' }).finish();
  expect((await h1.call(`${servicePath}RespondActivityTaskCompletedById`, byId)).status).toBe(status.permissionDenied);
  expect((await complete(h2, taskToken, 'mine')).status).toBe(0);
  expect(await result).toBe('mine');

  const other = await due('t2-b');
  const wrapped = Buffer.from((await taskOf(h2, 't2-b')).taskToken);
  // Behind version, key id and MAC: the workflow's id with its length, then Temporal's own.
  const stolen = wrapped.subarray(36 + wrapped.readUInt16BE(34));
  expect((await complete(direct(), stolen, 'stolen')).status).toBe(0);
  expect(await other.result).toBe('stolen');
});

it('T-H4, T-H5: every other method of Temporal is refused and has no effect; straight at Temporal it has', async () => {
  const h1 = lineOf(await context.door.enrollHost('t4'));
  for (const path of allMethods) {
    if (allowedMethods.some((name) => path === `${servicePath}${name}`)) continue;
    expect([path, (await h1.call(path, Buffer.alloc(0))).status]).toEqual([path, status.permissionDenied]);
  }
  const start = v1.StartWorkflowExecutionRequest.encode({ namespace: 'default', workflowId: 'started-by-a-host', requestId: 'r1', workflowType: { name: 'one' }, taskQueue: { name: 'nobody', kind: normal } }).finish();
  const list = v1.ListWorkflowExecutionsRequest.encode({ namespace: 'default' }).finish();
  for (const [method, message] of [['StartWorkflowExecution', start], ['ListWorkflowExecutions', list], ['ListNamespaces', Buffer.alloc(0)]] as const) {
    expect([method, (await h1.call(`${servicePath}${method}`, message)).status]).toEqual([method, status.permissionDenied]);
    if (method === 'StartWorkflowExecution') await expect(temporal.env.client.workflow.getHandle('started-by-a-host').describe()).rejects.toThrow();
    expect([method, (await direct().call(`${servicePath}${method}`, message)).status]).toEqual([method, 0]);
  }
});

it('nobody without a certificate of an enrolled host gets anything', async () => {
  const identity = await context.door.enrollHost('t0');
  const bare = lineOf(null);
  for (const method of allowedMethods) expect((await bare.call(`${servicePath}${method}`, Buffer.alloc(0))).status).toBe(status.unauthenticated);
  expect((await lineOf(identity).call(`${servicePath}GetSystemInfo`, Buffer.alloc(0))).status).toBe(0);
});

it('T-H11: compressed, oversized and broken messages are refused with a status', async () => {
  const h1 = lineOf(await context.door.enrollHost('t11'));
  const path = `${servicePath}RespondActivityTaskCompleted`;
  const zipped = gzipSync(completed(randomBytes(40), 'x'));
  const head = (flag: number, length: number): Buffer => { const bytes = Buffer.alloc(5); bytes[0] = flag; bytes.writeUInt32BE(length, 1); return bytes; };
  expect((await h1.call(path, zipped, { headers: { 'grpc-encoding': 'gzip' } })).status).toBe(status.unimplemented);
  expect((await h1.call(path, zipped, { raw: Buffer.concat([head(1, zipped.length), zipped]) })).status).toBe(status.unimplemented);
  expect((await h1.call(path, zipped, { raw: Buffer.concat([head(0, 3 << 20), Buffer.alloc(3 << 20)]) })).status).toBe(status.invalidArgument);
  expect((await h1.call(path, zipped, { raw: Buffer.of(0, 0, 0) })).status).toBe(status.invalidArgument);
  expect((await h1.call(path, Buffer.from([0x0a, 0xff, 0xff]))).status).toBe(status.invalidArgument);
  expect((await h1.call(`${servicePath}GetSystemInfo`, Buffer.alloc(0))).status).toBe(0);
});

it('T-H11: a flood of one host is refused, and another host is served meanwhile', async () => {
  const [flooding, quiet] = [await context.door.enrollHost('flood'), await context.door.enrollHost('quiet')];
  const calm = lineOf(quiet);
  const many = Array.from({ length: 60 }, () => lineOf(flooding));
  let calls = 0;
  const end = Date.now() + 2_000;
  const flood = Promise.all(many.map(async (line) => { while (Date.now() < end && !line.session.destroyed) { await line.call(`${servicePath}DescribeNamespace`, randomBytes(500)); calls += 1; } }));
  const { result } = await due('quiet');
  const started = Date.now();
  const { taskToken } = await taskOf(calm, 'quiet');
  expect((await complete(calm, taskToken, 'in time')).status).toBe(0);
  expect(await result).toBe('in time');
  expect(Date.now() - started).toBeLessThan(10_000);
  await flood;
  expect(calls).toBeGreaterThan(100);
  expect(many.filter(({ session }) => session.destroyed).length).toBeGreaterThanOrEqual(60 - 48);
}, 40_000);

it('T-H9: a revocation cuts an open poll within five seconds, and its tokens are worth nothing', async () => {
  const identity = await context.door.enrollHost('cut');
  const line = lineOf(identity);
  await due('cut');
  const { taskToken } = await taskOf(line, 'cut');
  const open = poll(line, hostQueue('cut'));
  await sleep(300);
  const { id } = await context.door.db.node.findUniqueOrThrow({ where: { name: 'cut' } });
  const revoked = performance.now();
  await revokeNode(context.door.db, systemActor, id);
  await line.closed;
  expect((await open).status).not.toBe(0);
  expect(performance.now() - revoked).toBeLessThan(5_000);
  expect((await complete(lineOf(identity), taskToken, 'late')).status).toBe(status.unauthenticated);
  // The name comes back with another key: what the old one was handed is not the new one's either.
  const fresh = lineOf(await context.door.enrollHost('cut'));
  expect((await complete(fresh, taskToken, 'inherited')).status).toBe(status.permissionDenied);
}, 30_000);

it('a poll whose host has gone is taken back: the next poll gets the task', async () => {
  const identity = await context.door.enrollHost('gone');
  const before = lineOf(identity);
  void poll(before, hostQueue('gone'));
  await sleep(500);
  before.close();
  await sleep(500);
  const { result } = await due('gone');
  const line = lineOf(identity);
  const { taskToken } = await taskOf(line, 'gone');
  expect((await complete(line, taskToken, 'to the living')).status).toBe(0);
  expect(await result).toBe('to the living');
}, 30_000);

it('what was denied is in the audit, once for a host and a method', async () => {
  await context.door.audited();
  const rows = await context.door.db.auditEntry.findMany({ where: { action: 'host.call', result: 'refused' } });
  const keys = rows.map(({ actor_name: name, target }) => `${name} ${target}`);
  expect(keys).toContain(`host t4 ${servicePath}StartWorkflowExecution`);
  expect(keys).toContain(`host t1-a ${servicePath}PollActivityTaskQueue`);
  expect(new Set(keys).size).toBe(keys.length);
});

it('and nothing of this was a fault of the gateway', () => {
  expect(context.door.errors).toEqual([]);
});

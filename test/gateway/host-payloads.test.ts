/** A host gets its task in clear and nothing else, and what it answers is sealed before it is anywhere. */
import proto from '@temporalio/proto';
import { hostPayloads } from '../../gateway/grpc/host-payloads.js';
import type { Answer, PassedAnswer } from '../../gateway/grpc/rules.js';
import { openPayload, sealPayload, type Payload, type PayloadKeys } from '../../control/payloads/index.js';

const { v1 } = proto.temporal.api.workflowservice;
const key = { id: '0123456789abcdef', key: Buffer.alloc(32, 3) };
const keys: PayloadKeys = { current: key, known: new Map([[key.id, key]]) };
const place = { namespace: 'prod', workflowId: 'deploy/dpl_1' };
const codec = hostPayloads(keys, place.namespace);
const text = (value: unknown): Payload => ({ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) });
const read = ({ data }: Payload): unknown => JSON.parse(Buffer.from(data ?? []).toString('utf8')) as unknown;
const opened = (payload: Payload | null | undefined): unknown => read(openPayload(keys, place, payload ?? {}));
const passed = (method: string, message: Answer): PassedAnswer => ({ kind: 'answer', method, workflowId: place.workflowId, message, encode: () => new Uint8Array() });

test('a task comes to its host opened: input and the details of the heartbeat before', async () => {
  const task = v1.PollActivityTaskQueueResponse.create({ input: { payloads: [sealPayload(keys, place, text('in'))] }, heartbeatDetails: { payloads: [sealPayload(keys, place, text('half'))] } });
  await codec.toHost(place.workflowId, task);
  expect([task.input?.payloads?.map(read), task.heartbeatDetails?.payloads?.map(read)]).toEqual([['in'], ['half']]);
});

test('a task with a payload of another workflow, or one that nobody sealed, is not handed over', async () => {
  for (const payload of [sealPayload(keys, { ...place, workflowId: 'deploy/dpl_2' }, text('x')), text('x')]) {
    await expect(codec.toHost(place.workflowId, v1.PollActivityTaskQueueResponse.create({ input: { payloads: [payload] } }))).rejects.toThrow(/payload in Temporal/);
  }
});

test.each([
  ['RecordActivityTaskHeartbeat', () => v1.RecordActivityTaskHeartbeatRequest.create({ details: { payloads: [text('said')] } }), 'details'],
  ['RespondActivityTaskCompleted', () => v1.RespondActivityTaskCompletedRequest.create({ result: { payloads: [text('said')] } }), 'result'],
  ['RespondActivityTaskCanceled', () => v1.RespondActivityTaskCanceledRequest.create({ details: { payloads: [text('said')] } }), 'details'],
] as const)('what %s carries is sealed', async (method, make, field) => {
  const message = make();
  await codec.fromHost(passed(method, message));
  const payloads = (message as unknown as Record<string, { payloads?: Payload[] } | undefined>)[field]?.payloads ?? [];
  expect(payloads.map(opened)).toEqual(['said']);
  expect(JSON.stringify(message)).not.toContain(Buffer.from('"said"').toString('base64'));
});

test('of a failure only its kind stays readable: messages, stacks and details of it and of its causes are sealed', async () => {
  const message = v1.RespondActivityTaskFailedRequest.create({
    failure: { message: 'outer canary', stackTrace: 'at canary', applicationFailureInfo: { type: 'timeout', details: { payloads: [text('canary')] } }, cause: { message: 'inner canary', applicationFailureInfo: { type: 'x' } } },
    lastHeartbeatDetails: { payloads: [text('canary')] },
  });
  await codec.fromHost(passed('RespondActivityTaskFailed', message));
  const { failure } = message;
  expect([failure?.message, failure?.stackTrace, failure?.cause?.message, failure?.applicationFailureInfo?.type]).toEqual(['Encoded failure', '', 'Encoded failure', 'timeout']);
  expect([opened(failure?.encodedAttributes), opened(failure?.cause?.encodedAttributes)]).toEqual([{ message: 'outer canary', stack_trace: 'at canary' }, { message: 'inner canary', stack_trace: '' }]);
  expect(Buffer.from(v1.RespondActivityTaskFailedRequest.encode(message).finish()).includes('canary')).toBe(false);
});

test('an answer of a kind that nobody knows goes nowhere', async () => {
  await expect(codec.fromHost(passed('RespondActivityTaskSomehow', v1.RespondActivityTaskCompletedRequest.create({})))).rejects.toThrow(/nobody knows/);
});

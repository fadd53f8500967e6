/**
 * Between a host and history: what a task brings is opened for the host that it is handed to, and what the host answers is
 * sealed. Hosts hold no key of history; there is nothing on them to steal.
 */
import { visit, walkPollActivityTaskQueueResponse, walkRecordActivityTaskHeartbeatRequest, walkRespondActivityTaskCanceledRequest, walkRespondActivityTaskCompletedRequest, walkRespondActivityTaskFailedRequest } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { temporal } from '@temporalio/proto';
import { openPayload, sealPayload, type Payload, type PayloadKeys } from '../../control/payloads/index.js';
import type { Answer, PayloadCodec } from './rules.js';

type Failure = temporal.api.failure.v1.IFailure;
type Walk = (root: Answer, env: Parameters<typeof walkRespondActivityTaskFailedRequest>[1], context: unknown) => Promise<unknown>[];

const walks: Readonly<Record<string, Walk>> = {
  RecordActivityTaskHeartbeat: walkRecordActivityTaskHeartbeatRequest, RespondActivityTaskCompleted: walkRespondActivityTaskCompletedRequest,
  RespondActivityTaskFailed: walkRespondActivityTaskFailedRequest, RespondActivityTaskCanceled: walkRespondActivityTaskCanceledRequest,
};
/** Causes of causes of a failure; more is nothing that a worker of ours sends. */
const causesMax = 32;

export function hostPayloads(keys: PayloadKeys, namespace: string): PayloadCodec {
  const by = (change: (payload: Payload) => Payload) => ({
    transformPayload: async (payload: Payload) => change(payload), transformPayloads: async (payloads: Payload[]) => payloads.map(change), skipHeaders: true, skipSearchAttributes: true,
  });
  return {
    async toHost(workflowId, task) {
      await keys.fresh?.();
      await visit(task, walkPollActivityTaskQueueResponse, by((payload) => openPayload(keys, { namespace, workflowId }, payload)));
    },
    async fromHost({ method, workflowId, message }) {
      const walk = walks[method];
      if (walk === undefined) throw new Error(`nobody knows what payloads ${method} has`);
      await keys.fresh?.();
      if ('failure' in message) hideMessages(message.failure);
      await visit(message, walk, by((payload) => sealPayload(keys, { namespace, workflowId }, payload)));
    },
  };
}

/** As Temporal's converter does it: message and stack become a payload, which is sealed with the others. Causes beyond the limit are dropped. */
function hideMessages(outermost: Failure | null | undefined): void {
  let failure = outermost;
  for (let depth = 0; failure !== null && failure !== undefined; depth += 1, failure = failure.cause) {
    const text = JSON.stringify({ message: failure.message ?? '', stack_trace: failure.stackTrace ?? '' });
    failure.encodedAttributes = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(text) };
    failure.message = 'Encoded failure';
    failure.stackTrace = '';
    if (depth >= causesMax) failure.cause = null;
  }
}

/**
 * The codec server of Temporal Web and of the temporal command (`--codec-endpoint …/api/temporal/codec`): what history holds
 * sealed, readable for administrators. Only reading: nothing is sealed for anybody here.
 */
import { z } from 'zod';
import { decodePayloads, type Payload } from '../../control/payloads/index.js';
import { MaestroError } from '../../spec/errors.js';
import { jsonBody } from '../http/body.js';
import { route } from '../route.js';
import { named } from '../schemas/common.js';

/** A page of history; Temporal itself takes 4 MiB in one message. */
const bodyBytesMax = 12 << 20;
const payloadsMax = 2_000;
const workflowsNoted = 20;

const payload = named('TemporalPayload', z.object({ metadata: z.record(z.string(), z.base64()).optional(), data: z.base64().optional() }));
const payloads = named('TemporalPayloads', z.object({ payloads: z.array(payload).max(payloadsMax) }));

const bytesOf = ({ metadata = {}, data = '' }: z.infer<typeof payload>): Payload =>
  ({ metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])), data: Buffer.from(data, 'base64') });

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const textOf = ({ metadata, data }: Payload): z.infer<typeof payload> =>
  ({ metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, text(value)])), data: text(data ?? new Uint8Array()) });

export const temporalCodecRoutes = [
  route({
    method: 'post', path: '/api/temporal/codec/decode', operationId: 'decodePayloads', tag: 'rollouts', summary: 'Opens payloads of Temporal\'s history, as Temporal Web asks for it', right: 'history.decode',
    audit: { action: 'history.decode', by: 'router' }, temporalWeb: true, errors: ['payload_too_large'], body: jsonBody(payloads, { limitBytes: bodyBytesMax }), response: payloads,
    handler: async ({ context: { fileKeys, settings }, body, request }) => {
      const { temporalNamespace: namespace } = settings;
      if (request.namespace !== null && request.namespace !== namespace) {
        throw new MaestroError('not_found', `Nothing of the namespace ${request.namespace.slice(0, 100)} is sealed here`, { fix: `Use this codec server for ${namespace} alone.` });
      }
      await fileKeys.payload.fresh();
      const { payloads: opened, workflows, refused } = decodePayloads(fileKeys.payload, namespace, body.payloads.map(bytesOf));
      request.note({ payloads: opened.length, refused, workflows: workflows.slice(0, workflowsNoted), ...(workflows.length > workflowsNoted ? { further_workflows: workflows.length - workflowsNoted } : {}) });
      return { payloads: opened.map(textOf) };
    },
  }),
];

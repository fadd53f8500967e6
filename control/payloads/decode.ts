/**
 * What is in payloads of history, for a person who looks at it in Temporal Web. Temporal Web does not say which workflow a
 * payload stands in, so that each names the one it was sealed for, and opens for that one only. One that was moved to another
 * workflow is shown as what it is: nothing that works is told by this, and workers refuse it.
 */
import { MaestroError } from '../../spec/errors.js';
import type { PayloadKeys } from './payload-keys.js';
import { claimedWorkflow, isSealed, openPayload, type Payload } from './sealed-payload.js';

export interface Decoded { payloads: Payload[]; /** Of what was opened. */ workflows: string[]; refused: number }

/** As many as were asked for, in their order. What is not sealed stays as it is; what does not open says so in its place. */
export function decodePayloads(keys: PayloadKeys, namespace: string, payloads: readonly Payload[]): Decoded {
  const workflows = new Set<string>();
  let refused = 0;
  const decoded = payloads.map((payload): Payload => {
    if (!isSealed(payload)) return payload;
    const workflowId = claimedWorkflow(payload);
    try {
      const opened = openPayload(keys, { namespace, workflowId }, payload);
      if (workflowId !== '') workflows.add(workflowId);
      return opened;
    } catch (error) {
      if (!(error instanceof MaestroError)) throw error;
      refused += 1;
      return told(workflowId === '' ? 'It does not name its workflow: it is of an older Maestro' : error.message);
    }
  });
  return { payloads: decoded, workflows: [...workflows], refused };
}

const told = (why: string): Payload => ({ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify({ not_shown: why })) });

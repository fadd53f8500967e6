/**
 * What every client and worker of ours talks to Temporal with: all that workflows and activities take, give and fail with
 * is sealed in history. Messages and stacks of failures are among it, which Temporal's own converter would leave readable.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PayloadKeys } from './payload-keys.js';
import { openPayload, sealPayload, type Payload, type PayloadPlace } from './sealed-payload.js';

/** As Temporal's SDK has it: the workflow, or an activity with the workflow that it is part of. */
interface Context { namespace: string; workflowId?: string }

export interface PayloadCodec {
  encode(payloads: Payload[], context?: Context): Promise<Payload[]>;
  decode(payloads: Payload[], context?: Context): Promise<Payload[]>;
}

/** Loaded by its path by whoever converts, inside of workflows too. */
export const failureConverterPath = (): string => ['dist/failure-converter.cjs', 'workflows/failure-converter.cjs'].map((path) => resolve(path)).find((path) => existsSync(path)) ?? 'failure-converter.cjs';

const placeOf = (context: Context | undefined): PayloadPlace => ({ namespace: context?.namespace ?? '', workflowId: context?.workflowId ?? '' });

export function payloadCodec(keys: PayloadKeys): PayloadCodec {
  return {
    async encode(payloads, context) {
      await keys.fresh?.();
      return payloads.map((payload) => sealPayload(keys, placeOf(context), payload));
    },
    async decode(payloads, context) {
      await keys.fresh?.();
      return payloads.map((payload) => openPayload(keys, placeOf(context), payload));
    },
  };
}

export const dataConverter = (keys: PayloadKeys): { payloadCodecs: PayloadCodec[]; failureConverterPath: string } => ({ payloadCodecs: [payloadCodec(keys)], failureConverterPath: failureConverterPath() });

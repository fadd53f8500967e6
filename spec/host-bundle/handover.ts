/** One key of releases hands over to the next: what the old one signs, so that hosts that trust it trust the other in its place. */
import { z } from 'zod';
import { trustedKey } from './shapes.js';

/** Another type than that of releases, so that neither can be taken for the other. */
export const handoverType = 'application/vnd.maestro.host-release-key+json';

export const handover = z.strictObject({ format: z.literal(1), successor: trustedKey });
export type Handover = z.infer<typeof handover>;

export const handoverEnvelope = z.strictObject({
  payloadType: z.literal(handoverType),
  payload: z.base64().max(2_000),
  signatures: z.array(z.strictObject({ keyid: z.string().regex(/^[0-9a-f]{16}$/), sig: z.base64().max(200) })).length(1),
});
export type HandoverEnvelope = z.infer<typeof handoverEnvelope>;

export const handoversMax = 50;
/** As the control plane answers it: the oldest first. */
export const handovers = z.strictObject({ handovers: z.array(handoverEnvelope).max(handoversMax) });

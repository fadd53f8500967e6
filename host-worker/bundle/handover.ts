/** Following the keys of releases from the one that this host trusts to the one that signs now. */
import { verify } from 'node:crypto';
import { handover, handovers, handoversMax, handoverType, type HandoverEnvelope } from '../../spec/host-bundle/handover.js';
import { signedText, type TrustedKey } from '../../spec/host-bundle/shapes.js';
import { keyId, publicKeyOf } from './release.js';

/** null: it is not a handover that `key` has signed. */
function successorOf({ payload, signatures: [signature] }: HandoverEnvelope, key: TrustedKey): TrustedKey | null {
  if (signature?.keyid !== key.id) return null;
  if (!verify(null, Buffer.from(signedText(payload, handoverType)), publicKeyOf(key), Buffer.from(signature.sig, 'base64'))) return null;
  const { successor } = handover.parse(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')));
  return successor.id === keyId(successor.public_key) ? successor : null;
}

/** The keys that take the place of `keys`; those that nothing is said of stay, and so does all when the text cannot be read. */
export function followHandovers(text: string, keys: readonly TrustedKey[], nowMs: number): TrustedKey[] {
  let now = [...keys];
  try {
    const { handovers: all } = handovers.parse(JSON.parse(text));
    for (let step = 0; step < handoversMax; step += 1) {
      const next = now.map((key) => (expired(key, nowMs) ? key : (all.map((one) => successorOf(one, key)).find((successor) => successor !== null) ?? key)));
      if (next.every((key, index) => key.id === now[index]?.id)) break;
      now = [...new Map(next.map((key) => [key.id, key])).values()];
    }
  } catch {
    return [...keys];
  }
  return now;
}

const expired = ({ expires_at: at }: TrustedKey, nowMs: number): boolean => at !== null && Date.parse(at) <= nowMs;

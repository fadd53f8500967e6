/**
 * Temporal's task tokens as hosts hold them: bound to the host and its generation, so that one is of no use to anybody
 * else, and not to the host itself once it is revoked or replaced.
 *
 *   0x01 ‖ key id ‖ HMAC-SHA256(key, "maestro-task-v1" ‖ len(host) ‖ host ‖ generation ‖ token) ‖ token
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface TokenKey { /** 1 to 255. */ id: number; key: Uint8Array }
export interface Caller { host: string; generation: number }

const version = 1;
const macBytes = 32;
const headBytes = 2 + macBytes;
const label = Buffer.from('maestro-task-v1');

function macOf({ key }: TokenKey, { host, generation }: Caller, token: Uint8Array): Buffer {
  const name = Buffer.from(host);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(name.length);
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(generation));
  return createHmac('sha256', key).update(label).update(length).update(name).update(count).update(token).digest();
}

/** Under the first of `keys`. */
export function wrapToken(keys: readonly TokenKey[], caller: Caller, token: Uint8Array): Uint8Array {
  const [key] = keys;
  if (key === undefined) throw new Error('there is no key for task tokens');
  return Buffer.concat([Buffer.of(version, key.id), macOf(key, caller, token), token]);
}

/** The token as Temporal gave it, or null when it was not given to this caller. Takes the same time wherever it differs. */
export function unwrapToken(keys: readonly TokenKey[], caller: Caller, wrapped: Uint8Array): Uint8Array | null {
  if (wrapped.length <= headBytes || wrapped[0] !== version) return null;
  const key = keys.find(({ id }) => id === wrapped[1]);
  if (key === undefined) return null;
  const token = wrapped.subarray(headBytes);
  return timingSafeEqual(macOf(key, caller, token), wrapped.subarray(2, headBytes)) ? token : null;
}

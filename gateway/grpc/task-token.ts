/**
 * Temporal's task tokens as hosts hold them: bound to the host and its generation, so that one is of no use to anybody
 * else, and not to the host itself once it is revoked or replaced.
 *
 *   0x01 ‖ key id ‖ HMAC-SHA256(key, "maestro-task-v1" ‖ len(host) ‖ host ‖ generation ‖ task) ‖ task
 *   task = len(workflow id) ‖ workflow id ‖ token: what the answer is sealed for is known without asking
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface TokenKey { /** 1 to 255. */ id: number; key: Uint8Array }
export interface Caller { host: string; generation: number }
export interface HostTask { workflowId: string; token: Uint8Array }

const version = 1;
const macBytes = 32;
const headBytes = 2 + macBytes;
const lengthBytes = 2;
const label = Buffer.from('maestro-task-v1');

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt16BE(bytes.length);
  return length;
}

function macOf({ key }: TokenKey, { host, generation }: Caller, task: Uint8Array): Buffer {
  const name = Buffer.from(host);
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(generation));
  return createHmac('sha256', key).update(label).update(lengthOf(name)).update(name).update(count).update(task).digest();
}

/** Under the first of `keys`. */
export function wrapToken(keys: readonly TokenKey[], caller: Caller, { workflowId, token }: HostTask): Uint8Array {
  const [key] = keys;
  if (key === undefined) throw new Error('there is no key for task tokens');
  const id = Buffer.from(workflowId);
  const task = Buffer.concat([lengthOf(id), id, token]);
  return Buffer.concat([Buffer.of(version, key.id), macOf(key, caller, task), task]);
}

/** The token as Temporal gave it, and whose task it is; or null when it was not given to this caller. Takes the same time wherever it differs. */
export function unwrapToken(keys: readonly TokenKey[], caller: Caller, wrapped: Uint8Array): HostTask | null {
  if (wrapped.length <= headBytes || wrapped[0] !== version) return null;
  const key = keys.find(({ id }) => id === wrapped[1]);
  if (key === undefined) return null;
  const task = Buffer.from(wrapped.subarray(headBytes));
  if (!timingSafeEqual(macOf(key, caller, task), wrapped.subarray(2, headBytes))) return null;
  const end = lengthBytes + task.readUInt16BE(0);
  return { workflowId: task.subarray(lengthBytes, end).toString('utf8'), token: task.subarray(end) };
}

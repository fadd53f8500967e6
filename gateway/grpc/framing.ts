/** One gRPC message on the wire: a flag, a length, the bytes. All calls of hosts are unary. */
import { Refusal, status } from './status.js';

const prefixBytes = 5;
export const messageBytesMax = 2 << 20;

export function frame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Puts chunks together; refuses what is compressed or too large as soon as that can be told. */
export class FrameReader {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private checked = false;

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    if (this.bytes > prefixBytes + messageBytesMax) throw tooLarge();
    if (this.checked || this.bytes < prefixBytes) return;
    const prefix = Buffer.concat(this.chunks).subarray(0, prefixBytes);
    if (prefix[0] !== 0) throw new Refusal(status.unimplemented, 'compressed messages are not accepted');
    if (prefix.readUInt32BE(1) > messageBytesMax) throw tooLarge();
    this.checked = true;
  }

  /** The message, when it is exactly one. */
  end(): Buffer {
    const all = Buffer.concat(this.chunks);
    if (all.length < prefixBytes || all.readUInt32BE(1) !== all.length - prefixBytes) throw new Refusal(status.invalidArgument, 'the message is not whole');
    return all.subarray(prefixBytes);
  }
}

// Not "resource exhausted": the same message would be sent again and again.
const tooLarge = (): Refusal => new Refusal(status.invalidArgument, `the message is larger than ${String(messageBytesMax)} bytes`);

const units: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** Of the header `grpc-timeout`, within what a long poll takes. */
export function timeoutMsOf(header: string | undefined, longestMs = 90_000): number {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(header ?? '') ?? [];
  if (digits === undefined || unit === undefined) return longestMs;
  return Math.min(longestMs, Math.max(1, Math.ceil(Number(digits) * (units[unit] ?? 1))));
}

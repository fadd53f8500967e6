/** A refusal as gRPC knows it. `message` is for the host's log: it never says anything of other hosts. */
export const status = {
  cancelled: 1, invalidArgument: 3, deadlineExceeded: 4, permissionDenied: 7, resourceExhausted: 8, unimplemented: 12, internal: 13, unavailable: 14, unauthenticated: 16,
} as const;

/** For a header: what is not printable ASCII is percent-encoded, byte by byte. */
export const headerText = (message: string): string =>
  [...Buffer.from(message).subarray(0, 500)].map((byte) => (byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');

export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(readonly code: number, message: string) { super(message); }
}

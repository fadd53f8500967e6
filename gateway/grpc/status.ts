/** A refusal as gRPC knows it. `message` is for the host's log: it never says anything of other hosts. */
export const status = {
  cancelled: 1, invalidArgument: 3, deadlineExceeded: 4, permissionDenied: 7, resourceExhausted: 8, unimplemented: 12, internal: 13, unavailable: 14, unauthenticated: 16,
} as const;

export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(readonly code: number, message: string) { super(message); }
}

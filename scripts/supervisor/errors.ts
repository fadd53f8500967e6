/** A failure the operator can mend: what happened, where, and how to put it right. Shown without a stack. */
export class StartError extends Error {
  constructor(
    readonly what: string,
    readonly fix: string,
    readonly where?: string,
  ) {
    super([what, where ? `Where: ${where}` : '', `Fix: ${fix}`].filter(Boolean).join('\n  '));
    this.name = 'StartError';
  }
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

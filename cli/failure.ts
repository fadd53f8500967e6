/** What the command line ends with when it does not do what was asked. */
import { isErrorCode, MaestroError, type ErrorCode } from '../spec/errors.js';

export const exitCodes = { done: 0, failed: 1, usage: 2, auth: 4, conflict: 5, timeout: 124, detached: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const codes: Partial<Record<ErrorCode, ExitCode>> = { validation_error: exitCodes.usage, auth_error: exitCodes.auth, permission_denied: exitCodes.auth, conflict: exitCodes.conflict, timeout: exitCodes.timeout };
export const exitCodeOf = ({ code }: MaestroError): ExitCode => codes[code] ?? exitCodes.failed;

export const wrongUsage = (message: string, fix: string): MaestroError => new MaestroError('validation_error', message, { fix });

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What the API answered, in its own words; anything else (a proxy's page) by its status. */
export function problemOf(status: number, body: unknown): MaestroError {
  const { code, message, suggested_fix: fix } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (isErrorCode(code)) return new MaestroError(code, text(message), { fix: text(fix) });
  return new MaestroError('unavailable', `The answer (${String(status)}) is not one of Maestro`, { fix: 'Check the address in --url or MAESTRO_URL.' });
}

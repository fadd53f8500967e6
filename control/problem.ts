/**
 * Every refusal as problem+json (RFC 9457). What is not one of ours becomes one here: a body that cannot be read,
 * a database out of reach, and at last `internal`, which says nothing of the inside.
 */
import { isDatabaseUnreachable } from './unreachable.js';
import { errorCodes, MaestroError, type Diagnostic, type ErrorCode } from '../spec/errors.js';

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  message: string;
  errors: Diagnostic[];
  suggested_fix: string;
  details: Record<string, unknown>;
  request_id: string;
}

/** What a log line has of an error; `internal` ones are ours to mend. */
export interface Refusal { problem: Problem; retryAfterSeconds: number | null; unexpected: boolean }

const member = (value: unknown, key: string): unknown => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined);

const bodyErrors: Record<string, (error: object) => MaestroError> = {
  'entity.too.large': (error) => tooLarge(Number(member(error, 'limit'))),
  'encoding.unsupported': () => new MaestroError('unsupported_media_type', 'A compressed request body (Content-Encoding) is not understood', { fix: 'Send the body without Content-Encoding.' }),
  'entity.parse.failed': () => new MaestroError('validation_error', 'The body is not valid JSON', { fix: 'Send valid JSON.' }),
  'request.size.invalid': () => new MaestroError('validation_error', 'The body is not as long as Content-Length says', { fix: 'Send the request again.' }),
  'request.aborted': () => new MaestroError('validation_error', 'The request ended before its body was complete', { fix: 'Send the request again.' }),
};

const size = (bytes: number): string => (bytes >= 1 << 20 ? `${bytes / (1 << 20)} MiB` : `${Math.ceil(bytes / 1024)} KiB`);

export function tooLarge(limitBytes: number, what = 'The body'): MaestroError {
  return new MaestroError('payload_too_large', `${what} is larger than ${size(limitBytes)}`, {
    fix: `Send at most ${size(limitBytes)}; large files belong in a .tar.gz bundle (32 MiB) or in an image.`,
    details: { limit_bytes: limitBytes },
  });
}

/** An error of ours for anything thrown; null when it is a fault inside Maestro. */
function known(error: unknown): MaestroError | null {
  if (error instanceof MaestroError) return error;
  if (isDatabaseUnreachable(error)) {
    return new MaestroError('unavailable', 'The database cannot be reached', { fix: 'Wait for the database to come back, then send the request again; GET /readyz says what is missing.', details: { part: 'database' }, cause: error });
  }
  const type = member(error, 'type');
  if (typeof error === 'object' && error !== null && typeof type === 'string') return bodyErrors[type]?.(error) ?? null;
  if (member(error, 'name') === 'URIError') return new MaestroError('validation_error', 'The URL has a percent-encoding that cannot be read', { fix: 'Encode the URL with encodeURIComponent.' });
  return null;
}

const internal = (cause: unknown): MaestroError =>
  new MaestroError('internal', 'Something went wrong inside Maestro', { fix: 'Try again; if it stays, look for this request_id in the log.', cause });

const retrySeconds: Partial<Record<ErrorCode, number>> = { unavailable: 5, host_offline: 15 };

export function refusalOf(error: unknown, requestId: string): Refusal {
  const ours = known(error);
  const { code, message, fix, details, errors } = ours ?? internal(error);
  const { status, title } = errorCodes[code];
  const wanted = details['retry_after_seconds'];
  return {
    problem: { type: `/docs/errors/${code}`, title, status, detail: message, code, message, errors, suggested_fix: fix, details, request_id: requestId },
    retryAfterSeconds: typeof wanted === 'number' ? wanted : retrySeconds[code] ?? null,
    unexpected: ours === null || code === 'internal',
  };
}

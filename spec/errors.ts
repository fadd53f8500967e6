/**
 * One error class, one table of codes. A code is stable: clients, docs and tests match on it,
 * never on a message.
 */
export const errorCodes = {
  validation_error: { status: 422, title: 'The document or request is not valid' },
  auth_error: { status: 401, title: 'Not signed in' },
  permission_denied: { status: 403, title: 'Permission denied' },
  fetch_failed: { status: 502, title: 'A source could not be fetched' },
  build_failed: { status: 502, title: 'A build step failed' },
  dependency_missing: { status: 424, title: 'Something the host needs is missing' },
  config_error: { status: 422, title: 'The configuration cannot be used' },
  runtime_error: { status: 502, title: 'The component did not start' },
  healthcheck_failed: { status: 502, title: 'The health check did not turn green' },
  test_failed: { status: 502, title: 'A test failed' },
  timeout: { status: 504, title: 'It took too long' },
  conflict: { status: 409, title: 'In conflict with what is there' },
  plan_stale: { status: 409, title: 'The world moved since the plan was made' },
  plan_used: { status: 409, title: 'The plan was already applied' },
  plan_expired: { status: 409, title: 'The plan has expired' },
  host_offline: { status: 503, title: 'The host cannot be reached' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not understood' },
  unavailable: { status: 503, title: 'A part of the control plane is not ready' },
  rate_limited: { status: 429, title: 'Too many requests' },
  unsupported_feature: { status: 422, title: 'Not supported yet' },
  internal: { status: 500, title: 'Something went wrong inside Maestro' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorCodes;
export const isErrorCode = (value: unknown): value is ErrorCode => typeof value === 'string' && Object.hasOwn(errorCodes, value);

/** One finding in a document: where it is (dotted path, 1-based line and column) and how to mend it. */
export interface Diagnostic {
  code: ErrorCode;
  path: string;
  line: number;
  column: number;
  message: string;
  suggested_fix: string;
}

export interface MaestroErrorOptions {
  /** The next thing a person can do; always one imperative sentence. */
  fix?: string;
  /** Small structured facts (host, component, exit code, stderr_tail…). Never a secret. */
  details?: Record<string, unknown>;
  errors?: Diagnostic[];
  cause?: unknown;
}

/** The only error that crosses a room's border. `message` is for users; `cause` is for logs. */
export class MaestroError extends Error {
  override readonly name = 'MaestroError';
  readonly fix: string;
  readonly details: Record<string, unknown>;
  readonly errors: Diagnostic[];

  constructor(readonly code: ErrorCode, message: string, options: MaestroErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.fix = options.fix ?? '';
    this.details = options.details ?? {};
    this.errors = options.errors ?? [];
  }
}

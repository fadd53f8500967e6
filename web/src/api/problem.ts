/** What went wrong, in the one shape every page can show: code, message, fix. */
import * as z from 'zod/mini';
import { isErrorCode, type Diagnostic, type ErrorCode } from '../../../spec/errors.js';
import { problemWords } from './problem-words.js';

/** `unreachable` is the browser's own: no answer came at all. */
export type ProblemCode = ErrorCode | 'unreachable';

interface ProblemFacts {
  code: ProblemCode;
  message: string;
  fix?: string;
  status?: number;
  errors?: Diagnostic[];
  details?: Record<string, unknown>;
  requestId?: string | null;
}

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly fix: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly errors: Diagnostic[];
  readonly details: Record<string, unknown>;
  readonly requestId: string | null;

  constructor(facts: ProblemFacts) {
    super(facts.message);
    this.code = facts.code;
    this.fix = facts.fix ?? '';
    this.status = facts.status ?? 0;
    this.errors = facts.errors ?? [];
    this.details = facts.details ?? {};
    this.requestId = facts.requestId ?? null;
  }
}

const code = z.pipe(z.unknown(), z.transform((value): ErrorCode => (isErrorCode(value) ? value : 'internal')));
const diagnostic = z.object({
  code,
  path: z.catch(z.string(), ''),
  line: z.catch(z.number(), 1),
  column: z.catch(z.number(), 1),
  message: z.string(),
  suggested_fix: z.catch(z.string(), ''),
});
const document = z.object({
  code,
  message: z.catch(z.string(), ''),
  detail: z.catch(z.string(), ''),
  suggested_fix: z.catch(z.string(), ''),
  errors: z.catch(z.array(diagnostic), []),
  details: z.catch(z.record(z.string(), z.unknown()), {}),
  request_id: z.catch(z.nullable(z.string()), null),
});

/** Reads a problem document; anything else (a proxy's page, an empty body) becomes a problem of the same shape. */
export function readProblem(status: number, body: unknown): Problem {
  const parsed = document.safeParse(body);
  if (!parsed.success) {
    const away = status === 502 || status === 503 || status === 504;
    return new Problem({ status, code: away ? 'unavailable' : 'internal', ...(away ? problemWords.away : problemWords.strange(status)) });
  }
  const { message, detail, suggested_fix, request_id, ...rest } = parsed.data;
  return new Problem({ ...rest, status, message: message || detail || problemWords.strange(status).message, fix: suggested_fix, requestId: request_id });
}

/** What `fetch` itself threw: no network, or nobody answered in time. */
export function fetchProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const timedOut = error instanceof DOMException && error.name === 'TimeoutError';
  return new Problem(timedOut ? { code: 'timeout', ...problemWords.timeout } : { code: 'unreachable', ...problemWords.unreachable });
}

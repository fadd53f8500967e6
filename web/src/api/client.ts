/**
 * The one way to the API: same origin, cookie, a deadline on every call, every failure a `Problem`.
 */
import createClient from 'openapi-fetch';
import type { paths } from './paths.js';
import { fetchProblem, readProblem } from './problem.js';
import { noteServerTime } from './server-time.js';

const defaultTimeoutMs = 30_000;
/** A diff asks every host, and is bounded by the server at 60 s. */
export const diffTimeoutMs = 90_000;

export const client = createClient<paths>({
  baseUrl: '',
  credentials: 'same-origin',
  fetch: async (request) => {
    const response = await fetch(request);
    noteServerTime(response.headers.get('date'));
    return response;
  },
});

/** Ends a call that nobody answers, or that its page no longer wants. */
export function deadline(signal?: AbortSignal, timeoutMs = defaultTimeoutMs): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

type Answer<Data> = { data: Data; error?: never; response: Response } | { data?: never; error: unknown; response: Response };

/** The answer's data, or a thrown `Problem`. */
export async function unwrap<Data>(pending: Promise<Answer<Data>>): Promise<Data> {
  const answer = await pending.catch((error: unknown) => { throw fetchProblem(error); });
  if (!answer.response.ok) throw readProblem(answer.response.status, answer.error);
  return answer.data as Data;
}

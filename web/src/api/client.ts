/**
 * The one way to the API: same origin, cookie, a deadline on every call, every failure a `Problem`.
 */
import createClient from 'openapi-fetch';
import type { paths } from './schema.js';
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

interface Answer<Data> { data?: Data; error?: unknown; response: Response }

/** Done, or a thrown `Problem`. For answers without content. */
export async function succeed<Data>(pending: Promise<Answer<Data>>): Promise<Data | undefined> {
  const { data, error, response } = await pending.catch((thrown: unknown) => { throw fetchProblem(thrown); });
  if (!response.ok) throw readProblem(response.status, error);
  return data;
}

/** The answer's data, or a thrown `Problem`. */
export async function unwrap<Data>(pending: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  const data = await succeed(pending);
  if (data === undefined || data === null) throw readProblem(200, null);
  return data;
}

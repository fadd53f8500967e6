/**
 * A row of the API's table. The same row mounts the endpoint, checks its right, names its audit entry and describes it
 * in OpenAPI, so that they cannot disagree.
 */
import type { z } from 'zod';
import type { Actor } from '../control/actor.js';
import type { Diagnostic, ErrorCode } from '../spec/errors.js';
import type { Right } from '../spec/words.js';
import type { ApiContext } from './context.js';
import type { BodyReader } from './http/body.js';
import { invalid, parsePart } from './http/parse.js';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export const isMutation = (method: Method): boolean => method !== 'get';

/** `public`: nobody has to be signed in; `session`: whoever is signed in; else the named right. */
export type RouteRight = Right | 'public' | 'session';

/**
 * `by: 'control'`: the service writes the entry in the transaction of the change itself. `by: 'nobody'`: a POST that only
 * asks; there, as everywhere, refusals are still recorded under the verb.
 */
export interface AuditVerb { action: string; by: 'control' | 'router' | 'nobody' }

/** Made piece by piece; ends early when the reader goes away. `bytes`: the length, where it is known before. */
export class Streamed {
  constructor(readonly mediaType: string, readonly chunks: AsyncIterable<string | Uint8Array>, readonly bytes?: number) {}
}

/** What a handler may know of the request besides its parsed parts. */
export interface RequestFacts {
  requestId: string;
  remoteAddress: string;
  secure: boolean;
  sessionToken: string | null;
  userAgent: string;
  ifMatch: string | null;
  /** X-Namespace, by which Temporal's tools say whose payloads they send. */
  namespace: string | null;
  /** The same in every repetition of a request under its Idempotency-Key; `repeatable`: it has one. */
  mark: string;
  repeatable: boolean;
  /** The body of a route that streams it. */
  bytes: AsyncIterable<Uint8Array>;
  setCookie(cookie: string): void;
  setStatus(status: number): void;
  /** Adds to the audit entry that the router writes. */
  note(details: Record<string, unknown>): void;
}

export interface Call<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  /** Who asks; `anonymous` where nobody has to be signed in. */
  actor: Actor;
  context: ApiContext;
  request: RequestFacts;
}

interface RowFacts {
  method: Method;
  /** OpenAPI form: `/api/deploys/{id}`. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  right: RouteRight;
  /**
   * How the row keeps to the scope of somebody who is narrowed, where no id in its path does: `query`, its handler asks within it; `any`, nothing in it is
   * of a deploy or a host. Without it, and without such an id, they are refused.
   */
  narrowed?: 'query' | 'any';
  /** Keys are refused: only a person with a session may. */
  peopleOnly?: boolean;
  /** Required for mutations. */
  audit?: AuditVerb;
  /** Codes this route answers besides those that any may. */
  errors?: readonly ErrorCode[];
  /** Takes `Idempotency-Key`. */
  idempotent?: boolean;
  /** Takes `If-Match` with the latest version known to the client. */
  ifMatch?: boolean;
  /** Pages of Temporal Web may ask it as well as our own, with the cookie of who is signed in here. */
  temporalWeb?: boolean;
  /** Guesses are counted: sign-in and first set-up. */
  limited?: boolean;
  status?: 200 | 201 | 202 | 204;
  /** Media types of a streamed or textual answer, when it is not JSON. */
  produces?: readonly string[];
  /** Further JSON statuses with their own meaning (readyz: 503). */
  alsoAnswers?: Readonly<Record<number, string>>;
}

export interface RouteRow<P extends z.ZodType, Q extends z.ZodType, B, R extends z.ZodType> extends RowFacts {
  params?: P;
  query?: Q;
  body?: BodyReader<B>;
  /** null: no content. */
  response: R | null;
  handler(call: Call<z.infer<P>, z.infer<Q>, B>): Promise<z.input<R> | Streamed>;
}

export interface RawParts { params: unknown; query: unknown; mediaType: string | null; bytes: Buffer }
export type CallFacts = Omit<Call<never, never, never>, 'params' | 'query' | 'body'>;

/** A row with its types inside: what the router and the OpenAPI document work with. */
export interface Route extends RowFacts {
  params: z.ZodType | null;
  query: z.ZodType | null;
  body: BodyReader<unknown> | null;
  response: z.ZodType | null;
  /** Parses the parts (all findings at once), then runs the handler. */
  answer(parts: RawParts, facts: CallFacts): Promise<unknown>;
}

function findings(...parts: { errors: Diagnostic[] }[]): void {
  const errors = parts.flatMap((part) => part.errors);
  if (errors.length > 0) throw invalid(errors);
}

/** Who stands in the audit for a request that named nobody. */
export const anonymous: Actor = { kind: 'system', id: 'anonymous', name: 'anonymous', rights: [] };

const absent = { value: {}, errors: [] };

export function route<P extends z.ZodType, Q extends z.ZodType, B, R extends z.ZodType>(row: RouteRow<P, Q, B, R>): Route {
  const { params: paramsSchema = null, query: querySchema = null, body: reader = null, response, handler, ...facts } = row;
  return {
    ...facts,
    params: paramsSchema,
    query: querySchema,
    body: reader,
    response,
    async answer(parts, rest) {
      const params = paramsSchema === null ? absent : parsePart('path', paramsSchema, parts.params);
      const query = querySchema === null ? absent : parsePart('query', querySchema, parts.query);
      findings(params, query);
      const body = reader === null ? undefined : await reader.read(parts.mediaType, parts.bytes);
      // The three are absent exactly when the row declares none, and then their type is empty too.
      return handler({ ...rest, params: params.value, query: query.value, body } as Call<z.infer<P>, z.infer<Q>, B>);
    },
  };
}
